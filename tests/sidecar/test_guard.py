"""T4 and T5: what no caller of ours sends, and what a browser or a neighbour's request cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ocibroker import Basic, Secret
from ocibroker.sidecar.application import Application
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.listener import Listener, everybody
from ocibroker.sidecar.message import Call, Reply
from ocibroker.sidecar.peer import Peer
from tests.sidecar.asgi import HEADERS, SOCKET, Answered, Caller, Head, without
from tests.sidecar.node import Node, OneGeneration
from tests.transport.brokers import Desk, made_rule
from tests.transport.made_provider import MadeProvider, giving

QUESTION = {"registry": "registry.test", "repository": "app"}


@pytest.fixture
def provider() -> MadeProvider:
    return giving(Basic(username="alice", secret=Secret("wonder")))


@pytest.fixture
def caller(desk: Desk, provider: MadeProvider) -> Caller:
    made = Node.of(desk.broker(made_rule("registry.test"), offered=[provider])).caller
    made.listener = replace(SOCKET, hosts=frozenset({"127.0.0.1:9464", "[::1]:9464", "ocibroker"}))
    return made


def host(value: bytes) -> Head:
    return [(b"host", value), *without(b"host")]


@pytest.mark.parametrize("value", [b"127.0.0.1:9464", b"[::1]:9464", b"ocibroker", b"OCIBROKER"])
def test_a_host_of_the_listener_is_answered(caller: Caller, value: bytes) -> None:
    assert caller.post("/v1/credentials", QUESTION, host(value)).status == 200


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"evil.com", "host_refused"),
        (b"localhost.evil.com", "host_refused"),
        (b"127.0.0.1.nip.io", "host_refused"),
        (b"127.0.0.1", "host_refused"),
        (b"127.0.0.1:80", "host_refused"),
        (b"127.0.0.1:9464.evil.com", "host_refused"),
        (b"[::1]", "host_refused"),
        (b"::1:9464", "host_refused"),
        (b"127.0.0.1:9464, evil.com", "host_refused"),
        (b"127.0.0.1:9464@evil.com", "host_refused"),
        (b"\xe9vil", "host_refused"),
        (b"ocibroker.", "host_refused"),
        (b"", "host_missing"),
    ],
)
def test_any_other_host_is_refused(caller: Caller, provider: MadeProvider, value: bytes, code: str) -> None:
    answer = caller.post("/v1/credentials", QUESTION, host(value))
    assert (answer.code, answer.read, provider.fetched) == (code, False, 0)
    assert answer.status in {400, 403}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("10.0.0.7:9465", 200),
        ("127.0.0.1:9465", 200),
        ("[fd00::7]:9465", 200),
        ("10.0.0.7", 403),
        ("10.0.0.7:80", 403),
        ("evil.com:9465", 403),
        ("10.0.0.7.nip.io:9465", 403),
        ("2130706433:9465", 403),
    ],
)
def test_at_all_addresses_of_a_machine_any_address_will_do_and_no_name(
    caller: Caller, host: str, status: int
) -> None:
    everywhere = replace(caller, listener=Listener(name="tcp", hosts=frozenset(), everywhere=9465))
    head = [(b"host", host.encode()), *without(b"host")]
    assert everywhere.post("/v1/trust", b'{"host": "registry.test"}', head).status == status


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (without(b"host"), "host_missing"),
        ([*HEADERS, (b"host", b"ocibroker")], "duplicate_header"),
        ([*HEADERS, (b"content-length", b"2"), (b"content-length", b"3")], "duplicate_header"),
        ([*HEADERS, (b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")], "duplicate_header"),
        ([*HEADERS, (b"ocibroker-request", b"1")], "duplicate_header"),
    ],
)
def test_a_missing_host_and_a_field_twice_are_malformed(caller: Caller, head: Head, code: str) -> None:
    answer = caller.post("/v1/credentials", QUESTION, head)
    assert (answer.status, answer.code, answer.read) == (400, code, False)


@pytest.mark.parametrize(
    "target",
    [
        b"http://evil.com/v1/credentials",
        b"http://ocibroker:80/v1/credentials",
        b"ftp://ocibroker/",
        b"*",
        b"ocibroker",
    ],
)
def test_a_target_with_another_authority_than_host_is_malformed(caller: Caller, target: bytes) -> None:
    answer = caller.send("POST", "/v1/credentials", HEADERS, b"{}", target=target)
    assert (answer.status, answer.code, answer.read) == (400, "host_mismatch", False)


def test_a_target_with_the_same_authority_as_host_is_answered(caller: Caller) -> None:
    answer = caller.send(
        "POST", "/v1/trust", HEADERS, b'{"host":"registry.test"}', target=b"http://ocibroker/v1/trust"
    )
    assert answer.status == 200


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        (b"origin", b"http://127.0.0.1:9464", 403),
        (b"origin", b"null", 403),
        (b"origin", b"", 403),
        (b"sec-fetch-site", b"same-origin", 403),
        (b"sec-fetch-mode", b"no-cors", 403),
        (b"sec-fetch-dest", b"empty", 403),
        (b"x-forwarded-for", b"10.0.0.1", 400),
        (b"x-forwarded-host", b"ocibroker", 400),
        (b"x-forwarded-proto", b"https", 400),
        (b"forwarded", b"for=10.0.0.1", 400),
        (b"via", b"1.1 proxy", 400),
    ],
)
def test_what_a_browser_or_a_relay_adds_is_refused(
    caller: Caller, provider: MadeProvider, name: bytes, value: bytes, status: int
) -> None:
    answer = caller.post("/v1/credentials", QUESTION, [*HEADERS, (name, value)])
    assert (answer.status, answer.read, provider.fetched) == (status, False, 0)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", ["/v1/credentials", "/v1/trust", "/v1/helpers/docker/get"])
def test_only_post_asks_for_anything(caller: Caller, method: str, path: str) -> None:
    answer = caller.send(method, path)
    assert (answer.status, answer.headers["allow"], answer.read) == (405, "POST", False)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (without(b"ocibroker-request"), 400),
        ([*without(b"ocibroker-request"), (b"ocibroker-request", b"0")], 400),
        (without(b"content-type"), 415),
        ([*without(b"content-type"), (b"content-type", b"text/plain")], 415),
        ([*without(b"content-type"), (b"content-type", b"application/x-www-form-urlencoded")], 415),
        ([*HEADERS, (b"content-encoding", b"gzip")], 415),
    ],
)
def test_a_form_could_not_have_sent_it(caller: Caller, provider: MadeProvider, head: Head, status: int) -> None:
    answer = caller.post("/v1/credentials", QUESTION, head)
    assert (answer.status, answer.read, provider.fetched) == (status, False, 0)


def test_a_parameter_of_the_content_type_is_fine(caller: Caller) -> None:
    head = [*without(b"content-type"), (b"content-type", b"Application/JSON; charset=utf-8")]
    assert caller.post("/v1/credentials", QUESTION, head).status == 200


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/credentials/", "/v2/credentials", "/livez", "/v1/helpers/git/forget"]
)
def test_what_is_not_there_is_not_found(caller: Caller, path: str) -> None:
    answer = caller.post(path, {})
    assert (answer.status, answer.code) == (404, "no_such_endpoint")


class TestAdmission:
    @pytest.fixture
    def closed(self, caller: Caller) -> Caller:
        def admits(peer: Peer, authorization: bytes | None) -> bool:
            return authorization == b"Bearer right"

        caller.listener = replace(caller.listener, admits=admits)
        return caller

    @pytest.mark.parametrize("authorization", [None, b"Bearer wrong", b"Bearer \xe9", b"", b"Basic cmlnaHQ="])
    @pytest.mark.parametrize("path", ["/v1/credentials", "/v1/nothing"])
    def test_all_who_may_not_ask_hear_the_same_before_their_body_is_read(
        self, closed: Caller, authorization: bytes | None, path: str
    ) -> None:
        more = [] if authorization is None else [(b"authorization", authorization)]
        answer = closed.post(path, QUESTION, [*HEADERS, *more])
        assert (answer.status, answer.code, answer.read) == (401, "unauthorized", False)
        assert answer.body == closed.post("/", b"", HEADERS).body

    def test_who_may_is_answered(self, closed: Caller) -> None:
        head = [*HEADERS, (b"authorization", b"Bearer right")]
        assert closed.post("/v1/credentials", QUESTION, head).status == 200


class TestEveryReply:
    @pytest.fixture(params=["/v1/credentials", "/v1/trust", "/v1/nothing", "/v1/helpers/docker/get"])
    def answer(self, caller: Caller, request: pytest.FixtureRequest) -> Answered:
        return caller.post(request.param, QUESTION)

    def test_is_kept_by_nobody_and_taken_for_nothing_else(self, answer: Answered) -> None:
        assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == (
            "no-store",
            "nosniff",
        )

    def test_lets_no_other_origin_read_it(self, answer: Answered) -> None:
        assert not [name for name in answer.headers if name.startswith("access-control-")]


class TestWhatIsShownToPeople:
    """The status page, which a browser may ask for where its user goes there himself."""

    PAGE: Head = ((b"host", b"127.0.0.1:9465"),)
    TYPED = ((b"sec-fetch-site", b"none"), (b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"document"))

    @pytest.fixture
    def admin(self, desk: Desk) -> Caller:
        async def shown(call: Call) -> Reply:
            return Reply(body=call.query)

        broker = desk.broker()
        places = {("GET", "/"): shown, ("GET", "/metrics"): shown, ("POST", "/v1/admin/evict"): shown}
        application = Application(OneGeneration(Generation(1, broker.config, broker)), admin=places)
        listener = Listener(name="admin", hosts=frozenset({"127.0.0.1:9465"}), administers=everybody)
        return Caller(application, listener)

    @pytest.mark.parametrize(
        "head", [(), TYPED, (*TYPED, (b"sec-fetch-user", b"?1"))], ids=["curl", "typed", "user"]
    )
    def test_it_is_shown(self, admin: Caller, head: Head) -> None:
        assert admin.send("GET", "/", [*self.PAGE, *head]).status == 200

    def test_our_own_link_is_followed(self, admin: Caller) -> None:
        head = [*self.PAGE, (b"sec-fetch-site", b"same-origin"), *self.TYPED[1:]]
        assert admin.send("GET", "/", head).status == 200

    @pytest.mark.parametrize(
        "head",
        [
            ((b"sec-fetch-site", b"cross-site"), *TYPED[1:]),
            ((b"sec-fetch-site", b"same-site"), *TYPED[1:]),
            (TYPED[0], (b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"iframe")),
            (TYPED[0], (b"sec-fetch-mode", b"no-cors"), (b"sec-fetch-dest", b"image")),
            (TYPED[0], (b"sec-fetch-mode", b"cors"), (b"sec-fetch-dest", b"empty")),
            ((b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"document")),
            ((b"sec-fetch-user", b"?1"),),
            (*TYPED, (b"origin", b"http://127.0.0.1:9465")),
        ],
    )
    def test_another_page_does_not_get_it(self, admin: Caller, head: Head) -> None:
        answer = admin.send("GET", "/", [*self.PAGE, *head])
        assert (answer.status, answer.code) == (403, "browser_refused")

    @pytest.mark.parametrize("field", [b"x-forwarded-for", b"via", b"forwarded"])
    def test_a_relay_does_not_get_it(self, admin: Caller, field: bytes) -> None:
        assert admin.send("GET", "/", [*self.PAGE, (field, b"x")]).code == "relay_refused"

    @pytest.mark.parametrize(("method", "path"), [("GET", "/metrics"), ("POST", "/v1/admin/evict")])
    def test_a_browser_gets_nothing_else(self, admin: Caller, method: str, path: str) -> None:
        assert admin.send(method, path, [*self.PAGE, *self.TYPED]).code == "browser_refused"

    def test_another_host_is_refused_all_the_same(self, admin: Caller) -> None:
        assert admin.send("GET", "/", [(b"host", b"evil.example:9465"), *self.TYPED]).code == "host_refused"
