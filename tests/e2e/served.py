"""A registry as the library meets it: an address, a configuration, and what is in it."""

from dataclasses import dataclass
from pathlib import Path

from ocibroker import Broker
from tests.e2e.account import Account
from tests.e2e.artifact import Artifact

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
    """A registry that gives ``chart`` to ``account`` only, and whose tokens come from ``realms``."""

    address: str
    account: Account
    ca: Path
    chart: Artifact
    realms: tuple[str, ...] = ()

    def broker(self, folder: Path, *, password: str | None = None, known: bool = True) -> Broker:
        """Return a broker that knows the registry's authority and, if ``known``, its account.

        Names lead to this machine, so that nothing is needed in /etc/hosts.
        """
        secret = folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.account.password if password is None else password)
        text = "".join(_TLS.format(address=host, ca=self.ca) for host in (self.address, *self.realms))
        if known:
            realms = "[" + ", ".join(f'"{realm}"' for realm in self.realms) + "]"
            text += _RULE.format(address=self.address, username=self.account.username, realms=realms)
        path = folder / "ocibroker.toml"
        path.write_text(text)
        return Broker.from_config(path, environ={}, route=lambda _, port: ("127.0.0.1", port))
