"""``POST /v1/credentials``: what callers may ask, what they get, and what nobody is asked for them."""

from __future__ import annotations

import http.client
import json
import logging
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocibroker import Anonymous, Basic, Bearer, IdentityToken, Secret
from ocibroker.api import fingerprint
from ocibroker.provider import Claim, CredentialUnavailable, FetchRequest, IdentityRefused, Strength
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.complaints import complaints
from tests.sidecar.asgi import HEADERS, Answered, Caller
from tests.sidecar.node import Node
from tests.transport.brokers import Desk, made_rule, rule
from tests.transport.canary import Canary, everything_logged
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, giving

REGISTRY = "registry.test"
QUESTION = {"registry": REGISTRY, "repository": "team/app"}
ALICE = Basic(username="alice", secret=Secret("wonder"))


def asked(asker: Caller, **more: Any) -> Answered:  # noqa: ANN401  # fields of a question
    return asker.post("/v1/credentials", {**QUESTION, **more})


def nobody(host: str, port: int) -> tuple[str, int]:
    raise AssertionError(f"dialled {host}:{port}")


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory, roots: Path) -> Iterator[Caller]:
    """Whoever may ask for anything, over a broker that connects to nobody."""
    desk = Desk(tmp_path_factory.mktemp("desk"), roots)
    yield Node.of(desk.broker("[sidecar]\nambient = true\n" + rule("*.test"), route=nobody)).caller
    desk.close()


class TestAnswers:
    @pytest.mark.parametrize(
        ("credential", "told"),
        [
            (ALICE, {"kind": "basic", "username": "alice", "secret": "wonder"}),
            (IdentityToken(secret=Secret("t")), {"kind": "identity_token", "username": "", "secret": "t"}),
            (Bearer(secret=Secret("t")), {"kind": "bearer", "username": None, "secret": "t"}),
            (Anonymous("nobody is logged in"), {"kind": "anonymous", "username": None, "secret": None}),
        ],
        ids=["basic", "identity token", "bearer", "anonymous"],
    )
    def test_every_kind_is_told(self, desk: Desk, credential: Basic | Anonymous, told: dict[str, str]) -> None:
        caller = Node.of(desk.broker(made_rule(REGISTRY), offered=[giving(credential)])).caller
        answer = asked(caller)
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert {name: answer.data[name] for name in told} == told
        assert (answer.data["provider"], answer.data["why"]) == ("made", f"rule {REGISTRY}")
        assert (answer.data["registry"], answer.data["repository"]) == (REGISTRY, "team/app")
        assert answer.data["origin"] == f"https://{REGISTRY}"

    def test_anonymous_access_says_why(self, desk: Desk) -> None:
        caller = Node.of(desk.broker(made_rule(REGISTRY), offered=[giving(Anonymous("nobody is here"))])).caller
        assert asked(caller).data["reason"] == "nobody is here"

    def test_moments_are_told_in_utc(self, desk: Desk, clock: HandClock) -> None:
        issued = clock.now().replace(microsecond=0)
        made = Bearer(secret=Secret("t"), issued_at=issued, expires_at=issued + timedelta(hours=1))
        caller = Node.of(desk.broker(made_rule(REGISTRY), offered=[giving(made)], clock=clock)).caller
        data = asked(caller).data
        assert datetime.fromisoformat(data["issued_at"]).astimezone(UTC) == made.issued_at
        assert datetime.fromisoformat(data["expires_at"]).astimezone(UTC) == made.expires_at

    def test_token_endpoints_on_other_hosts_are_told(self, desk: Desk) -> None:
        text = rule(REGISTRY, more='realms = ["auth.test"]') + rule("docker.io")
        caller = Node.of(desk.broker(text)).caller
        assert asked(caller).data["realms"] == ["auth.test"]
        assert asked(caller, registry="index.docker.io").data["realms"] == ["auth.docker.io"]

    def test_an_answer_is_given_again_until_the_credential_is_another(self, desk: Desk, clock: HandClock) -> None:
        def life(name: str) -> Bearer:
            return Bearer(secret=Secret(name), expires_at=clock.now() + timedelta(hours=1))

        made = MadeProvider(lambda _: life(f"token-{made.fetched}"))
        caller = Node.of(desk.broker(made_rule(REGISTRY), offered=[made], clock=clock, ahead=False)).caller
        assert {asked(caller).body for _ in range(3)} == {asked(caller).body}
        assert (asked(caller).data["secret"], made.fetched) == ("token-1", 1)
        clock.move(3600)
        assert (asked(caller).data["secret"], made.fetched) == ("token-2", 2)

    def test_the_life_that_is_wanted_is_passed_on(self, desk: Desk, clock: HandClock) -> None:
        wanted: list[float] = []

        def fetch(request: FetchRequest[Any]) -> Bearer:
            wanted.append(request.min_ttl)
            return Bearer(secret=Secret("t"), expires_at=clock.now() + timedelta(hours=1))

        caller = Node.of(desk.broker(made_rule(REGISTRY), offered=[MadeProvider(fetch)], clock=clock)).caller
        asked(caller, min_ttl=600)
        clock.move(3200)
        asked(caller, min_ttl=600)
        assert wanted == [600.0, 600.0]

    def test_a_callers_token_and_annotations_reach_the_provider_and_are_not_kept(self, desk: Desk) -> None:
        seen = []

        def fetch(request: FetchRequest[Any]) -> Basic:
            assert request.caller is not None
            assert request.caller.token is not None
            seen.append((request.caller.token.reveal(), dict(request.caller.annotations)))
            return ALICE

        node = Node.of(desk.broker(made_rule(REGISTRY), offered=[MadeProvider(fetch)]))
        caller = {"token": "a-workloads-token", "annotations": {"pod": "web"}}
        assert asked(node.caller, caller=caller).status == 200
        assert seen == [("a-workloads-token", {"pod": "web"})]

    def test_a_secret_that_was_refused_is_fetched_anew_and_no_other_is(self, desk: Desk) -> None:
        made = giving(Bearer(secret=Secret("old")), Bearer(secret=Secret("new")))
        caller = Node.of(desk.broker(made_rule(REGISTRY), offered=[made])).caller
        assert asked(caller).data["secret"] == "old"
        somebodys = "0" * 64
        assert (asked(caller, refused=somebodys).data["secret"], made.fetched) == ("old", 1)
        assert asked(caller, refused="no digest").status == 400
        assert asked(caller, refused=fingerprint(Secret("old"))).data["secret"] == "new"
        assert made.fetched == 2

    def test_a_reload_is_in_force_at_once(self, desk: Desk) -> None:
        node = Node.of(desk.broker(rule(REGISTRY, password="first")))
        assert asked(node.caller).data["secret"] == "first"
        node.reload(desk.broker(rule(REGISTRY, password="second")))
        assert asked(node.caller).data["secret"] == "second"


class TestReach:
    """A target outside the listener's list: refused, and nobody is asked."""

    @pytest.fixture
    def provider(self) -> MadeProvider:
        def claim(target: Any) -> Claim | None:  # noqa: ANN401  # a target
            return Claim(Strength.EXACT, "it is ours") if target.host == "ambient.test" else None

        return MadeProvider(lambda _: ALICE, claim=claim)

    @pytest.fixture
    def open_node(self, desk: Desk, provider: MadeProvider) -> Callable[[str], Caller]:
        def made(sidecar: str) -> Caller:
            text = f"[sidecar]\n{sidecar}\n{made_rule('registry.test/team')}"
            return Node.of(desk.broker(text, offered=[provider])).caller

        return made

    @pytest.mark.parametrize(
        ("sidecar", "registry", "repository", "status"),
        [
            ("", "registry.test", "team/app", 200),
            ("", "registry.test", "team", 200),
            ("", "registry.test", "teammate/app", 403),
            ("", "registry.test", "", 403),
            ("", "registry.test:5000", "team/app", 403),
            ("", "other.test", "team/app", 403),
            ("", "ambient.test", "app", 403),
            ('prefetch = ["ambient.test/app"]', "ambient.test", "app", 200),
            ('prefetch = ["ambient.test/app"]', "ambient.test", "app/more", 200),
            ('prefetch = ["ambient.test/app"]', "ambient.test", "apple", 403),
            ('prefetch = ["ambient.test"]', "ambient.test", "anything", 200),
            ("ambient = true", "ambient.test", "app", 200),
            ('targets = ["registry.test/team/app"]', "registry.test", "team/app", 200),
            ('targets = ["registry.test/team/app"]', "registry.test", "team/other", 403),
            ('targets = ["*.test"]', "registry.test", "team/other", 200),
            ('targets = ["*.test"]', "ambient.test", "app", 403),
            ('targets = ["registry.test"]\nambient = true', "ambient.test", "app", 403),
            ('targets = ["*.test"]\nambient = true', "ambient.test", "app", 200),
            ("targets = []", "registry.test", "team/app", 403),
        ],
    )
    def test_a_target_is_within_reach_or_nobody_is_asked(
        self,
        open_node: Callable[[str], Caller],
        provider: MadeProvider,
        sidecar: str,
        registry: str,
        repository: str,
        status: int,
    ) -> None:
        answer = asked(open_node(sidecar), registry=registry, repository=repository)
        assert answer.status == status
        assert provider.fetched == (1 if status == 200 else 0)
        if status == 403:
            assert answer.code == "target_not_allowed"

    @pytest.mark.parametrize("sidecar", ["", 'targets = ["login.test"]', 'prefetch = ["login.test"]'])
    def test_a_login_of_another_tool_is_given_to_nobody_who_was_not_named(
        self, desk: Desk, tmp_path: Path, sidecar: str
    ) -> None:
        environ = logged_in(tmp_path)
        refused = Node.of(desk.broker(f"[sidecar]\n{sidecar}", environ=environ)).caller
        assert asked(refused, registry="login.test").status == 403
        ambient = Node.of(desk.broker("[sidecar]\nambient = true", environ=environ)).caller
        assert asked(ambient, registry="login.test").data["secret"] == "wonder"
        ruled = Node.of(desk.broker(made_rule("login.test", provider="docker-config"), environ=environ)).caller
        assert asked(ruled, registry="login.test").data["secret"] == "wonder"


def logged_in(home: Path) -> dict[str, str]:
    """A home in which somebody has logged in at ``login.test``."""
    folder = home / ".docker"
    folder.mkdir(mode=0o700)
    config = folder / "config.json"
    config.touch(mode=0o600)
    config.write_text(json.dumps({"auths": {"login.test": {"auth": "YWxpY2U6d29uZGVy"}}}))
    return {"HOME": str(home)}


class TestOnlyNamesOfRegistries:
    """T6: a caller names a registry, and never where to connect to instead."""

    @pytest.mark.parametrize(
        "registry",
        [
            "https://registry.test",
            "http://169.254.169.254",
            "oci://registry.test",
            "unix:///run/x.sock",
            "registry.test/app",
            "registry.test/../../v2",
            "registry.test?x",
            "registry.test#x",
            "user@registry.test",
            "registry.test\\@evil.test",
            "registry.test:0",
            "registry.test:00443",
            "registry.test:99999",
            "registry.test:443:443",
            " registry.test",
            "registry.test\n",
            "registry.test\x00",
            "\uff52egistry.test",
            "",
            "a" * 300,
            "127.1",
            "0x7f.1",
            "2130706433",
            "[::ffff:169.254.169.254%eth0]",
        ],
    )
    @pytest.mark.parametrize(("path", "field"), [("/v1/credentials", "registry"), ("/v1/trust", "host")])
    def test_anything_else_is_refused(self, caller: Caller, path: str, field: str, registry: str) -> None:
        assert caller.post(path, {field: registry}).status == 400

    @pytest.mark.parametrize(
        "repository", ["../app", "app/..", "App", "app:1", "app@sha256:0", "/app", "a//b", "a b"]
    )
    def test_a_repository_is_one(self, caller: Caller, repository: str) -> None:
        assert asked(caller, repository=repository).status == 400

    @pytest.mark.parametrize(
        "field", ["url", "realm", "proxy", "ca", "token_endpoint", "scheme", "insecure", "provider", "options"]
    )
    def test_no_field_decides_about_the_way(self, caller: Caller, field: str) -> None:
        answer = asked(caller, **{field: "https://evil.test"})
        assert (answer.status, answer.code) == (400, "usage_error")
        assert field in answer.data["detail"]

    @pytest.mark.parametrize("exchange", ["false", "true"])
    @pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1:2375", "[::ffff:169.254.169.254]", "10.0.0.1"])
    def test_no_address_is_connected_to_that_no_credential_is_for(
        self, desk: Desk, host: str, exchange: str
    ) -> None:
        text = f"[sidecar]\nambient = true\nexchange = {exchange}\n"
        caller = Node.of(desk.broker(text, route=nobody)).caller
        assert asked(caller, registry=host).data["kind"] == "anonymous"

    @given(st.text(max_size=60))
    @settings(max_examples=50)
    def test_no_text_breaks_it(self, caller: Caller, text: str) -> None:
        assert caller.post("/v1/trust", {"host": text}).status in {200, 400}
        assert asked(caller, registry=f"registry.test{text}").status in {200, 400, 502, 503}


class TestMalformed:
    @pytest.mark.fault(34)
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b'"registry.test"',
            b"{}",
            b"{",
            b'{"registry":"registry.test"}}',
            b'{"registry":"registry.test"} x',
            b'{"registry":"registry.test","registry":"registry.test"}',
            b'{"registry":"registry.test","caller":{"annotations":{"a":"1","a":"2"}}}',
            b'{"registry":"registry.test","min_ttl":1e400}',
            b'{"registry":"registry.test","min_ttl":NaN}',
            b'{"registry":"registry.test","min_ttl":Infinity}',
            b'{"registry":"registry.test","min_ttl":-1}',
            b'{"registry":"registry.test","min_ttl":"60"}',
            b'{"registry":"registry.test","min_ttl":true}',
            b'{"registry":"registry.test","deadline":0}',
            b'{"registry":"registry.test","deadline":1e9}',
            b'{"registry":"registry.test","actions":[]}',
            b'{"registry":"registry.test","actions":["*"]}',
            b'{"registry":"registry.test","actions":"pull"}',
            b'{"registry":"registry.test\xff"}',
            b'\xef\xbb\xbf{"registry":"registry.test"}',
            '{"registry":"registry.test"}'.encode("utf-16"),
            b'{"registry":"\\ud800"}',
            b'{"registry":"registry.test","caller":{"token":""}}',
            b'{"registry":"registry.test","caller":{"token":"a\\nb"}}',
            b"[" * 100_000,
            b'{"a":' * 20_000,
        ],
        ids=lambda body: repr(body[:50]),
    )
    def test_it_is_refused_as_such(self, caller: Caller, body: bytes) -> None:
        answer = caller.post("/v1/credentials", body)
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"

    @given(st.binary(max_size=200))
    @settings(max_examples=100)
    @pytest.mark.fault(34)
    def test_no_bytes_break_it(self, caller: Caller, body: bytes) -> None:
        for path in ("/v1/credentials", "/v1/trust"):
            assert caller.post(path, body).status == 400

    def test_a_body_beyond_the_bound_is_not_read_where_its_length_is_said(self, caller: Caller) -> None:
        for length in (b"131073", b"1" * 30):
            answer = caller.post("/v1/credentials", QUESTION, [*HEADERS, (b"content-length", length)])
            assert (answer.status, answer.code, answer.read) == (413, "body_too_large", False)

    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_nor_to_its_end_where_it_is_not(self, caller: Caller, anyio_backend: str) -> None:
        parts = [b" " * 65536] * 1000
        answer = await caller.sent("POST", "/v1/credentials", HEADERS, parts)
        assert (answer.status, answer.code) == (413, "body_too_large")

    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_a_body_in_parts_is_one(self, caller: Caller, anyio_backend: str) -> None:
        whole = json.dumps(QUESTION).encode()
        answer = await caller.sent("POST", "/v1/credentials", HEADERS, [whole[:10], whole[10:], b""])
        assert answer.status == 200


class TestProblems:
    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (CredentialUnavailable("failed"), 502, "credential_unavailable"),
            (CredentialUnavailable("failed", retry_after=29.2), 503, "credential_unavailable"),
            (IdentityRefused("failed"), 502, "identity_refused"),
            (RuntimeError("a-secret"), 502, "contract_violation"),
            (SystemExit("a-secret"), 502, "contract_violation"),
        ],
    )
    def test_a_failed_provider_is_a_typed_problem(
        self, desk: Desk, error: BaseException, status: int, code: str
    ) -> None:
        def fetch(_: object) -> Basic:
            raise error

        caller = Node.of(desk.broker(made_rule(REGISTRY), offered=[MadeProvider(fetch)])).caller
        answer = asked(caller)
        assert (answer.status, answer.code) == (status, code)
        assert answer.data["type"] == f"urn:ocibroker:{code}"
        assert answer.data["culprit"] == "provider made"
        assert answer.headers.get("retry-after") == ("30" if status == 503 else None)
        assert b"a-secret" not in answer.body

    def test_a_provider_that_hangs_is_waited_for_as_long_as_was_said(self, desk: Desk) -> None:
        released = threading.Event()

        def fetch(_: object) -> Basic:
            released.wait(20)
            return ALICE

        caller = Node.of(desk.broker(made_rule(REGISTRY), offered=[MadeProvider(fetch)])).caller
        answer = asked(caller, deadline=0.05)
        released.set()
        assert (answer.status, answer.code) == (504, "deadline_exceeded")

    def test_trust_that_cannot_be_read_is_told_with_its_file(self, desk: Desk, tmp_path: Path) -> None:
        text = f'{rule(REGISTRY)}\n[[tls]]\nmatch = "{REGISTRY}"\nca = ["{tmp_path}/missing.pem"]\n'
        answer = asked(Node.of(desk.broker(text)).caller)
        assert (answer.status, answer.code) == (500, "tls_configuration_error")
        assert answer.data["culprit"].endswith("missing.pem")

    def test_a_bug_is_told_as_such_and_logged_without_its_text(
        self, desk: Desk, caplog: pytest.LogCaptureFixture
    ) -> None:
        node = Node.of(desk.broker(rule(REGISTRY)))
        node.generations.generation = None  # type: ignore[assignment]  # what can only be a bug
        answer = asked(node.caller)
        assert (answer.status, answer.code) == (500, "internal_error")
        assert complaints(caplog.records) == ["POST /v1/credentials failed: AttributeError"]

    def test_no_secret_is_in_any_problem_or_log(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        canary = Canary()

        def fetch(request: FetchRequest[Any]) -> Basic:
            raise CredentialUnavailable("failed", hint="try again")

        node = Node.of(
            desk.broker(
                made_rule(REGISTRY) + rule("fine.test", password=canary.ascii.reveal()),
                offered=[MadeProvider(fetch)],
            )
        )
        token = {"token": canary.ascii.reveal(), "annotations": {"a": canary.ascii.reveal()}}
        told = [
            asked(node.caller, caller=token),
            asked(node.caller, caller=token, registry="other.test"),
            asked(node.caller, caller={**token, "more": canary.ascii.reveal()}),
            asked(node.caller, registry="fine.test", min_ttl="x"),
            node.caller.post("/v1/nothing", token),
            node.caller.post("/v1/credentials", token, [*HEADERS, (b"via", b"x")]),
        ]
        assert asked(node.caller, registry="fine.test").data["secret"] == canary.ascii.reveal()
        assert all(answer.status >= 400 for answer in told)
        assert [canary.hits(answer.body.decode()) for answer in told] == [[]] * len(told)
        assert canary.hits(everything_logged(caplog.records)) == []


def test_callers_without_patience_have_nobody_taken_for_silent(desk: Desk) -> None:
    released = threading.Event()

    def slow(_: object) -> Basic:
        released.wait(20)
        return Basic(username="alice", secret=Secret("wonder"))

    broker = desk.broker(made_rule("slow.test"), offered=[MadeProvider(slow)])
    caller = Node.of(broker).caller
    for _ in range(8):
        impatient = caller.post("/v1/credentials", {"registry": "slow.test", "deadline": 0.02})
        assert (impatient.status, impatient.code) == (504, "deadline_exceeded")
    released.set()
    assert caller.post("/v1/credentials", {"registry": "slow.test"}).status == 200


class TestTrust:
    def test_a_private_authority_is_told_with_the_credential_and_for_any_host(
        self, desk: Desk, tmp_path: Path, roots: Path
    ) -> None:
        authority = Authority()
        ca = authority.write(tmp_path)
        text = (
            rule(REGISTRY) + f'[[tls]]\nmatch = "{REGISTRY}"\nca = ["{ca}"]\nca_only = true\nmin_version = "1.3"\n'
        )
        caller = Node.of(desk.broker(text)).caller
        tls = asked(caller).data["tls"]
        assert tls == caller.post("/v1/trust", {"host": REGISTRY}).data["tls"]
        assert (tls["host"], tls["ca_only"], tls["min_version"], tls["roots"]) == (REGISTRY, True, "1.3", [])
        assert tls["ca"].strip() == ca.read_text().strip()
        other = caller.post("/v1/trust", {"host": "auth.elsewhere.test:8443"}).data["tls"]
        assert (other["host"], other["ca"], other["ca_only"]) == ("auth.elsewhere.test:8443", "", False)
        assert other["roots"] == [str(roots)]

    def test_keys_and_passwords_stay_where_they_are(self, desk: Desk, tmp_path: Path) -> None:
        authority, canary = Authority(), Canary()
        issued = authority.issue("client.test")
        certificate, key = issued.write(tmp_path)
        password = canary.ascii.reveal().replace("/", "-").replace("+", "-")
        text = rule(REGISTRY) + (
            f'[[tls]]\nmatch = "{REGISTRY}"\nclient_cert = "{certificate}"\nclient_key = "{key}"\n'
            f'proxy = "http://me:{password}@proxy.test:3128"\n'
        )
        caller = Node.of(desk.broker(text)).caller
        answer = caller.post("/v1/trust", {"host": REGISTRY})
        tls = answer.data["tls"]
        assert (tls["client_cert"], tls["client_key"]) == (str(certificate), str(key))
        assert (tls["proxy"], tls["proxy_auth"]) == ("http://proxy.test:3128", True)
        assert password.encode() not in answer.body
        assert b"PRIVATE KEY" not in answer.body

    def test_the_digest_changes_with_the_authority(self, desk: Desk, tmp_path: Path, clock: HandClock) -> None:
        ca = Authority().write(tmp_path)
        text = f'[[tls]]\nmatch = "{REGISTRY}"\nca = ["{ca}"]\n'
        caller = Node.of(desk.broker(text, clock=clock)).caller
        first = caller.post("/v1/trust", {"host": REGISTRY}).data["tls"]
        assert caller.post("/v1/trust", {"host": REGISTRY}).data["tls"] == first
        ca.write_text(Authority().write(tmp_path / "..").read_text())
        clock.move(2)
        second = caller.post("/v1/trust", {"host": REGISTRY}).data["tls"]
        assert second["digest"] != first["digest"]

    def test_a_program_in_another_language_reaches_a_private_registry_by_the_data_alone(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        authority = Authority()
        with EmbeddedRegistry(tls=authority.server_context("localhost"), users={"alice": "wonder"}) as registry:
            text = rule(registry.address) + (
                f'[[tls]]\nmatch = "{registry.address}"\nca = ["{authority.write(tmp_path)}"]\nca_only = true\n'
            )
            caller = Node.of(desk.broker(text)).caller
            data = asked(caller, registry=registry.address, repository="app").data
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cadata=data["tls"]["ca"])
            connection = http.client.HTTPSConnection(data["tls"]["host"], context=context)
            basic = b64encode(f"{data['username']}:{data['secret']}".encode()).decode()
            connection.request("GET", "/v2/", headers={"Authorization": f"Basic {basic}"})
            assert connection.getresponse().status == 200
            connection.close()
