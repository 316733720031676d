"""A registry as the library meets it: an address, a configuration, and what is in it."""

from dataclasses import dataclass
from pathlib import Path

import httpx

from ocibroker import Broker
from tests.e2e.account import Account
from tests.e2e.artifact import Artifact
from tests.e2e.stocked_registry import StockedRegistry

_TLS = """
[[tls]]
match = "{address}"
ca = ["{ca}"]
"""

_RULE = """
[[registry]]
match = "{address}"
provider = "basic"
realms = {realms}
options = {{ username = "{username}", password = {{ file = "password" }} }}
"""


@dataclass(frozen=True)
class Served:
    """A registry that gives ``chart`` to ``account`` only; tokens come from ``realms``, blobs from ``stores``."""

    address: str
    account: Account
    ca: Path
    chart: Artifact
    realms: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()

    @classmethod
    def of(cls, registry: StockedRegistry) -> "Served":
        """Return what a running Debian registry serves."""
        realms = (httpx.URL(registry.tokens.realm).netloc.decode(),) if registry.tokens else ()
        return cls(registry.address, registry.account, registry.authority.bundle, registry.chart, realms)

    def broker(
        self, folder: Path, *, password: str | None = None, known: bool = True, home: Path | None = None
    ) -> Broker:
        """Return a broker that knows the registry's authority and, if ``known``, its account.

        With ``home`` the authority is not configured, but sought there. Names lead to this machine, so that
        nothing is needed in /etc/hosts.
        """
        path = self.configure(folder, password=password, known=known, trusted=home is None)
        environ = {"HOME": str(home)} if home else {}
        return Broker.from_config(path, environ=environ, route=lambda _, port: ("127.0.0.1", port))

    def configure(
        self, folder: Path, *, password: str | None = None, known: bool = True, trusted: bool = True
    ) -> Path:
        """Write that broker's configuration, and the password that it refers to, and return its path."""
        secret = folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.account.password if password is None else password)
        hosts = (self.address, *self.realms, *self.stores) if trusted else ()
        text = "".join(_TLS.format(address=host, ca=self.ca) for host in hosts)
        if known:
            realms = "[" + ", ".join(f'"{realm}"' for realm in self.realms) + "]"
            text += _RULE.format(address=self.address, username=self.account.username, realms=realms)
        path = folder / "ocibroker.toml"
        path.write_text(text)
        return path
