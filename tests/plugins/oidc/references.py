"""References to an identity token: how each is written, where it is found, and whose token it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import httpx

from tests.oidc.issuers import ACTIONS, CLUSTER, CLUSTER_ISSUER, GITHUB, GOOGLE, JOB, MACHINE, POD

SUBJECT = "identity.t0ken-of-the.contract"


@dataclass(frozen=True)
class Reference:
    """``inside`` is what stands in the table beside the audience, by the folder of the pod's account.

    ``answer`` gives :data:`SUBJECT`, as the issuer would.
    """

    name: str
    environ: Mapping[str, str]
    issuer: str
    subject: str
    place: str
    answer: httpx.Response
    inside: Callable[[str], Mapping[str, str]] = lambda _: {}

    def table(self, audience: str, pod: object = "") -> Mapping[str, Mapping[str, str]]:
        """Return it as a table."""
        return {self.name: {"audience": audience, **self.inside(str(pod))}}

    def to(self, audience: str, pod: object, more: str = "") -> str:
        """Return it as TOML."""
        table = self.table(audience, pod)[self.name]
        said = filter(None, (*(f"{name} = {json.dumps(value)}" for name, value in table.items()), more))
        return f"{{ {self.name} = {{ {', '.join(said)} }} }}"


def _account(pod: str) -> Mapping[str, str]:
    return {"service_account": "apps/puller", "credentials": pod}


REFERENCES = (
    Reference(
        "github_actions", GITHUB, ACTIONS, JOB, "for {audience}", httpx.Response(200, json={"value": SUBJECT})
    ),
    Reference(
        "kubernetes_token",
        CLUSTER,
        CLUSTER_ISSUER,
        POD,
        "apps/puller by {pod} for {audience}",
        httpx.Response(201, json={"status": {"token": SUBJECT}}),
        _account,
    ),
    Reference(
        "google_identity",
        MappingProxyType({}),
        GOOGLE,
        MACHINE,
        "for {audience}",
        httpx.Response(200, text=SUBJECT, headers={"Metadata-Flavor": "Google"}),
    ),
)
GITHUB_ACTIONS, KUBERNETES_TOKEN, GOOGLE_IDENTITY = REFERENCES
