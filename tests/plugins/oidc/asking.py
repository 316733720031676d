"""Rules for each exchange, and what a broker answers by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pytest

from ocibroker import Access, Broker
from ocibroker.errors import OcibrokerError
from ocibroker.provider import Caller
from tests.oidc.exchanges import CLIENT
from tests.oidc.issuers import POD_TOKEN
from tests.oidc.world import BODY, World
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.vendors import asking

HOSTS: Mapping[str, str] = MappingProxyType(
    {
        "rfc8693": "sts.example.test",
        "quay": "quay.test",
        "dockerhub": "identity.docker.com",
        "artifactory": "acme.jfrog.test",
        "chainguard": "issuer.enforce.dev",
        "cloudsmith": "api.cloudsmith.io",
        "github": "pipelines.actions.test",
        "kubernetes": "kubernetes.test",
        "google": "169.254.169.254",
    }
)
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Case:
    """What a rule says of one exchange, and what comes of it."""

    registry: str
    options: Mapping[str, Any]
    user: str
    audience: str = ""
    life: int = 3600
    more: Mapping[str, Any] = field(default_factory=dict)

    def rule(self, **options: object) -> str:
        return rule(self.registry, {**self.options, **options})


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "rfc8693": Case(
            "registry.example.test",
            {
                "exchange": "rfc8693",
                "url": "https://sts.example.test/oauth/token",
                "client_id": CLIENT[0],
                "client_secret": CLIENT[1],
                "username": "robot",
                "parameters": {"audience": "registry"},
            },
            "robot",
        ),
        "quay": Case("quay.test", {"exchange": "quay", "username": "team+ci"}, "team+ci"),
        "dockerhub": Case(
            "docker.io",
            {"exchange": "dockerhub", "username": "acme", "parameters": {"connection_id": "0198-connection"}},
            "acme",
            audience="https://identity.docker.com",
            life=300,
        ),
        "artifactory": Case(
            "acme.jfrog.test",
            {"exchange": "artifactory", "parameters": {"provider_name": "github"}},
            "ci",
            life=600,
        ),
        "chainguard": Case(
            "cgr.dev",
            {"exchange": "chainguard", "parameters": {"identity": "acme/ci identity"}},
            "user",
            audience="https://issuer.enforce.dev",
        ),
        "cloudsmith": Case(
            "docker.cloudsmith.io",
            {"exchange": "cloudsmith", "parameters": {"organization": "acme", "service_slug": "ci"}},
            "token",
        ),
    }
)


def rule(match: str, options: Mapping[str, Any]) -> str:
    return asking.rule("oidc", match, **options)


@dataclass(frozen=True)
class Asker:
    """Asks brokers at ``desk``, whose names lead into ``world``."""

    desk: Desk
    world: World
    clock: HandClock

    def broker(self, text: str, environ: Mapping[str, str] = NOTHING) -> Broker:
        return self.desk.broker(text, environ=environ, clock=self.clock, route=self.world.route)

    def access(
        self, text: str, target: str, environ: Mapping[str, str] = NOTHING, caller: Caller | None = None
    ) -> Access:
        return self.broker(text, environ).access(f"{target}/team/app", caller=caller)

    def failure(
        self, text: str, target: str, environ: Mapping[str, str] = NOTHING, caller: Caller | None = None
    ) -> OcibrokerError:
        """Return the error, which shows neither a token nor what a service said."""
        with pytest.raises(OcibrokerError) as caught:
            self.access(text, target, environ, caller)
        shown = f"{caught.value!r} {caught.value}"
        secrets = {BODY, CLIENT[1], POD_TOKEN, *self.world.subjects, *self.world.given}
        secrets |= {value for name, value in environ.items() if "TOKEN" in name}
        assert [secret for secret in secrets if secret in shown] == []
        return caught.value
