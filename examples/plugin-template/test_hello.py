"""``hello`` passes the suite that every provider passes."""

from collections.abc import Mapping
from pathlib import Path

from ocibroker_hello import HelloProvider

from ocibroker.testing import ProviderContract

TOKEN = "a-long-and-rare-token"


class TestHello(ProviderContract):
    """Which hosts are its own, which only look like them, and an identity that works."""

    provider = HelloProvider()
    recognised = ("registry.hello.example", "registry.hello.example/team/app")
    look_alikes = ("registry.hello.example.evil.example", "xregistry.hello.example")
    secrets = (TOKEN,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        """Set up an identity that works, and return its environment."""
        return {"HELLO_TOKEN": TOKEN}
