"""How a registry's challenge becomes a token, how long that is used, and what happens when it is refused."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Literal
from urllib.parse import parse_qs

import httpx
import pytest

from ocibroker import Access, Anonymous, Basic, Bearer, Credential, IdentityToken, Secret, Target
from ocibroker.auth import DistributionAuth, Granting, PostRefusals, Realms
from ocibroker.cache.troubles import RENEWAL
from ocibroker.clock import Clock
from ocibroker.errors import CannotCarry, ConnectionFailed, IntegrityError, OcibrokerError, RegistryRefused
from ocibroker.origin import Origin
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from ocibroker.transport import Ask, Flow, Send
from tests.transport.answering_server import answering
from tests.transport.brokers import MODES, Desk, Mode, exchange, made_rule, rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, giving
from tests.transport.token_world import TOKEN, asking, issuing

HOST = "registry.test"
TAGS = "/v2/app/tags/list"
UPLOADS = "/v2/app/blobs/uploads/"
REFRESH = "refresh/me+please"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
AUTHS: tuple[Literal["basic", "token"], ...] = ("basic", "token")
Start = Callable[..., EmbeddedRegistry]


@pytest.fixture
def start(authority: Authority) -> Iterator[Start]:
    """Start a registry with that ``auth``; alice's password is "wonder"."""
    started: list[EmbeddedRegistry] = []

    def start_one(auth: Literal["none", "basic", "token"] = "token", **settings: object) -> EmbeddedRegistry:
        arguments = {"users": {"alice": "wonder"}, "host": HOST, **settings}
        registry = EmbeddedRegistry(tls=authority.server_context(HOST), auth=auth, **arguments)  # type: ignore[arg-type]
        started.append(registry.__enter__())
        for name in ("app", "team/other"):
            registry.push(name, "1", b"{}", MANIFEST)
        return registry

    yield start_one
    for registry in started:
        registry.__exit__()


def password(text: str) -> Basic:
    return Basic(username="alice", secret=Secret(text))


def made(
    desk: Desk,
    registry: EmbeddedRegistry,
    provider: MadeProvider,
    *,
    actions: tuple[str, ...] = ("pull",),
    clock: Clock | None = None,
) -> Access:
    broker = desk.broker(made_rule(registry.address), offered=[provider], clock=clock)
    return broker.access(f"{registry.address}/app", actions=actions)


def trail(registry: EmbeddedRegistry) -> list[tuple[str, str, str, int]]:
    """Method, path, scheme of the authorization and status of each request."""
    return [
        (one.method, one.path, one.headers.get("authorization", "-").split()[0], one.status)
        for one in registry.requests
    ]


def statuses(registry: EmbeddedRegistry, path: str) -> list[int]:
    return [one.status for one in registry.requests if one.path == path]


class TestTheFormOfTheExchange:
    @pytest.mark.parametrize("mode", MODES)
    def test_a_password_gets_a_token_by_get(self, desk: Desk, start: Start, mode: Mode) -> None:
        registry = start()
        exchange(made(desk, registry, giving(password("wonder"))), mode, "GET", TAGS)
        assert trail(registry) == [
            ("GET", TAGS, "-", 401),
            ("GET", "/token", "Basic", 200),
            ("GET", TAGS, "Bearer", 200),
        ]

    @pytest.mark.parametrize("mode", MODES)
    def test_an_identity_token_gets_one_by_post(self, desk: Desk, start: Start, mode: Mode) -> None:
        registry = start(refresh_tokens={REFRESH: "alice"})
        token = IdentityToken(secret=Secret(REFRESH))
        exchange(made(desk, registry, giving(token)), mode, "GET", TAGS)
        assert trail(registry) == [
            ("GET", TAGS, "-", 401),
            ("POST", "/token", "-", 200),
            ("GET", TAGS, "Bearer", 200),
        ]

    def test_the_post_is_a_refresh_grant_as_oauth_writes_it(self, desk: Desk, start: Start) -> None:
        registry = start(refresh_tokens={REFRESH: "alice"})
        exchange(made(desk, registry, giving(IdentityToken(secret=Secret(REFRESH)))), "sync", "GET", TAGS)
        [posted] = [one for one in registry.requests if one.path == "/token"]
        assert parse_qs(posted.body.decode()) == {
            "grant_type": ["refresh_token"],
            "service": [registry.address],
            "client_id": ["ocibroker"],
            "scope": ["repository:app:pull"],
            "refresh_token": [REFRESH],
        }
        assert posted.headers["content-type"] == "application/x-www-form-urlencoded"

    @pytest.mark.acceptance(34)
    @pytest.mark.parametrize("status", [404, 405])
    def test_an_endpoint_without_post_is_asked_by_get_from_then_on(
        self, desk: Desk, authority: Authority, status: int
    ) -> None:
        def tokens(request: object) -> CannedResponse:
            return CannedResponse(status) if getattr(request, "method", "") == "POST" else issuing()(request)  # type: ignore[arg-type]

        with answering(tokens, authority.server_context("auth.test")) as endpoint:
            realm = f"auth.test:{endpoint.port}"
            with answering(asking(f"https://{realm}/token"), authority.server_context(HOST)) as registry:
                address = f"{HOST}:{registry.port}"
                token = giving(IdentityToken(username="alice", secret=Secret(REFRESH)))
                broker = desk.broker(made_rule(address, more=f'realms = ["{realm}"]'), offered=[token])
                for repository in ("app", "second", "third"):
                    path = f"/v2/{repository}/tags/list"
                    exchange(broker.access(f"{address}/{repository}"), "sync", "GET", path)
        assert [one.method for one in endpoint.requests] == ["POST", "GET", "GET", "GET"]

    def test_a_bearer_credential_is_sent_at_once_and_never_exchanged(self, desk: Desk, start: Start) -> None:
        registry = start()
        access = made(desk, registry, giving(Bearer(secret=Secret("given"))))
        with pytest.raises(RegistryRefused, match="provider made"):
            exchange(access, "sync", "GET", TAGS)
        assert trail(registry) == [("GET", TAGS, "Bearer", 401)]

    @pytest.mark.parametrize("mode", MODES)
    def test_a_basic_challenge_is_answered_with_the_password(self, desk: Desk, start: Start, mode: Mode) -> None:
        registry = start("basic")
        exchange(made(desk, registry, giving(password("wonder"))), mode, "GET", TAGS)
        assert trail(registry) == [("GET", TAGS, "-", 401), ("GET", TAGS, "Basic", 200)]

    def test_from_then_on_the_password_is_sent_at_once(self, desk: Desk, start: Start) -> None:
        registry = start("basic")
        access = made(desk, registry, giving(password("wonder")))
        for _ in range(3):
            exchange(access, "sync", "GET", TAGS)
        assert statuses(registry, TAGS) == [401, 200, 200, 200]

    def test_an_identity_token_is_nothing_that_a_basic_challenge_can_get(self, desk: Desk, start: Start) -> None:
        registry = start("basic")
        with pytest.raises(RegistryRefused):
            exchange(made(desk, registry, giving(IdentityToken(secret=Secret(REFRESH)))), "sync", "GET", TAGS)
        assert trail(registry) == [("GET", TAGS, "-", 401)]

    def test_of_two_challenges_the_token_is_preferred(self, desk: Desk, start: Start) -> None:
        registry = start()
        both = ('Basic realm="x"', f'Bearer realm="{registry.url}/token"')
        registry.responses[TAGS] = CannedResponse(401, {"WWW-Authenticate": both})
        with pytest.raises(RegistryRefused):
            exchange(made(desk, registry, giving(password("wonder"))), "sync", "GET", TAGS)
        assert [step[2] for step in trail(registry)] == ["-", "Basic", "Bearer"]
        assert trail(registry)[1][1] == "/token"

    @pytest.mark.parametrize("challenge", ["Negotiate", "Digest realm=x", "Basic", ""])
    def test_a_challenge_that_nothing_answers_is_a_refusal(self, desk: Desk, start: Start, challenge: str) -> None:
        registry = start()
        registry.responses[TAGS] = CannedResponse(401, {"WWW-Authenticate": challenge})
        with pytest.raises(RegistryRefused):
            exchange(made(desk, registry, giving(IdentityToken(secret=Secret(REFRESH)))), "sync", "GET", TAGS)
        assert len(registry.requests) == 1

    def test_headers_say_the_credential_for_other_clients(self, desk: Desk, start: Start) -> None:
        registry = start()
        assert made(desk, registry, giving(password("wonder"))).headers() == {
            "Authorization": "Basic YWxpY2U6d29uZGVy"
        }
        assert made(desk, registry, giving(Bearer(secret=Secret("x")))).headers() == {"Authorization": "Bearer x"}
        assert made(desk, registry, giving(Anonymous("nobody"))).headers() == {}
        with pytest.raises(CannotCarry):
            made(desk, registry, giving(IdentityToken(secret=Secret("x")))).headers()


class TestScopes:
    @pytest.mark.parametrize(
        ("actions", "scopes"),
        [
            pytest.param(("pull",), ("repository:app:pull",), id="pull"),
            pytest.param(("pull", "push"), ("repository:app:pull,push",), id="push"),
            pytest.param(("delete", "pull"), ("repository:app:delete,pull",), id="delete"),
        ],
    )
    def test_a_token_is_asked_for_all_that_the_access_is_for(
        self, desk: Desk, start: Start, actions: tuple[str, ...], scopes: tuple[str, ...]
    ) -> None:
        registry = start()
        exchange(made(desk, registry, giving(password("wonder")), actions=actions), "sync", "GET", TAGS)
        assert [one.query["scope"] for one in registry.requests if one.path == "/token"] == [scopes]

    def test_a_mount_asks_for_both_repositories(self, desk: Desk, start: Start) -> None:
        registry = start()
        access = made(desk, registry, giving(password("wonder")), actions=("pull", "push"))
        query = {"mount": "sha256:x", "from": "team/other"}
        assert exchange(access, "sync", "POST", UPLOADS, params=query).status_code == 202
        [asked] = [one for one in registry.requests if one.path == "/token"]
        assert asked.query["scope"] == ("repository:app:pull,push", "repository:team/other:pull")

    def test_a_challenge_without_scope_is_answered_for_the_repository_of_the_request(
        self, desk: Desk, start: Start
    ) -> None:
        registry = start()
        challenge = f'Bearer realm="{registry.url}/token",service="s"'
        registry.responses[TAGS] = CannedResponse(401, {"WWW-Authenticate": challenge})
        with pytest.raises(RegistryRefused):
            exchange(made(desk, registry, giving(password("wonder"))), "sync", "GET", TAGS)
        [asked] = [one for one in registry.requests if one.path == "/token"]
        assert asked.query == {"service": ("s",), "scope": ("repository:app:pull",)}

    def test_a_realms_own_query_is_kept(self, desk: Desk, start: Start) -> None:
        registry = start()
        challenge = f'Bearer realm="{registry.url}/token?account=alice",service="s"'
        registry.responses["/v2/"] = CannedResponse(401, {"WWW-Authenticate": challenge})
        with pytest.raises(RegistryRefused):
            exchange(made(desk, registry, giving(password("wonder"))), "sync", "GET", "/v2/")
        [asked] = [one for one in registry.requests if one.path == "/token"]
        assert asked.query == {"account": ("alice",), "service": ("s",)}

    @pytest.mark.parametrize(
        "parameters",
        ['scope="nonsense"', f'service="{300 * "s"}"', "scope=:a:b"],
        ids=["scope", "service", "empty"],
    )
    def test_an_absurd_challenge_is_an_error_before_anything_is_sent(
        self, desk: Desk, start: Start, parameters: str
    ) -> None:
        registry = start()
        challenge = f'Bearer realm="{registry.url}/token",{parameters}'
        registry.responses[TAGS] = CannedResponse(401, {"WWW-Authenticate": challenge})
        with pytest.raises(IntegrityError):
            exchange(made(desk, registry, giving(password("wonder"))), "sync", "GET", TAGS)
        assert len(registry.requests) == 1


class TestTheLifeOfAToken:
    def test_it_serves_all_requests_of_its_repository_and_action(self, desk: Desk, start: Start) -> None:
        registry = start()
        access = made(desk, registry, giving(password("wonder")))
        for method, path in [("GET", TAGS), ("HEAD", "/v2/app/manifests/1"), ("GET", "/v2/app/manifests/1")]:
            assert exchange(access, "sync", method, path).status_code in {200, 405}
        assert statuses(registry, "/token") == [200]

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            pytest.param("GET", "/v2/team/other/tags/list", id="repository"),
            pytest.param("POST", UPLOADS, id="push"),
            pytest.param("DELETE", "/v2/app/manifests/1", id="delete"),
        ],
    )
    def test_another_repository_or_action_needs_another(
        self, desk: Desk, start: Start, method: str, path: str
    ) -> None:
        registry = start()
        access = made(desk, registry, giving(password("wonder")))
        exchange(access, "sync", "GET", TAGS)
        assert exchange(access, "sync", method, path).status_code < 300
        assert statuses(registry, "/token") == [200, 200]

    def test_it_outlives_the_client_and_the_access(self, desk: Desk, start: Start) -> None:
        registry = start()
        broker = desk.broker(made_rule(registry.address), offered=[giving(password("wonder"))])
        for _ in range(2):
            exchange(broker.access(f"{registry.address}/app"), "sync", "GET", TAGS)
        assert statuses(registry, "/token") == [200]

    @pytest.mark.acceptance(29)
    def test_an_expired_one_is_never_sent(self, desk: Desk, start: Start, clock: HandClock) -> None:
        registry = start(clock=clock.epoch, token_life=300)
        provider = giving(password("wonder"))
        broker = desk.broker(made_rule(registry.address), offered=[provider], clock=clock)
        access = broker.access(f"{registry.address}/app")
        for seconds in (0, 240, 60):  # the registry dates its answers by the machine's own clock
            clock.move(seconds)
            assert exchange(access, "sync", "GET", TAGS).status_code == 200
        assert [step[1:] for step in trail(registry)] == [
            (TAGS, "-", 401),
            ("/token", "Basic", 200),
            (TAGS, "Bearer", 200),
            (TAGS, "Bearer", 200),
            (TAGS, "-", 401),
            ("/token", "Basic", 200),
            (TAGS, "Bearer", 200),
        ]

    @pytest.mark.acceptance(29)
    @pytest.mark.parametrize(
        ("answer", "life"),
        [
            pytest.param({"token": TOKEN}, 60, id="nothing-said"),
            pytest.param({"access_token": TOKEN, "expires_in": 120}, 120, id="access-token"),
            pytest.param({"token": TOKEN, "expires_in": 5}, 60, id="too-short"),
            pytest.param({"token": TOKEN, "expires_in": 120, "issued_at": "2001-01-01T00:00:00Z"}, 60, id="old"),
            pytest.param(
                {"token": TOKEN, "expires_in": 120, "issued_at": "2101-01-01T00:00:00Z"}, 120, id="future"
            ),
            pytest.param(
                {"token": TOKEN, "expires_in": 120, "issued_at": "2001-01-01T00:00:00"}, 120, id="no-zone"
            ),
        ],
    )
    def test_its_life_is_counted_by_our_clock(
        self, desk: Desk, authority: Authority, clock: HandClock, answer: dict[str, object], life: int
    ) -> None:
        with answering(issuing(answer), authority.server_context("auth.test")) as tokens:
            realm = f"auth.test:{tokens.port}"
            with answering(asking(f"https://{realm}/token"), authority.server_context(HOST)) as registry:
                address = f"{HOST}:{registry.port}"
                broker = desk.broker(rule(address, more=f'realms = ["{realm}"]'), clock=clock)
                access = broker.access(f"{address}/app")
                asked = []
                for seconds in (0, life - 1, 1):
                    clock.move(seconds)
                    exchange(access, "sync", "GET", TAGS)
                    asked.append(len(tokens.requests))
        assert asked == [1, 1, 2]

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"<html>", id="html"),
            pytest.param(b"[]", id="list"),
            pytest.param(b"{}", id="no-token"),
            pytest.param(b'{"token": null}', id="null"),
            pytest.param(b'{"token": 7}', id="number"),
            pytest.param(b'{"token": "a b"}', id="space"),
            pytest.param(b'{"token": "a\\r\\nX: y"}', id="line-break"),
            pytest.param(b'{"token": "\\ud800"}', id="lone-surrogate"),
            pytest.param(b'{"token": "x", "expires_in": 0}', id="life-0"),
            pytest.param(b'{"token": "x", "expires_in": -1}', id="life-negative"),
            pytest.param(b'{"token": "x", "expires_in": 1e400}', id="life-infinite"),
            pytest.param(b'{"token": "x", "expires_in": true}', id="life-true"),
            pytest.param(b'{"token": "x", "expires_in": NaN}', id="life-nan"),
            pytest.param(b'{"token": "x", "expires_in": 99999999999}', id="life-for-ever"),
            pytest.param(b'{"token": "x", "issued_at": "yesterday"}', id="issued-yesterday"),
            pytest.param(b'{"token": "' + 70_000 * b"x" + b'"}', id="70-KB"),
            pytest.param(b'{"token": "' + 1_100_000 * b"x" + b'"}', id="1-MB"),
            pytest.param(100_000 * b"[", id="deep"),
            pytest.param(b'{"token": "\xff"}', id="not-utf-8"),
        ],
    )
    @pytest.mark.parametrize("mode", MODES)
    def test_a_malformed_answer_is_an_integrity_error(
        self, desk: Desk, start: Start, answer: bytes, mode: Mode
    ) -> None:
        registry = start()
        registry.responses["/token"] = CannedResponse(200, {"Content-Type": "application/json"}, answer)
        with pytest.raises(IntegrityError):
            exchange(made(desk, registry, giving(password("wonder"))), mode, "GET", TAGS)

    @pytest.mark.parametrize(
        "date", ["", "nonsense", "Mon, 01 Jan 2024 00:00:00 +99999999999999", "Mon, 99 Jan 2024 00:00:00 GMT"]
    )
    def test_a_date_that_is_none_does_not_matter(self, desk: Desk, start: Start, date: str) -> None:
        registry = start()
        body = b'{"token": "x", "issued_at": "2001-01-01T00:00:00Z"}'
        registry.responses["/token"] = CannedResponse(200, {"Date": date}, body)
        with pytest.raises(RegistryRefused):
            exchange(made(desk, registry, giving(password("wonder"))), "sync", "GET", TAGS)

    def test_a_compressed_answer_was_not_asked_for(self, desk: Desk, start: Start) -> None:
        registry = start()
        registry.responses["/token"] = CannedResponse(200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")
        with pytest.raises(IntegrityError, match="compressed"):
            exchange(made(desk, registry, giving(password("wonder"))), "sync", "GET", TAGS)

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            *((status, RegistryRefused) for status in (400, 401, 403)),
            *((status, ConnectionFailed) for status in (404, 429, 500, 503)),
        ],
    )
    def test_an_endpoint_that_fails_is_named(
        self, desk: Desk, start: Start, status: int, error: type[OcibrokerError]
    ) -> None:
        registry = start()
        registry.responses["/token"] = CannedResponse(status)
        with pytest.raises(error, match=rf"^{registry.url}: .*{status}"):
            exchange(made(desk, registry, giving(password("wonder"))), "sync", "GET", TAGS)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _once(content: bytes, mode: Mode) -> Iterator[bytes] | AsyncIterator[bytes]:
    """A body that can be read only once."""

    async def later() -> AsyncIterator[bytes]:
        yield content

    return iter([content]) if mode == "sync" else later()


PUSH = ("pull", "push")


class TestRefusals:
    @pytest.mark.acceptance(30)
    @pytest.mark.parametrize("mode", MODES)
    def test_a_revoked_token_is_fetched_anew_and_the_body_sent_again(
        self, desk: Desk, start: Start, mode: Mode
    ) -> None:
        registry = start()
        access = made(desk, registry, provider := giving(password("wonder")), actions=PUSH)
        exchange(access, mode, "POST", UPLOADS)
        registry.revoke()
        registry.requests.take()
        answer = exchange(access, mode, "POST", UPLOADS, params={"digest": _digest(b"body")}, content=b"body")
        assert answer.status_code == 201
        assert [step[1:] for step in trail(registry)] == [
            (UPLOADS, "Bearer", 401),
            ("/token", "Basic", 200),
            (UPLOADS, "Bearer", 201),
        ]
        assert provider.fetched == 1

    @pytest.mark.acceptance(30)
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("auth", AUTHS)
    def test_a_stale_password_is_fetched_anew_once_and_the_body_sent_again(
        self, desk: Desk, start: Start, auth: Literal["basic", "token"], mode: Mode
    ) -> None:
        registry = start(auth)
        access = made(desk, registry, provider := giving(password("wonder"), password("new")), actions=PUSH)
        exchange(access, mode, "POST", UPLOADS)
        registry.rotate("alice", "new")
        registry.revoke()
        registry.requests.take()
        answer = exchange(access, mode, "POST", UPLOADS, params={"digest": _digest(b"body")}, content=b"body")
        assert (answer.status_code, provider.fetched) == (201, 2)

    @pytest.mark.acceptance(30)
    @pytest.mark.parametrize("mode", MODES)
    def test_a_stale_password_costs_one_refusal_and_one_retry(self, desk: Desk, start: Start, mode: Mode) -> None:
        registry = start("basic")
        access = made(desk, registry, giving(password("wonder"), password("new")))
        exchange(access, mode, "GET", TAGS)
        registry.rotate("alice", "new")
        registry.requests.take()
        exchange(access, mode, "GET", TAGS)
        assert trail(registry) == [("GET", TAGS, "Basic", 401), ("GET", TAGS, "Basic", 200)]

    @pytest.mark.acceptance(30)
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("auth", AUTHS)
    def test_a_wrong_password_is_tried_once_and_names_provider_and_registry(
        self, desk: Desk, start: Start, auth: Literal["basic", "token"], mode: Mode
    ) -> None:
        registry = start(auth)
        access = made(desk, registry, provider := giving(password("wrong")))
        with pytest.raises(
            RegistryRefused, match=rf"^{registry.url}: refused the credential of provider made \(401\)"
        ):
            exchange(access, mode, "GET", TAGS)
        assert [step for step in trail(registry) if step[2] == "Basic"] == [
            ("GET", "/token" if auth == "token" else TAGS, "Basic", 401)
        ]
        assert provider.fetched == 2

    @pytest.mark.acceptance(30)
    def test_a_password_that_stopped_working_is_tried_once(self, desk: Desk, start: Start) -> None:
        registry = start("basic")
        access = made(desk, registry, giving(password("wonder")))
        exchange(access, "sync", "GET", TAGS)
        registry.rotate("alice", "new")
        registry.requests.take()
        with pytest.raises(RegistryRefused):
            exchange(access, "sync", "GET", TAGS)
        assert trail(registry) == [("GET", TAGS, "Basic", 401)]

    def test_a_refusal_after_the_fresh_credential_is_final(self, desk: Desk, start: Start) -> None:
        registry = start("basic")
        access = made(desk, registry, provider := giving(*map(password, ("a", "b", "c"))))
        with pytest.raises(RegistryRefused):
            exchange(access, "sync", "GET", TAGS)
        assert [step[2:] for step in trail(registry)] == [("-", 401), ("Basic", 401), ("Basic", 401)]
        assert provider.fetched == 2

    def test_a_refusal_is_of_that_request_only_and_half_a_minute_later_a_new_credential_is_fetched(
        self, desk: Desk, start: Start
    ) -> None:
        registry, clock = start("basic"), HandClock()
        provider = giving(password("wrong"), password("wrong"), password("wonder"))
        access = made(desk, registry, provider, clock=clock)
        for fetched in (2, 2):
            with pytest.raises(RegistryRefused):
                exchange(access, "sync", "GET", TAGS)
            assert provider.fetched == fetched
        clock.move(RENEWAL.total_seconds())
        assert exchange(access, "sync", "GET", TAGS).status_code == 200
        assert provider.fetched == 3

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("auth", AUTHS)
    def test_a_body_that_can_be_sent_once_is_sent_once_and_after_the_challenge(
        self, desk: Desk, start: Start, auth: Literal["basic", "token"], mode: Mode
    ) -> None:
        registry = start(auth)
        access = made(desk, registry, giving(password("wonder")), actions=PUSH)
        query = {"digest": _digest(b"body")}
        answer = exchange(access, mode, "POST", UPLOADS, params=query, content=_once(b"body", mode))
        assert answer.status_code == 201
        assert [one.path for one in registry.requests if one.path != "/token"] == ["/v2/", UPLOADS]

    @pytest.mark.parametrize("mode", MODES)
    def test_such_a_body_needs_no_second_challenge(self, desk: Desk, start: Start, mode: Mode) -> None:
        registry = start()
        access = made(desk, registry, giving(password("wonder")), actions=PUSH)
        for content in (b"one", b"two"):
            query = {"digest": _digest(content)}
            exchange(access, mode, "POST", UPLOADS, params=query, content=_once(content, mode))
        assert statuses(registry, "/v2/") == [401]

    @pytest.mark.parametrize("mode", MODES)
    def test_such_a_body_goes_to_a_public_registry_unasked(self, desk: Desk, start: Start, mode: Mode) -> None:
        registry = start("none")
        access = made(desk, registry, giving(password("wonder")), actions=PUSH)
        query = {"digest": _digest(b"body")}
        assert (
            exchange(access, mode, "POST", UPLOADS, params=query, content=_once(b"body", mode)).status_code == 201
        )
        assert [step[2] for step in trail(registry)] == ["-", "-"]

    @pytest.mark.parametrize("mode", MODES)
    def test_such_a_body_that_was_refused_is_an_error_and_works_when_it_is_sent_again(
        self, desk: Desk, start: Start, mode: Mode
    ) -> None:
        registry = start()
        access = made(desk, registry, giving(password("wonder")), actions=PUSH)
        exchange(access, mode, "POST", UPLOADS)
        registry.revoke()
        query = {"digest": _digest(b"body")}
        with pytest.raises(OcibrokerError, match="send it again"):
            exchange(access, mode, "POST", UPLOADS, params=query, content=_once(b"body", mode))
        assert (
            exchange(access, mode, "POST", UPLOADS, params=query, content=_once(b"body", mode)).status_code == 201
        )

    @pytest.mark.parametrize("mode", MODES)
    def test_such_a_body_with_a_stale_password_is_refused_and_works_when_it_is_sent_again(
        self, desk: Desk, start: Start, mode: Mode
    ) -> None:
        registry = start("basic")
        access = made(desk, registry, giving(password("wonder"), password("new")), actions=PUSH)
        exchange(access, mode, "POST", UPLOADS)
        registry.rotate("alice", "new")
        query = {"digest": _digest(b"body")}
        with pytest.raises(OcibrokerError):
            exchange(access, mode, "POST", UPLOADS, params=query, content=_once(b"body", mode))
        assert (
            exchange(access, mode, "POST", UPLOADS, params=query, content=_once(b"body", mode)).status_code == 201
        )


class TestAnonymousAccess:
    @pytest.mark.acceptance(20)
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("auth", AUTHS)
    def test_without_a_rule_nothing_is_sent_and_the_error_says_so(
        self, desk: Desk, start: Start, auth: Literal["basic", "token"], mode: Mode
    ) -> None:
        registry = start(auth)
        access = desk.broker().access(f"{registry.address}/app")
        why = rf"none was sent: no rule matches {registry.address}/app, and there is no login"
        with pytest.raises(RegistryRefused, match=why):
            exchange(access, mode, "GET", TAGS)
        assert {step[2] for step in trail(registry)} == {"-"}

    @pytest.mark.parametrize("mode", MODES)
    def test_a_public_registry_gives_tokens_to_everybody(self, desk: Desk, start: Start, mode: Mode) -> None:
        registry = start(users={})
        access = desk.broker().access(f"{registry.address}/app")
        assert exchange(access, mode, "GET", TAGS).status_code == 200
        assert trail(registry)[1] == ("GET", "/token", "-", 200)

    def test_the_reason_of_a_provider_is_told(self, desk: Desk, start: Start) -> None:
        registry = start("basic")
        with pytest.raises(RegistryRefused, match="none was sent: nobody is logged in"):
            exchange(made(desk, registry, giving(Anonymous("nobody is logged in"))), "sync", "GET", TAGS)

    def test_a_login_is_noticed_by_the_same_client(self, desk: Desk, start: Start, clock: HandClock) -> None:
        registry = start("basic")
        provider = giving(Anonymous("nobody is logged in"), password("wonder"))
        broker = desk.broker(made_rule(registry.address), offered=[provider], clock=clock)
        access = broker.access(f"{registry.address}/app")
        clock.move(6)
        assert exchange(access, "sync", "GET", TAGS).status_code == 200


class TestARotatedPassword:
    @pytest.mark.acceptance(33)
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("auth", AUTHS)
    def test_the_next_request_reads_a_file_that_has_changed(
        self, desk: Desk, start: Start, clock: HandClock, auth: Literal["basic", "token"], mode: Mode
    ) -> None:
        registry, file = start(auth), desk.folder / "password"
        file.write_text("wonder\n")
        options = f'options = {{ username = "alice", password = {{ file = "{file}" }} }}'
        broker = desk.broker(made_rule(registry.address, provider="basic", more=options), clock=clock)
        access = broker.access(f"{registry.address}/app")
        exchange(access, mode, "GET", TAGS)
        file.write_text("rotated\n")
        registry.rotate("alice", "rotated")
        registry.revoke()
        clock.move(2)
        registry.requests.take()
        assert exchange(access, mode, "GET", TAGS).status_code == 200
        assert 401 not in statuses(registry, "/token")

    def test_tokens_of_the_old_password_are_not_used_with_the_new_one(
        self, desk: Desk, start: Start, clock: HandClock
    ) -> None:
        registry, file = start(), desk.folder / "password"
        file.write_text("wonder")
        options = f'options = {{ username = "alice", password = {{ file = "{file}" }} }}'
        broker = desk.broker(made_rule(registry.address, provider="basic", more=options), clock=clock)
        access = broker.access(f"{registry.address}/app")
        exchange(access, "sync", "GET", TAGS)
        file.write_text("rotated")
        registry.rotate("alice", "rotated")
        clock.move(2)
        exchange(access, "sync", "GET", TAGS)
        assert statuses(registry, "/token") == [200, 200]


class TestTheFlowItself:
    """Sans I/O: two flows of one access, stepped by hand."""

    @pytest.fixture
    def auth(self, clock: HandClock) -> DistributionAuth:
        realms = Realms(Origin.parse("https://registry.test"))
        return DistributionAuth(Target("registry.test", "app"), Granting(realms, PostRefusals(), "made"), clock)

    def test_a_token_that_arrives_late_is_not_used_with_another_accounts_credential(
        self, auth: DistributionAuth
    ) -> None:
        slow, quick, later = (auth.flow(httpx.Request("GET", f"https://registry.test{TAGS}")) for _ in range(3))
        _up_to_the_token(slow, password("old"))
        _up_to_the_token(quick, password("new"))
        _to_the_end(quick, "new")
        _to_the_end(slow, "old")
        assert isinstance(next(later), Ask)
        step = later.send(password("new"))
        assert isinstance(step, Send)
        assert step.request.headers["authorization"] == "Bearer new"

    def test_so_many_tokens_that_they_crowd_each_other_out_are_forgotten(self, auth: DistributionAuth) -> None:
        paths = [f"/v2/app{at}/tags/list" for at in range(300)]
        for path in paths:
            flow = auth.flow(httpx.Request("GET", f"https://registry.test{path}"))
            _up_to_the_token(flow, password("wonder"))
            _to_the_end(flow, path)
        known = [self.known(auth, path) for path in paths]
        assert (known[-1], 0 < sum(known) < 300) == (True, True)

    @staticmethod
    def known(auth: DistributionAuth, path: str) -> bool:
        flow = auth.flow(httpx.Request("GET", f"https://registry.test{path}"))
        next(flow)
        step = flow.send(password("wonder"))
        return isinstance(step, Send) and "authorization" in step.request.headers


def _up_to_the_token(flow: Flow, credential: Credential) -> None:
    assert isinstance(next(flow), Ask)
    assert isinstance(flow.send(credential), Send)
    challenge = {"www-authenticate": 'Bearer realm="https://registry.test/token"'}
    assert isinstance(flow.send(httpx.Response(401, headers=challenge)), Send)


def _to_the_end(flow: Flow, token: str) -> None:
    assert isinstance(flow.send(httpx.Response(200, json={"token": token})), Send)
    with pytest.raises(StopIteration):
        flow.send(httpx.Response(200))
