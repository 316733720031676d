"""Secrets from the API server: trusted by its own authority, asked by the service account's token."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from ocibroker import Basic
from ocibroker.errors import (
    ConfigurationError,
    CredentialUnavailable,
    DeadlineExceeded,
    IdentityRefused,
    OcibrokerError,
    TLSFailed,
)
from ocibroker.provider import Bearer
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.kubernetes.cluster import HOST, TOKEN, Cluster, encoded
from tests.kubernetes.mounts import USER, rule
from tests.plugins.laptop import logins
from tests.transport.brokers import MODES, Desk, Mode, ask
from tests.transport.hand_clock import HandClock

REGISTRY = "registry.test"
SECRET = "/api/v1/namespaces/apps/secrets/pull"
ACCOUNT = "/api/v1/namespaces/apps/serviceaccounts/default"


def options(cluster: Cluster, what: str = 'secret = "apps/pull"') -> str:
    return f'{what}, credentials = "{cluster.folder / "serviceaccount"}"'


def user(desk: Desk, cluster: Cluster, what: str = 'secret = "apps/pull"', mode: Mode = "sync") -> str:
    """Return as whom the registry would be reached."""
    broker = desk.broker(rule(REGISTRY, options(cluster, what)), environ=cluster.environ)
    credential = ask(broker, mode, f"{REGISTRY}/app").credential
    assert isinstance(credential, Basic)
    return credential.username


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("Opaque", USER),
        ("kubernetes.io/basic-auth", USER),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": json.dumps(logins(registry_test="alice"))}),
        ("kubernetes.io/dockercfg", {".dockercfg": json.dumps(logins(registry_test="alice")["auths"])}),
        ("fleet.cattle.io/bundle-oci-storage/v1alpha1", {**USER, "reference": "registry.test/fleet"}),
    ],
)
def test_each_kind_of_secret_is_understood(
    kind: str, values: dict[str, str], mode: Mode, desk: Desk, cluster: Cluster
) -> None:
    cluster.secret("apps/pull", values, kind)
    assert user(desk, cluster, mode=mode) == "alice"
    assert set(cluster.asked) == {SECRET}
    assert cluster.server.saw("authorization") == [f"Bearer {TOKEN}"] * len(cluster.asked)


def test_a_service_account_stands_for_its_pull_secrets_in_their_order(desk: Desk, cluster: Cluster) -> None:
    cluster.account("apps/default", "elsewhere", "pull", "later")
    for name, who in (("elsewhere", "other_test"), ("pull", "registry_test"), ("later", "registry_test")):
        file = logins(**{who: name})
        cluster.secret(f"apps/{name}", {".dockerconfigjson": json.dumps(file)}, "kubernetes.io/dockerconfigjson")
    assert user(desk, cluster, 'service_account = "apps/default"') == "pull"
    assert cluster.asked == [ACCOUNT, SECRET.replace("pull", "elsewhere"), SECRET]


def test_the_most_specific_login_counts(desk: Desk, cluster: Cluster) -> None:
    auths = {REGISTRY: {"auth": encoded("bob:builder")}, f"{REGISTRY}/app": {"registrytoken": "t"}}
    cluster.secret("apps/pull", {".dockerconfigjson": json.dumps({"auths": auths})})
    broker = desk.broker(rule(REGISTRY, options(cluster)), environ=cluster.environ)
    assert isinstance(broker.access(f"{REGISTRY}/app").credential, Bearer)
    assert isinstance(broker.access(f"{REGISTRY}/other").credential, Basic)


class TestTrust:
    @pytest.mark.acceptance(7, 16)
    def test_its_authority_is_the_service_accounts_and_trusted_for_nobody_else(
        self, desk: Desk, cluster: Cluster, of_cluster: Authority
    ) -> None:
        cluster.secret("apps/pull", USER)
        with EmbeddedRegistry(tls=of_cluster.server_context(REGISTRY), host=REGISTRY) as registry:
            broker = desk.broker(rule(registry.address, options(cluster)), environ=cluster.environ)
            with broker.access(registry.address).client() as http, pytest.raises(TLSFailed):
                http.get("/v2/")

    def test_another_authority_is_refused_and_the_token_is_not_sent(
        self, desk: Desk, cluster: Cluster, private: Authority
    ) -> None:
        cluster.mount(private)
        with pytest.raises(TLSFailed):
            user(desk, cluster)
        assert cluster.asked == []

    def test_an_entry_for_the_server_wins(self, desk: Desk, cluster: Cluster, of_cluster: Authority) -> None:
        cluster.secret("apps/pull", USER)
        cluster.mount(Authority())
        ca = of_cluster.write(cluster.folder / "entry")
        entry = f'[[tls]]\nmatch = "{HOST}:{cluster.server.port}"\nca = ["{ca}"]\n'
        broker = desk.broker(entry + rule(REGISTRY, options(cluster)), environ=cluster.environ)
        assert isinstance(broker.access(REGISTRY).credential, Basic)

    def test_without_the_mount_it_says_what_is_missing(self, desk: Desk, cluster: Cluster) -> None:
        (cluster.folder / "serviceaccount" / "ca.crt").unlink()
        with pytest.raises(ConfigurationError, match="is not there") as caught:
            user(desk, cluster)
        assert caught.value.culprit.endswith("serviceaccount/ca.crt")

    def test_outside_a_pod_it_says_so(self, desk: Desk, cluster: Cluster) -> None:
        with pytest.raises(CredentialUnavailable, match="no API server is known"):
            desk.broker(rule(REGISTRY, options(cluster))).access(REGISTRY)


class TestLife:
    def test_a_token_that_was_rotated_is_read_again(self, desk: Desk, cluster: Cluster, clock: HandClock) -> None:
        cluster.secret("apps/pull", USER)
        broker = desk.broker(rule(REGISTRY, options(cluster)), environ=cluster.environ, clock=clock)
        broker.access(REGISTRY)
        cluster.token = "another-token"
        (cluster.folder / "serviceaccount" / "token").write_text("another-token\n")
        clock.move(61)
        broker.access(REGISTRY)
        assert cluster.server.saw("authorization")[-1] == "Bearer another-token"

    def test_what_is_known_is_not_asked_for_again(self, desk: Desk, cluster: Cluster, clock: HandClock) -> None:
        cluster.secret("apps/pull", USER)
        broker = desk.broker(rule(REGISTRY, options(cluster)), environ=cluster.environ, clock=clock)
        for _ in range(5):
            broker.access(REGISTRY)
        assert cluster.asked == [SECRET] * 2  # once for how the registry is trusted, once for the credential

    def test_many_at_once_ask_once(self, desk: Desk, cluster: Cluster) -> None:
        cluster.secret("apps/pull", USER)
        broker = desk.broker(rule(REGISTRY, options(cluster)), environ=cluster.environ)

        async def crowd() -> None:
            await asyncio.gather(*(broker.access_async(REGISTRY) for _ in range(50)))

        asyncio.run(crowd())
        assert cluster.asked == [SECRET] * 2

    def test_what_was_said_of_trust_holds_on_while_the_server_is_down(
        self, desk: Desk, cluster: Cluster, clock: HandClock
    ) -> None:
        cluster.secret("apps/pull", {**USER, "basicHTTP": "true"})
        broker = desk.broker(rule(REGISTRY, options(cluster)), environ=cluster.environ, clock=clock)
        broker.access(REGISTRY)
        cluster.status = 500
        clock.move(31)
        assert str(broker.access(f"{REGISTRY}").origin) == f"http://{REGISTRY}"

    def test_a_secret_that_is_gone_ends_it(self, desk: Desk, cluster: Cluster, clock: HandClock) -> None:
        cluster.secret("apps/pull", {**USER, "insecureSkipVerify": "true"})
        broker = desk.broker(rule(REGISTRY, options(cluster)), environ=cluster.environ, clock=clock)
        assert broker.access(REGISTRY).tls.insecure
        cluster.objects.clear()
        clock.move(61)
        with pytest.raises(IdentityRefused):
            broker.access(REGISTRY)
        assert broker.weakened == 0


@pytest.mark.parametrize(
    ("status", "kind", "why"),
    [
        (401, CredentialUnavailable, "does not accept who asks"),
        (403, IdentityRefused, "does not let it be read"),
        (404, IdentityRefused, "has none"),
        (500, CredentialUnavailable, "answered with status 500"),
    ],
)
def test_a_refusal_names_the_secret_and_the_cure(
    status: int, kind: type[OcibrokerError], why: str, desk: Desk, cluster: Cluster
) -> None:
    cluster.status = status
    with pytest.raises(kind, match=why) as caught:
        user(desk, cluster)
    assert caught.value.culprit == "secret apps/pull"
    assert caught.value.hint
    assert "c4n4ry" not in str(caught.value)


def test_a_failure_is_not_asked_for_again_at_once(desk: Desk, cluster: Cluster, clock: HandClock) -> None:
    broker = desk.broker(rule(REGISTRY, options(cluster)), environ=cluster.environ, clock=clock)
    for seconds in (0, 1, 5):
        clock.move(seconds)
        with pytest.raises(IdentityRefused):
            broker.access(REGISTRY)
    assert len(cluster.asked) == 2


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"kind": "Secret", "data": {"username": "%"}}, "secret apps/pull: username: is not base64"),
        ({"kind": "ConfigMap", "data": {}}, "gave no such object"),
        ({"kind": "Secret", "data": {"username": 1}}, "gave no such object"),
        ({"kind": "Secret", "type": "kubernetes.io/dockerconfigjson"}, "holds no .dockerconfigjson"),
        ({"kind": "Secret", "data": {".dockerconfigjson": encoded("{")}}, ".dockerconfigjson: is not JSON"),
        ({"kind": "Secret", "data": {".dockerconfigjson": encoded("{}")}}, "holds no login for registry.test"),
        ({"kind": "Secret", "data": {"basicHTTP": encoded("yes")}}, "secret apps/pull: basicHTTP: is neither true"),
    ],
)
def test_what_is_malformed_is_named(found: dict[str, object], why: str, desk: Desk, cluster: Cluster) -> None:
    cluster.objects[SECRET] = found
    with pytest.raises(OcibrokerError) as caught:
        user(desk, cluster)
    assert why in str(caught.value)


@pytest.mark.parametrize("mode", MODES)
def test_a_server_that_hangs_holds_nobody_past_the_deadline(
    mode: Mode, desk: Desk, cluster: Cluster, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environ = {**cluster.environ, "KUBERNETES_SERVICE_PORT": str(silent.getsockname()[1])}
        broker = desk.broker(rule(REGISTRY, options(cluster)), environ=environ)
        with pytest.raises(DeadlineExceeded):
            ask(broker, mode, REGISTRY, deadline=0.2)


@pytest.mark.parametrize(
    "what",
    [
        'secret = "pull"',
        'secret = "apps/../default"',
        'secret = "Apps/pull"',
        'secret = "apps/pull?x"',
        'secret = "apps/pull", service_account = "apps/default"',
        'fleet_secret = ""',
        "",
    ],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(what: str, desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="options"):
        desk.broker(rule(REGISTRY, what))
