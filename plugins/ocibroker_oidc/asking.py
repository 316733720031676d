"""One fetch, asked of the services that exchange tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from ocibroker.provider import FetchRequest, HttpAnswer
from ocibroker_oidc.options import OidcOptions
from ocibroker_oidc.speaking import NOTHING, Speaking

FORM: Final[Mapping[str, str]] = MappingProxyType({"Content-Type": "application/x-www-form-urlencoded"})


@dataclass(frozen=True, slots=True)
class Asking(Speaking):
    """Asks services for the ``request`` of a rule."""

    request: FetchRequest[OidcOptions]

    def post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str] = NOTHING) -> HttpAnswer:
        """Post a form, as OAuth's token endpoints take it."""
        return self.send("POST", url, headers={**FORM, **headers}, content=urlencode(form).encode())
