"""Which token endpoints know only the GET form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class PostRefusals:
    """Token endpoints that know only the GET form, remembered for as long as the broker lives."""

    def __init__(self) -> None:
        self._endpoints: set[str] = set()

    def add(self, realm: httpx.URL) -> None:
        """Remember ``realm``."""
        self._endpoints.add(_endpoint(realm))

    def __contains__(self, realm: httpx.URL) -> bool:
        return _endpoint(realm) in self._endpoints


def _endpoint(realm: httpx.URL) -> str:
    return f"{realm.scheme}://{realm.netloc.decode('ascii')}{realm.path}"
