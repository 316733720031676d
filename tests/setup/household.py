"""A home with a configuration, certificates, and the helpers' executables on the PATH."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import trustme

from tests.cli.desk import Desk, Outcome

EXECUTABLES = (
    "docker-credential-ocibroker",
    "git-credential-ocibroker",
    "bazel-credential-ocibroker",
    "ocibroker-credential-provider",
)
RULE = '[[registry]]\nmatch = "{match}"\nprovider = "anonymous"\n'


@dataclass(frozen=True)
class Household:
    desk: Desk

    @cached_property
    def root(self) -> trustme.CA:
        return trustme.CA(key_type=trustme.KeyType.ECDSA)

    @cached_property
    def ca(self) -> Path:
        return self.desk.write("root.pem", self.root.cert_pem.bytes().decode())

    @cached_property
    def client(self) -> Path:
        """A client's certificate and its key, in one file."""
        leaf = self.root.issue_cert("me@example.com", key_type=trustme.KeyType.ECDSA)
        return self.desk.write("me.pem", leaf.private_key_and_cert_chain_pem.bytes().decode())

    def configure(self, *matches: str, tls: str = "", more: str = "") -> None:
        """Write a rule for each of ``matches``; ``tls`` is the host that is trusted by our own authority."""
        rules = "".join(RULE.format(match=match) for match in matches)
        entry = f'[[tls]]\nmatch = "{tls}"\nca = ["{self.ca}"]\n' if tls else ""
        self.desk.configure(rules + entry + more)

    @property
    def mine(self) -> str:
        """The lines that give a TLS entry a client certificate."""
        return f'client_cert = "{self.client}"\nclient_key = "{self.client}"\n'

    @property
    def environ(self) -> Mapping[str, str]:
        return {"PATH": str(self.programs), "XDG_STATE_HOME": str(self.desk.home / "state")}

    @cached_property
    def programs(self) -> Path:
        folder = self.desk.home / "bin"
        folder.mkdir()
        for name in EXECUTABLES:
            (folder / name).touch(mode=0o755)
        return folder

    def setup(self, *argv: str, **environ: str) -> Outcome:
        return self.desk.run("setup", *argv, **{**self.environ, **environ})

    def apply(self, *argv: str, **environ: str) -> Outcome:
        outcome = self.setup(*argv, "--apply", **environ)
        assert outcome.code == 0, outcome.stderr
        return outcome

    def undo(self, *argv: str, **environ: str) -> Outcome:
        return self.setup(*argv, "--undo", **environ)

    @property
    def tree(self) -> dict[str, tuple[str, int, bytes]]:
        """What is in the home but for our own: kinds, modes, contents, and where links lead."""
        ours = {"state", "config/ocibroker", "bin"}
        found = {}
        for path in sorted(self.desk.home.rglob("*")):
            name = path.relative_to(self.desk.home).as_posix()
            if not any(name == one or name.startswith(f"{one}/") for one in ours):
                found[name] = _look(path)
        return found


def _look(path: Path) -> tuple[str, int, bytes]:
    if path.is_symlink():
        return "link", 0, os.fsencode(path.readlink())
    mode = stat.S_IMODE(path.stat().st_mode)
    return ("folder", mode, b"") if path.is_dir() else ("file", mode, path.read_bytes())
