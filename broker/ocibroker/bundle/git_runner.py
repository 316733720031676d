"""Running git so that nothing of the user's or the machine's configuration plays a part."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.bundle.git_answers import handed
from ocibroker.bundle.git_process import Command, Ended, run
from ocibroker.bundle.git_refusal import refusal
from ocibroker.bundle.git_way import Way
from ocibroker.bundle.reading import Reading
from ocibroker.errors import ConfigurationError, IntegrityError
from ocibroker.helper_protocol import NESTED
from ocibroker.program import find_program

NOWHERE: Final = Way(url="", protocol="")
"""The way of what needs no connection."""

_LONGEST: Final = 16 * 1024 * 1024
"""Bytes of a list of references."""
_AUTHTYPE: Final = (2, 46)
_VERSION: Final = re.compile(rb"git version (\d+)\.(\d+)")

_SETTINGS: Final = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", os.devnull),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("credential.helper", ""),  # the empty value takes back every other
    ("http.followRedirects", "false"),  # nor, then, what a server of the old protocol calls alternates
    ("fetch.recurseSubmodules", "false"),
    ("fetch.unpackLimit", "1"),  # one file that grows, and can be watched
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("init.defaultBranch", "main"),
    ("advice.detachedHead", "false"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """``repository`` is for git's own files, ``tree`` for those of a commit, ``home`` stays empty.

    ``culprit`` names the source.
    """

    program: Path
    repository: Path
    tree: Path
    home: Path
    reading: Reading
    culprit: str

    def ask(self, *argv: str, way: Way = NOWHERE) -> bytes:
        """Run git and return its output. Raises :class:`~ocibroker.errors.OcibrokerError`, also where git fails."""
        output = bytearray()

        def take(part: bytes) -> None:
            output.extend(part)
            if len(output) > _LONGEST:
                raise IntegrityError(f"makes git say more than {_LONGEST} bytes", culprit=self.culprit)

        ended = self.run(*argv, way=way, take=take)
        if ended.status:
            raise refusal(ended.said, ended.status, way, self.culprit)
        return bytes(output)

    def run(self, *argv: str, way: Way = NOWHERE, take: Callable[[bytes], None]) -> Ended:
        """Run git, hand its output to ``take``, and return how it ended, whatever that is.

        Raises :class:`~ocibroker.errors.OcibrokerError` for what ends it from outside, and past the limits.
        """
        with handed(way.answers) as secrets:
            settings = (*_SETTINGS, ("credential.helper", secrets.helper), *way.settings.items())
            command = Command(
                argv=(str(self.program), *_given(settings), *argv),
                environ={**self._environ(way), **way.environ},
                folder=self.home,
                inherited=secrets.inherited,
            )
            return run(command, take, lambda: self._check(way))

    def understood(self) -> frozenset[str]:
        """Return which capabilities of its credential helpers' protocol this git understands."""
        found = _VERSION.match(self.ask("version"))
        new = found is not None and (int(found[1]), int(found[2])) >= _AUTHTYPE
        return frozenset({"authtype"} if new else ())

    def _environ(self, way: Way) -> dict[str, str]:
        return {
            "PATH": self.reading.broker.environ.get("PATH", ""),
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "LC_ALL": "C",
            "GIT_DIR": str(self.repository),
            "GIT_WORK_TREE": str(self.tree),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": way.protocol,
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            NESTED: "1",
        }

    def _check(self, way: Way) -> None:
        self.reading.halt.check()
        most = self.reading.limits.fetched
        if way is not NOWHERE and _size(self.repository) > most:
            hint = "see what is there, or fetch fewer commits: depth=1"
            raise IntegrityError(f"is more than {most} bytes to fetch", culprit=self.culprit, hint=hint)


def git_program(reading: Reading) -> Path:
    """Return where git is. Raises :class:`~ocibroker.errors.ConfigurationError`."""
    found = find_program("git", reading.broker.environ)
    if found is None:
        raise ConfigurationError("is not installed", culprit="git", hint="install git, or set PATH")
    return found


def _given(settings: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for name, value in settings:
        yield from ("-c", f"{name}={value}")


def _size(folder: Path) -> int:
    """Return the bytes of all files below ``folder``, while they come and go."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total
