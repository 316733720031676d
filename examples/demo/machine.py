"""The user's machine as the demo plays it: a system store, a configuration and a password file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ocibroker.testing import Authority

USER = "alice"
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Machine:
    """A machine whose home is ``home``."""

    home: Path

    def install(self, registry: str, *, store: Authority, ca: Authority | None) -> Mapping[str, str]:
        """Configure access to ``registry``, a ``host:port``, and return the environment of the user's programs.

        ``store`` is what the machine's system store trusts, ``ca`` what the configuration adds to it.
        """
        config = self.home / ".config" / "ocibroker" / "config.toml"
        config.parent.mkdir(parents=True)
        config.touch(mode=0o600)
        config.write_text(_rule(registry) + (_trust(registry, ca.write(self.home)) if ca else ""))
        (self.home / "password").write_text(f"{PASSWORD}\n")
        roots = store.write(self.home / "system-store")
        own = {"HOME": str(self.home), "SSL_CERT_FILE": str(roots), "PATH": os.defpath}
        return {**own, "OCIBROKER_SOCKET": "off"}  # a sidecar of the real machine knows nothing of this one


def _rule(registry: str) -> str:
    return f"""
[[registry]]
match = "{registry}"
provider = "basic"
options = {{ username = "{USER}", password = {{ file = "~/password" }} }}
"""


def _trust(registry: str, ca: Path) -> str:
    return f"""
[[tls]]
match = "{registry}"
ca = ["{ca}"]
"""
