"""The contract of providers that exchange an identity token: each source of one, by the suite of each provider."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx

from ocibroker.testing import ProviderContract
from tests.oidc.issuers import GITHUB, POD_TOKEN
from tests.plugins.oidc.asking import HOSTS
from tests.plugins.oidc.references import REFERENCES, SUBJECT, Reference

SECRETS = (SUBJECT, POD_TOKEN, GITHUB["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])


class Referring(ProviderContract):
    """``options`` of the subclass have ``reference`` in them; the other base answers what an issuer does not."""

    reference: Reference

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "pod").mkdir(exist_ok=True)
        (folder / "pod" / "token").write_text(POD_TOKEN)
        return self.reference.environ

    def answer(self, request: httpx.Request) -> httpx.Response:
        return _issued(request) or super().answer(request)


def _issued(request: httpx.Request) -> httpx.Response | None:
    """Answer as an issuer does; none for whom is none."""
    hosts = dict(zip((HOSTS["github"], HOSTS["kubernetes"], HOSTS["google"]), REFERENCES, strict=True))
    found = hosts.get(request.url.host)
    if found is None or (found.name == "google_identity" and not request.url.path.endswith("/identity")):
        return None
    return httpx.Response(found.answer.status_code, headers=found.answer.headers, content=found.answer.content)
