"""Git over SSH, by the ``ssh`` executable: only to hosts whose key is known, and with one key or the user's own.

No configuration of ssh's is read, so nothing that is run by one. ssh_config(5).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.broker import Broker
from ocibroker.bundle.git_way import Way
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.source import GitSource
from ocibroker.bundle.ssh_address import SSHAddress
from ocibroker.errors import ConfigurationError, CredentialWithheld
from ocibroker.folders import home
from ocibroker.program import find_program
from ocibroker.ssh_key import SSHKey
from ocibroker.target import Target
from ocibroker.writing import write_private

_USUAL_KEYS: Final = ("id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa")
_EVERYBODYS: Final = Path("/etc/ssh/ssh_known_hosts")

_NO_AGENT: Final = "none"
_NO_KEY: Final = Path("none")
"""What ssh takes for "not even the usual ones"."""

_OPTIONS: Final = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
    "PreferredAuthentications=publickey",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ControlMaster=no",
    "ControlPath=none",
    "LogLevel=ERROR",
)
"""Never a question, never a host that is not known, and nothing but a key."""


@dataclass(frozen=True, slots=True)
class _Means:
    """The files of private keys, the agent's socket, and files of known hosts."""

    keys: tuple[Path, ...]
    known_hosts: tuple[Path, ...]
    agent: str = _NO_AGENT


def ssh_way(source: GitSource, reading: Reading, private: Path) -> Way:
    """Return how git reaches the repository of ``source``; ``private`` is a folder for what only files can tell.

    The key is the rule's, else that of ``source``, else one of the user's own. Raises
    :class:`~ocibroker.errors.OcibrokerError`, also where no host key is known at all.
    """
    environ = reading.broker.environ
    place = SSHAddress.parse(source.url)
    program = find_program("ssh", environ)
    if program is None:
        raise ConfigurationError("is not installed", culprit="ssh", hint="install openssh-client, or set PATH")
    means = _means(source, place.target, reading, private)
    if not means.known_hosts:
        hint = f"add its key to ~/.ssh/known_hosts once you have compared it: ssh-keyscan {place.target.host}"
        raise ConfigurationError("no host key is known", culprit=str(source), hint=hint)
    known = bool(means.keys) or means.agent != _NO_AGENT
    return Way(
        url=place.url,
        protocol="ssh",
        environ={"GIT_SSH_COMMAND": shlex.join(_command(program, means)), "GIT_SSH_VARIANT": "ssh"},
        withheld=None if known else lambda: _withheld(source, place.target),
    )


def _means(source: GitSource, target: Target, reading: Reading, private: Path) -> _Means:
    broker = reading.broker
    if (key := broker.ssh_key(target, deadline=reading.deadline.left(), caller=reading.caller)) is not None:
        return _given(key, broker, private)
    if source.ssh_key is not None:
        beside = _there([source.ssh_key.parent / "known_hosts"])
        return _Means((_readable(source.ssh_key),), beside or _known_hosts(broker))
    own = home(broker.environ) / ".ssh"
    return _Means(
        _there(own / name for name in _USUAL_KEYS),
        _known_hosts(broker),
        broker.environ.get("SSH_AUTH_SOCK") or _NO_AGENT,
    )


def _given(key: SSHKey, broker: Broker, private: Path) -> _Means:
    text = key.private_key.reveal()
    file = _written(private / "key", (text if text.endswith("\n") else f"{text}\n").encode())
    hosts = (_written(private / "known_hosts", key.known_hosts),) if key.known_hosts else _known_hosts(broker)
    return _Means((file,), hosts)


def _known_hosts(broker: Broker) -> tuple[Path, ...]:
    return _there([home(broker.environ) / ".ssh" / "known_hosts", _EVERYBODYS])


def _there(files: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(one for one in files if one.is_file())


def _readable(key: Path) -> Path:
    if not os.access(key, os.R_OK):
        raise ConfigurationError("cannot be read", culprit=str(key), hint="correct the path or the mode")
    return key


def _written(file: Path, content: bytes) -> Path:
    write_private(file, content)
    return file


def _command(program: Path, means: _Means) -> Iterator[str]:
    yield from (str(program), "-F", os.devnull)
    options = (
        f"UserKnownHostsFile={' '.join(map(_quoted, means.known_hosts))}",
        f"GlobalKnownHostsFile={os.devnull}",
        f"IdentityAgent={_quoted(means.agent)}",
        f"IdentitiesOnly={'yes' if means.agent == _NO_AGENT else 'no'}",
    )
    for option in (*_OPTIONS, *options, *(f"IdentityFile={_quoted(key)}" for key in means.keys or (_NO_KEY,))):
        yield from ("-o", option)


def _quoted(path: Path | str) -> str:
    text = str(path).replace("%", "%%")  # what ssh replaces by a host's or a user's name
    return f'"{text}"'


def _withheld(source: GitSource, target: Target) -> CredentialWithheld:
    why = "withheld: the host asks for a key, and no rule gives one, nor is there an agent or a key of your own"
    hint = f"add a [[registry]] rule that matches {target}, or sshkey=/path/to/file"
    return CredentialWithheld(why, culprit=str(source), hint=hint)
