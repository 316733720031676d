"""Identity tokens that clouds exchange: each source with each, no token in a file, and each cloud verifies it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from ocibroker import Broker
from ocibroker.errors import CredentialUnavailable, OcibrokerError
from ocibroker.testing import Authority
from ocibroker.transport import Route
from tests.aws import emulator as aws
from tests.azure import emulator as azure
from tests.google import emulator as google
from tests.oidc.identity_provider import IdentityProvider
from tests.oidc.world import World
from tests.plugins.acr import asking as acr
from tests.plugins.ecr import asking as ecr
from tests.plugins.gar import asking as gar
from tests.plugins.oidc import clouds
from tests.plugins.oidc.references import GITHUB_ACTIONS, REFERENCES, Reference
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock

EVERY = pytest.mark.parametrize("reference", REFERENCES, ids=lambda one: one.name)


Asked = Callable[..., Broker]


@dataclass(frozen=True)
class Cloud:
    """A registry of it is at ``host``.

    ``trust`` lets a subject of an issuer in, and returns the rule with a reference to a token for ``audience``.

    ``whose`` is who a broker is there; ``refusals`` is what is said of another audience, subject and signature.
    """

    host: str
    audience: str
    trust: Callable[[IdentityProvider, str, str], str]
    whose: Callable[..., str]
    failure: Callable[[Broker], OcibrokerError]
    route: Route
    refusals: tuple[str, str, str]


@pytest.fixture
def on_aws(authority: Authority) -> Iterator[Cloud]:
    with aws.serving(authority.server_context(*aws.NAMES)) as cloud:
        yield Cloud(
            ecr.HOST,
            clouds.AWS_AUDIENCE,
            partial(clouds.trusted_by_aws, cloud),
            lambda *args, **asked: ecr.whose(cloud, *args, **asked).rpartition("/")[2],
            ecr.failure,
            cloud.route,
            ("InvalidIdentityToken", "AccessDenied", "InvalidIdentityToken"),
        )


@pytest.fixture
def on_google(authority: Authority) -> Iterator[Cloud]:
    with google.serving(authority.server_context(*google.NAMES)) as cloud:
        cloud.accounts.life = timedelta(hours=2)
        yield Cloud(
            gar.HOST,
            clouds.GOOGLE_AUDIENCE,
            partial(clouds.trusted_by_google, cloud),
            partial(gar.whose, cloud),
            gar.failure,
            cloud.route,
            ("invalid_grant", "unauthorized_client", "invalid_grant"),
        )


@pytest.fixture
def on_azure(authority: Authority) -> Iterator[Cloud]:
    with azure.serving(authority.server_context(*azure.NAMES)) as cloud:
        yield Cloud(
            acr.HOST,
            clouds.AZURE_AUDIENCE,
            partial(clouds.trusted_by_azure, cloud),
            partial(acr.whose, cloud),
            acr.failure,
            cloud.route,
            ("AADSTS700212", "AADSTS700213", "AADSTS50013"),
        )


@pytest.fixture(params=["aws", "google", "azure"])
def cloud(request: pytest.FixtureRequest) -> Cloud:
    found = request.getfixturevalue(f"on_{request.param}")
    assert isinstance(found, Cloud)
    return found


@pytest.fixture
def asking(desk: Desk, pod: Path, world: World, clock: HandClock, cloud: Cloud) -> Asked:
    """Return a broker by a rule for what an issuer says of a subject: as it is, unless that is said otherwise."""

    def broker(
        reference: Reference, *, issuer: IdentityProvider | None = None, subject: str = "", audience: str = ""
    ) -> Broker:
        signer = issuer or world.issuer(reference.issuer)
        text = reference.to(audience or cloud.audience, pod)
        rule, route = cloud.trust(signer, subject or reference.subject, text), world.beside(cloud.route)
        return desk.broker(rule, environ=reference.environ, route=route, clock=clock)

    return broker


@EVERY
def test_a_token_of_each_source_is_exchanged_at_each_cloud(
    reference: Reference, asking: Asked, world: World, cloud: Cloud
) -> None:
    assert cloud.whose(asking(reference)) == "ci"
    assert [*world.subjects.values()] == [cloud.audience]


@EVERY
def test_what_one_machine_got_by_its_token_is_never_shared_with_another(
    reference: Reference, asking: Asked, cloud: Cloud
) -> None:
    assert asking(reference).explain(f"{cloud.host}/app").reach == "local"


@EVERY
def test_each_exchange_gets_a_token_that_has_not_ended(
    reference: Reference, asking: Asked, world: World, cloud: Cloud, clock: HandClock
) -> None:
    broker = asking(reference)
    assert cloud.whose(broker) == "ci"
    clock.move(3601)  # longer than the first one lives
    assert cloud.whose(broker, fresh=True) == "ci"
    assert len(world.subjects) == 2


def test_a_token_for_somebody_else_is_refused(asking: Asked, world: World, cloud: Cloud) -> None:
    error = cloud.failure(asking(GITHUB_ACTIONS, audience="https://example.com"))
    assert cloud.refusals[0] in error.message
    assert not any(token in str(error) for token in world.subjects)


def test_another_job_is_refused(asking: Asked, cloud: Cloud) -> None:
    other = "repo:mallory/app:ref:refs/heads/main"
    assert cloud.refusals[1] in cloud.failure(asking(GITHUB_ACTIONS, subject=other)).message


def test_a_token_that_another_has_signed_is_refused(asking: Asked, world: World, cloud: Cloud) -> None:
    other = IdentityProvider(GITHUB_ACTIONS.issuer, world.clock)
    assert cloud.refusals[2] in cloud.failure(asking(GITHUB_ACTIONS, issuer=other)).message


def test_outside_of_a_job_nobody_else_takes_its_place(asking: Asked, cloud: Cloud) -> None:
    error = cloud.failure(asking(replace(GITHUB_ACTIONS, environ={})))
    assert type(error) is CredentialUnavailable
    assert "ACTIONS_ID_TOKEN_REQUEST_URL" in error.message


def test_a_service_account_of_google_is_impersonated_with_it(
    desk: Desk, world: World, pod: Path, authority: Authority
) -> None:
    with google.serving(authority.server_context(*google.NAMES)) as cloud:
        account = cloud.accounts.account("pull", "ci")
        text, signer = GITHUB_ACTIONS.to(clouds.GOOGLE_AUDIENCE, pod), world.issuer(GITHUB_ACTIONS.issuer)
        rule = clouds.trusted_by_google(cloud, signer, GITHUB_ACTIONS.subject, text, f', impersonate = "{account}"')
        broker = desk.broker(rule, environ=GITHUB_ACTIONS.environ, route=world.beside(cloud.route))
        assert gar.whose(cloud, broker) == account
