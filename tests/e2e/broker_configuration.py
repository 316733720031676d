"""The broker's configuration that knows one registry's account and authority."""

from pathlib import Path

from tests.e2e.stocked_registry import StockedRegistry

_TEMPLATE = """
[[registry]]
match = "{address}"
provider = "basic"
options = {{ username = "{username}", password = {{ file = "{password}" }} }}
[[tls]]
match = "{address}"
ca = ["{ca}"]
"""


def write(folder: Path, registry: StockedRegistry) -> Path:
    """Write the configuration, and the password that it refers to, and return its path."""
    password, config = folder / "password", folder / "ocibroker.toml"
    password.touch(mode=0o600)
    password.write_text(registry.account.password)
    values = {"address": registry.address, "username": registry.account.username}
    config.write_text(_TEMPLATE.format(**values, password=password, ca=registry.authority.bundle))
    return config
