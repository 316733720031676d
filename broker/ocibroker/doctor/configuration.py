"""The configuration: can it be used, may others read what they should not, is all there that it names."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ocibroker.config import Config, check_config, find, load_config
from ocibroker.doctor.bench import Surroundings
from ocibroker.doctor.finding import Finding, failed, fine, skipped, warned
from ocibroker.doctor.references import references
from ocibroker.errors import OcibrokerError
from ocibroker.providers import lack_of_plugin, load
from ocibroker.reference import TextRef

FILE, NAMED, SECRETS, PLUGINS = (
    "configuration.file",
    "configuration.named-files",
    "configuration.secrets",
    "plugins",
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """``config`` is an empty one where the configuration cannot be used, and not ``complete`` then."""

    config: Config
    complete: bool
    findings: tuple[Finding, ...]


def read(surroundings: Surroundings) -> Loaded:
    """Return the configuration and what was found of it."""
    place = surroundings.config or find(surroundings.environ)
    try:
        config = load_config(place, surroundings.environ, plugins=surroundings.plugins)
    except OcibrokerError as error:
        # What a host, its registry and the machine's tools say can be learnt all the same.
        nothing = Config(None, (), (), load(given=surroundings.plugins))
        unread = skipped(NAMED, "what it names is not known")
        return Loaded(nothing, complete=False, findings=(failed(FILE, f"{place} cannot be used", error), unread))
    return Loaded(config, complete=True, findings=tuple(_findings(config, surroundings)))


def _findings(config: Config, surroundings: Surroundings) -> Iterator[Finding]:
    if config.path is None:
        yield fine(FILE, "there is no file, and none is needed")
    else:
        mode = config.path.stat().st_mode & 0o777
        counted = f"{len(config.rules)} [[registry]], {len(config.tls)} [[tls]]"
        yield fine(FILE, f"{config.path}, mode {mode:04o}: {counted}")
    yield _named(config, surroundings)
    yield _secrets(config)
    yield from _plugins(config)


def _named(config: Config, surroundings: Surroundings) -> Finding:
    try:
        check_config(config, surroundings.environ)
    except OcibrokerError as error:
        return failed(NAMED, "something that the configuration names cannot be used", error)
    return fine(NAMED, "certificates, keys and plugins that it names are there and fit together")


def _secrets(config: Config) -> Finding:
    """Look at who may read what is secret: literals in the configuration, and files of this user's."""
    open_files = [path for path in _secret_files(config) if _open_to_others(path)]
    if open_files:
        paths = " ".join(map(str, dict.fromkeys(open_files)))
        return warned(SECRETS, "others may read secrets", f"the mode of {paths}", f"chmod go-r {paths}")
    return fine(SECRETS, "no secret that it names may be read by every user of this machine")


def _secret_files(config: Config) -> Iterator[Path]:
    named = [*references(config.rules)]
    if config.path and any(one.literal and not isinstance(one, TextRef) for one in named):
        yield config.path
    yield from (one.file for one in named if one.file and not isinstance(one, TextRef))
    yield from (entry.policy.client_key for entry in config.tls if entry.policy.client_key)


def _open_to_others(path: Path) -> bool:
    """Whether every user may read a file of this user's own. Kubernetes mounts links, for one container."""
    try:
        found = path.lstat()
    except OSError:
        return False
    own = os.name == "posix" and found.st_uid == os.geteuid()
    return own and stat.S_ISREG(found.st_mode) and bool(found.st_mode & stat.S_IROTH)


def _plugins(config: Config) -> Iterator[Finding]:
    """Tell of each plugin that is broken, and of each that lacks what a rule needs."""
    broken = [failed(PLUGINS, "a plugin cannot be used", error) for error in config.providers.broken.values()]
    needed = dict.fromkeys(name for rule in config.rules for name in rule.needed)
    lacking = [
        warned(PLUGINS, f"plugin {name} cannot fetch", lack.cause, lack.cure)
        for name in needed
        if (lack := lack_of_plugin(name))
    ]
    found = [*broken, *lacking]
    yield from found or [fine(PLUGINS, f"loaded: {', '.join(sorted(config.providers.loaded))}")]
