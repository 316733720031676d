"""What there is to tell the tools, read from the configuration and from the certificates that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ocibroker.clock import SystemClock
from ocibroker.config import Config
from ocibroker.errors import UsageError
from ocibroker.host import shown
from ocibroker.pattern import Pattern
from ocibroker.scratch import Scratch
from ocibroker.setup.settings import ClientPair, Host, Settings, Trust
from ocibroker.target import Target
from ocibroker.tls import Places, TLSPolicies, TLSPolicy

_BLOCK: Final = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]+)-----.*?-----END (?P=label)-----\n?", re.ASCII | re.DOTALL
)


def read_settings(
    config: Config, environ: Mapping[str, str], *, named: Iterable[str] = (), file: Path | None = None, system: bool
) -> Settings:
    """Return what ``config`` says of hosts that are spelt out, and of those that are ``named`` beside it.

    Raises :class:`~ocibroker.errors.ConfigurationError` for a certificate that cannot be used.
    """
    extra = tuple(map(_named, named))
    policies = TLSPolicies(
        config.tls, environ=environ, monotonic=SystemClock().monotonic, scratch=Scratch(), places=Places()
    )
    hosts, notes = [], []
    for name in _names(config, extra):
        policy = policies.policy(Target(name).origin)
        trust, said = _trust(policy)
        hosts.append(
            Host(name=name, asks=name in {*_whole(config), *extra}, paths=_paths(config, name), trust=trust)
        )
        notes += [f"{name}: {one}" for one in said]
    return Settings(
        environ=environ,
        hosts=tuple(hosts),
        globs=tuple(rule.pattern.text for rule in config.rules if "*" in rule.pattern.host),
        config=config.path.absolute() if config.path else None,
        file=file,
        system=system,
        notes=tuple(notes),
    )


def _names(config: Config, extra: Iterable[str]) -> Iterator[str]:
    patterns = [*(rule.pattern for rule in config.rules), *(entry.pattern for entry in config.tls)]
    return iter(dict.fromkeys([*(_name(one) for one in patterns if "*" not in one.host), *extra]))


def _name(pattern: Pattern) -> str:
    return Target(pattern.host if pattern.port is None else f"{pattern.host}:{pattern.port}").registry


def _whole(config: Config) -> Iterator[str]:
    return (_name(rule.pattern) for rule in config.rules if "*" not in rule.pattern.host and not rule.pattern.path)


def _paths(config: Config, name: str) -> tuple[str, ...]:
    plain = (rule.pattern for rule in config.rules if "*" not in rule.pattern.host)
    return tuple(one.path for one in plain if one.path and _name(one) == name)


def _named(text: str) -> str:
    target = Target.parse(text if "://" in text else f"oci://{text}")
    if target.path:
        raise UsageError("names more than a host", culprit=f"--host {shown(text)}", hint="write host or host:port")
    return target.registry


def _trust(policy: TLSPolicy) -> tuple[Trust, list[str]]:
    material = policy.load()
    notes = [
        f"{key} is set, which no other tool is told" for key in ("insecure", "plain_http") if getattr(policy, key)
    ]
    client = None
    if policy.client_cert and policy.client_key:
        client = _client(policy.client_cert, policy.client_key)
        if client is None:
            notes.append("its client key is encrypted, which no tool can be told")
    return Trust(files=policy.ca, authorities=material.authorities, ca_only=policy.ca_only, client=client), notes


def _client(certificate: Path, key: Path) -> ClientPair | None:
    private = _blocks(key, "PRIVATE KEY")
    if "ENCRYPTED" in private:
        return None
    return ClientPair(certificate, key, _blocks(certificate, "CERTIFICATE"), private.encode())


def _blocks(path: Path, kind: str) -> str:
    """Return the PEM blocks of one kind: both may stand in one file."""
    found = (block for block in _BLOCK.finditer(path.read_text(errors="replace")) if block["label"].endswith(kind))
    return "".join(f"{block[0].strip()}\n" for block in found)
