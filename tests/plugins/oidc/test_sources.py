"""Each source of identity tokens: whom it asks, for which audience, and whose answers are whose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ocibroker.errors import ConfigurationError, CredentialUnavailable, NoIdentity
from ocibroker.provider import SERVICE_ACCOUNT, Caller, Secret
from ocibroker.testing import CannedResponse
from tests.oidc.issuers import CLUSTER, GITHUB
from tests.oidc.world import World
from tests.plugins.oidc.asking import CASES, Asker, rule
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock

QUAY = CASES["quay"]


@pytest.fixture
def asker(desk: Desk, world: World, clock: HandClock) -> Asker:
    return Asker(desk, world, clock)


def subject(asker: Asker, text: str, environ: Mapping[str, str], caller: Caller | None = None) -> str:
    """Return for whom the identity token was that Quay got."""
    assert asker.access(text, QUAY.registry, environ, caller).headers()
    return list(asker.world.subjects.values())[-1]


class TestAVariable:
    def test_it_is_read(self, asker: Asker) -> None:
        text = QUAY.rule(token={"env": "ID_TOKEN"})
        assert asker.access(text, QUAY.registry, {"ID_TOKEN": asker.world.identity()}).headers()

    def test_the_jobs_of_a_runner_never_share_an_answer(self, asker: Asker) -> None:
        text = QUAY.rule(token={"env": "ID_TOKEN"})
        jobs = [asker.broker(text, {"ID_TOKEN": asker.world.identity()}) for _ in range(2)]
        keys = {job.explain("quay.test/team/app").identity for job in jobs}
        assert len(keys) == 2

    def test_one_that_is_not_set_is_named(self, asker: Asker) -> None:
        error = asker.failure(QUAY.rule(token={"env": "ID_TOKEN"}), QUAY.registry)
        assert error.culprit == "variable ID_TOKEN"


class TestGitHubActions:
    @pytest.mark.parametrize("audience", ["", "quay.test", "https://quay.test/a b&c=d"])
    def test_the_job_gets_a_token_for_the_audience(self, audience: str, asker: Asker) -> None:
        text = QUAY.rule(source="github-actions", audience=audience)
        assert subject(asker, text, GITHUB) == (audience or "https://github.com/acme")

    @pytest.mark.parametrize("name", ["dockerhub", "chainguard"])
    def test_an_exchange_that_documents_its_audience_needs_none_in_the_rule(self, name: str, asker: Asker) -> None:
        case = CASES[name]
        assert asker.access(case.rule(source="github-actions"), case.registry, GITHUB).headers()
        assert [*asker.world.subjects.values()] == [case.audience]

    @pytest.mark.parametrize("missing", GITHUB)
    def test_outside_of_a_job_there_is_no_identity(self, missing: str, asker: Asker) -> None:
        environ = {name: value for name, value in GITHUB.items() if name != missing}
        error = asker.failure(QUAY.rule(source="github-actions"), QUAY.registry, environ)
        assert isinstance(error, NoIdentity)
        assert "id-token: write" in error.hint
        assert asker.world.asked == []

    def test_its_token_is_never_sent_in_the_clear(self, asker: Asker) -> None:
        environ = {**GITHUB, "ACTIONS_ID_TOKEN_REQUEST_URL": "http://pipelines.actions.test/run/token"}
        assert (
            "no https:// URL" in asker.failure(QUAY.rule(source="github-actions"), QUAY.registry, environ).message
        )
        assert asker.world.asked == []

    @pytest.mark.parametrize("body", [b"", b"{}", b'{"value": ""}', b'{"value": "a\\nb"}'])
    def test_an_answer_without_a_token_is_an_error(self, body: bytes, asker: Asker) -> None:
        asker.world.failing = CannedResponse(200, {}, body)
        error = asker.failure(QUAY.rule(source="github-actions"), QUAY.registry, GITHUB)
        assert (error.culprit, "without a token" in error.message) == ("GitHub Actions", True)

    def test_another_jobs_request_is_refused(self, asker: Asker) -> None:
        environ = {**GITHUB, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "an0ther-request-t0ken"}
        error = asker.failure(QUAY.rule(source="github-actions"), QUAY.registry, environ)
        assert (error.culprit, "status 401" in error.message) == ("GitHub Actions", True)


class TestKubernetes:
    @pytest.fixture
    def said(self, pod: Path) -> dict[str, Any]:
        return {"source": "kubernetes", "service_account": "apps/puller", "credentials": str(pod)}

    @pytest.mark.parametrize("audience", ["", "quay.test"])
    def test_a_token_is_requested_for_the_account(self, audience: str, asker: Asker, said: dict[str, Any]) -> None:
        text = QUAY.rule(**said, audience=audience)
        assert subject(asker, text, CLUSTER) == audience

    def test_who_may_not_request_it_is_told_what_is_missing(self, asker: Asker, said: dict[str, Any]) -> None:
        text = QUAY.rule(**{**said, "service_account": "apps/other"})
        error = asker.failure(text, QUAY.registry, CLUSTER)
        assert (error.culprit, "serviceaccounts/token" in error.hint) == ("service account apps/other", True)

    def test_a_token_of_another_cluster_is_refused(self, asker: Asker, said: dict[str, Any]) -> None:
        (Path(said["credentials"]) / "token").write_text("an0ther")
        assert "status 401" in asker.failure(QUAY.rule(**said), QUAY.registry, CLUSTER).message

    def test_outside_of_a_cluster_there_is_no_identity(self, asker: Asker, said: dict[str, Any]) -> None:
        assert isinstance(asker.failure(QUAY.rule(**said), QUAY.registry), NoIdentity)

    def test_without_its_authority_the_api_server_gets_no_token(self, asker: Asker, said: dict[str, Any]) -> None:
        (Path(said["credentials"]) / "ca.crt").unlink()
        asker.failure(QUAY.rule(**said), QUAY.registry, CLUSTER)
        assert asker.world.asked == []


class TestGoogle:
    def test_the_machine_gets_a_token_for_the_audience(self, asker: Asker) -> None:
        assert subject(asker, QUAY.rule(source="google", audience="a b&c"), {}) == "a b&c"

    def test_without_an_audience_it_is_that_of_the_exchange(self, asker: Asker) -> None:
        case = CASES["dockerhub"]
        assert asker.access(case.rule(source="google"), case.registry).headers()
        assert [*asker.world.subjects.values()] == [case.audience]

    def test_no_proxy_is_asked_for_the_identity_of_its_own_machine(self, asker: Asker) -> None:
        environ = {"GCE_METADATA_HOST": "metadata.corp.test", "HTTP_PROXY": "http://127.0.0.1:1"}
        error = asker.failure(QUAY.rule(source="google", audience="a"), QUAY.registry, environ)
        assert ("through a proxy" in error.message, asker.world.asked) == (True, [])

    def test_what_is_not_googles_gives_nothing(self, asker: Asker) -> None:
        asker.world.failing = CannedResponse(200, {}, b"a.token.of-somebody")
        error = asker.failure(QUAY.rule(source="google", audience="a"), QUAY.registry)
        assert "gave no token" in error.message

    def test_a_machine_elsewhere_has_no_identity(self, asker: Asker) -> None:
        asker.world.plain.server.server_close()
        asker.world.plain.port = 1
        error = asker.failure(QUAY.rule(source="google", audience="a"), QUAY.registry)
        assert isinstance(error, NoIdentity)


class TestTheCaller:
    def test_its_own_token_comes_before_what_the_rule_says(self, asker: Asker) -> None:
        caller = Caller(token=Secret(asker.world.identity("of the pod")))
        assert subject(asker, QUAY.rule(source="github-actions"), GITHUB, caller) == "of the pod"
        assert [line for line in asker.world.asked if "actions" in line] == []

    def test_two_callers_never_share_an_answer(self, asker: Asker) -> None:
        broker = asker.broker(QUAY.rule(source="caller"))
        secrets = set()
        for _ in range(2):
            caller = Caller(token=Secret(asker.world.identity()))
            secrets |= {broker.access("quay.test/app", caller=caller).headers()["Authorization"] for _ in range(2)}
        assert (len(secrets), len(asker.world.given)) == (2, 2)

    def test_who_brings_none_gets_nothing(self, asker: Asker) -> None:
        error = asker.failure(QUAY.rule(source="caller"), QUAY.registry, caller=Caller(annotations={"a": "b"}))
        assert isinstance(error, NoIdentity)
        assert isinstance(error, CredentialUnavailable)


class TestWhatIsShown:
    @pytest.mark.parametrize(
        ("source", "environ", "shown"),
        [
            ("google", {}, ["google_identity for https://identity.docker.com"]),
            (
                "google",
                {"GCE_METADATA_HOST": "metadata.corp.test"},
                ["google_identity for https://identity.docker.com", "GCE_METADATA_HOST metadata.corp.test"],
            ),
            (
                "kubernetes",
                CLUSTER,
                [
                    f"kubernetes_token apps/puller by {SERVICE_ACCOUNT} for https://identity.docker.com",
                    "KUBERNETES_SERVICE_HOST kubernetes.test",
                    "KUBERNETES_SERVICE_PORT 443",
                ],
            ),
            ("github-actions", {}, ["github_actions for https://identity.docker.com"]),
        ],
        ids=["google", "of-another-server", "kubernetes", "outside-of-a-job"],
    )
    def test_whom_a_token_is_asked_of_and_for(
        self, source: str, environ: Mapping[str, str], shown: list[str], asker: Asker
    ) -> None:
        account = {"service_account": "apps/puller"} if source == "kubernetes" else {}
        broker = asker.broker(CASES["dockerhub"].rule(source=source, **account), environ)
        found = broker.explain("docker.io/acme/app").identity
        assert [*found[: len(shown)], found[len(shown)].partition(" ")[0]] == [*shown, "exchange"]

    def test_of_a_job_nothing_that_is_secret(self, asker: Asker) -> None:
        found = asker.broker(QUAY.rule(source="github-actions"), GITHUB).explain("quay.test/app").identity
        assert [name for name in GITHUB if any(part.startswith(f"{name} ") for part in found)] == [*GITHUB]
        assert not any(value in part for value in GITHUB.values() for part in found)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "token is for the source token, which needs it"),
        ({"source": "google", "token": {"env": "A"}}, "token is for the source token"),
        ({"source": "kubernetes"}, "service_account is for the source kubernetes, which needs it"),
        ({"source": "google", "service_account": "a/b"}, "service_account is for the source kubernetes"),
        ({"source": "kubernetes", "service_account": "../a"}, "something else than namespace/name"),
        ({"source": "spiffe"}, "source"),
        ({"source": "google"}, "the source google needs audience: the exchange quay has none of its own"),
    ],
)
def test_a_source_that_cannot_work_is_refused_when_the_rule_is_read(
    options: dict[str, Any], why: str, desk: Desk
) -> None:
    with pytest.raises(ConfigurationError, match=why):
        desk.broker(rule("quay.test", {**QUAY.options, **options}))
