"""``Broker.connect``: the same accesses, with credentials and trust from a sidecar and connections of one's own."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from ocibroker import Access, Anonymous, Basic, Bearer, Broker, Caller, IdentityToken, Secret, errors
from ocibroker.api import CredentialQuestion, error_of, problem_of
from ocibroker.api.problem import STATUS, code_of
from ocibroker.deadline import Deadline
from ocibroker.errors import (
    ConnectionFailed,
    CredentialUnavailable,
    DeadlineExceeded,
    IdentityRefused,
    IntegrityError,
    OcibrokerError,
    RealmRefused,
    RegistryRefused,
    TargetNotAllowed,
    TLSConfigurationError,
    TLSFailed,
    UsageError,
)
from ocibroker.provider import FetchRequest, Identity, Request
from ocibroker.remote.line import Line
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from tests.architecture.house import ROOT
from tests.broker.children import unmeasured
from tests.sidecar.impostor import answering
from tests.sidecar.node import Node
from tests.transport.brokers import MODES, Desk, Mode, ask, exchange, made_rule, rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, NoOptions, giving
from tests.transport.raw_server import RawServer, raw_unix

TAGS = "/v2/team/app/tags/list"
Connect = Callable[..., Broker]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "broker.sock"


@pytest.fixture
def connect(place: Path, desk: Desk, roots: Path) -> Iterator[Connect]:
    """Brokers of the sidecar at ``place``; what they trust as the system's roots is nothing that a test uses."""
    opened = []

    def connected(**settings: Any) -> Broker:  # noqa: ANN401  # those of Broker.connect
        broker = Broker.connect(
            place, **{"environ": {"SSL_CERT_FILE": str(roots)}, "route": desk.route, **settings}
        )
        opened.append(broker)
        return broker

    yield connected
    for broker in opened:
        broker.close()


@pytest.fixture
def private(tmp_path: Path) -> Authority:
    return Authority()


@pytest.fixture
def registry(private: Authority) -> Iterator[EmbeddedRegistry]:
    """A registry that only who knows ``private`` trusts."""
    with EmbeddedRegistry(tls=private.server_context("localhost"), auth="token", users={"alice": "wonder"}) as one:
        one.push("team/app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        yield one


class ForEachCaller(MadeProvider):
    """Gives each caller a credential of its own."""

    def identity(self, request: Request[NoOptions]) -> Identity:
        token = request.caller.token if request.caller else None
        return Identity((token.reveal() if token else "",))


def trusting(registry: EmbeddedRegistry, authority: Authority, folder: Path) -> str:
    return f'[[tls]]\nmatch = "{registry.address}"\nca = ["{authority.write(folder)}"]\nca_only = true\n'


class TestTheSameAccess:
    @pytest.mark.parametrize("mode", MODES)
    def test_it_reaches_a_private_registry_by_what_the_sidecar_says_alone(
        self,
        desk: Desk,
        connect: Connect,
        place: Path,
        registry: EmbeddedRegistry,
        private: Authority,
        tmp_path: Path,
        mode: Mode,
    ) -> None:
        text = rule(registry.address) + trusting(registry, private, tmp_path)
        whole = desk.broker(text)
        with Node.of(whole).at(place):
            access = ask(connect(), mode, f"{registry.address}/team/app")
            assert exchange(access, mode, "GET", TAGS).json() == {"name": "team/app", "tags": ["1"]}
        own = whole.access(f"{registry.address}/team/app")
        for same in ("target", "origin", "credential", "provider", "why"):
            assert getattr(access, same) == getattr(own, same)
        assert access.tls.ca_only
        assert access.tls.ssl_context().get_ca_certs() == own.tls.ssl_context().get_ca_certs()

    @pytest.mark.parametrize(
        "credential",
        [
            Basic(username="alice", secret=Secret("wonder")),
            IdentityToken(secret=Secret("refresh")),
            Bearer(secret=Secret("token")),
            Anonymous("nobody is logged in"),
        ],
        ids=lambda one: type(one).__name__,
    )
    def test_every_kind_arrives_as_it_is(
        self, desk: Desk, connect: Connect, place: Path, credential: Basic | Anonymous
    ) -> None:
        with Node.of(desk.broker(made_rule("registry.test"), offered=[giving(credential)])).at(place):
            access = connect().access("registry.test")
        assert access.credential == credential
        assert access.provider == "made"
        assert access.transport is not None

    def test_where_nobody_answers_access_is_anonymous_and_says_so(
        self, desk: Desk, connect: Connect, place: Path
    ) -> None:
        with Node.of(desk.broker("[sidecar]\nambient = true\n")).at(place):
            access = connect().access("registry.test")
        assert (access.provider, isinstance(access.credential, Anonymous)) == (None, True)

    def test_a_token_endpoint_on_another_host_is_trusted_only_where_the_sidecar_says_so(
        self, desk: Desk, connect: Connect, place: Path, private: Authority, tmp_path: Path
    ) -> None:
        users = {"alice": "wonder"}
        with (
            EmbeddedRegistry(tls=private.server_context("localhost"), auth="token", users=users) as tokens,
            EmbeddedRegistry(
                tls=private.server_context("localhost"), auth="token", users=users, realm=f"{tokens.url}/token"
            ) as registry,
        ):
            trust = f'[[tls]]\nmatch = "localhost:{tokens.port}"\nca = ["{private.write(tmp_path)}"]\n'
            text = trust + trusting(registry, private, tmp_path) + rule(registry.address)
            node = Node.of(desk.broker(text))
            with node.at(place):
                with pytest.raises(RealmRefused):
                    exchange(connect().access(f"{registry.address}/team/app"), "sync", "GET", TAGS)
                assert [*tokens.requests] == []
                listed = rule(registry.address, more=f'realms = ["{tokens.address}"]')
                node.reload(desk.broker(trust + trusting(registry, private, tmp_path) + listed))
                with pytest.raises(RegistryRefused):  # which knows no token of another's
                    exchange(connect().access(f"{registry.address}/team/app"), "sync", "GET", TAGS)
            assert [one.headers["authorization"][:5] for one in tokens.requests][:1] == ["Basic"]

    def test_a_callers_token_is_passed_on_and_two_callers_are_two(
        self, desk: Desk, connect: Connect, place: Path
    ) -> None:
        def fetch(request: FetchRequest[Any]) -> Bearer:
            assert request.caller is not None
            assert request.caller.token is not None
            return Bearer(secret=Secret(f"for-{request.caller.token.reveal()}-{request.caller.annotations['pod']}"))

        def caller(name: str) -> Caller:
            return Caller(token=Secret(name), annotations={"pod": "web"})

        provider = ForEachCaller(fetch)
        with Node.of(desk.broker(made_rule("registry.test"), offered=[provider])).at(place):
            broker = connect()
            given = [broker.access("registry.test", caller=caller(name)).credential for name in ("a", "b", "a")]
        assert given == [Bearer(secret=Secret(f"for-{name}-web")) for name in ("a", "b", "a")]


class TestLife:
    def test_what_is_known_is_not_asked_for_again(
        self, desk: Desk, connect: Connect, place: Path, clock: HandClock
    ) -> None:
        made = MadeProvider(lambda _: Bearer(secret=Secret("t"), expires_at=clock.now() + timedelta(hours=1)))
        broker = connect(clock=clock)
        with Node.of(desk.broker(made_rule("registry.test"), offered=[made], clock=clock)).at(place):
            first = broker.access("registry.test")
            assert broker.access("registry.test") is first
        assert broker.access("registry.test") is first

    @pytest.mark.parametrize("mode", MODES)
    def test_a_life_that_is_too_short_has_the_sidecar_asked(
        self, desk: Desk, connect: Connect, place: Path, clock: HandClock, mode: Mode
    ) -> None:
        def fetch(_: object) -> Bearer:
            return Bearer(secret=Secret(f"token-{made.fetched}"), expires_at=clock.now() + timedelta(hours=1))

        made = MadeProvider(fetch)
        node = Node.of(desk.broker(made_rule("registry.test"), offered=[made], clock=clock, ahead=False))
        broker = connect(clock=clock)
        with node.at(place):
            secrets = []
            for pause, min_ttl in ((0, 60.0), (2000, 60.0), (31, 1700.0)):
                clock.move(pause)
                credential = ask(broker, mode, "registry.test", min_ttl=min_ttl).credential
                assert isinstance(credential, Bearer)
                secrets.append(credential.secret.reveal())
        assert secrets == ["token-1", "token-1", "token-2"]

    @pytest.mark.parametrize("mode", MODES)
    def test_a_credential_that_the_registry_refuses_is_fetched_anew_through_the_sidecar(
        self,
        desk: Desk,
        connect: Connect,
        place: Path,
        registry: EmbeddedRegistry,
        private: Authority,
        tmp_path: Path,
        mode: Mode,
    ) -> None:
        stale, good = (Basic(username="alice", secret=Secret(text)) for text in ("stale", "wonder"))
        made = giving(stale, good)
        text = made_rule(registry.address) + trusting(registry, private, tmp_path)
        with Node.of(desk.broker(text, offered=[made])).at(place):
            access = ask(connect(), mode, f"{registry.address}/team/app")
            assert access.credential == stale
            assert exchange(access, mode, "GET", TAGS).status_code == httpx.codes.OK
        assert made.fetched == 2

    def test_a_password_that_was_changed_is_noticed_within_half_a_minute(
        self, desk: Desk, connect: Connect, place: Path, clock: HandClock
    ) -> None:
        node, broker = Node.of(desk.broker(rule("registry.test", password="old"))), connect(clock=clock)
        with node.at(place):
            broker.access("registry.test")
            node.reload(desk.broker(rule("registry.test", password="new")))
            clock.move(31)
            assert broker.access("registry.test").credential == Basic(username="alice", secret=Secret("new"))

    @pytest.mark.fault(13)
    def test_an_authority_that_is_exchanged_is_trusted_some_seconds_later(
        self, desk: Desk, connect: Connect, place: Path, tmp_path: Path, clock: HandClock
    ) -> None:
        old, new = Authority(), Authority()
        with EmbeddedRegistry(tls=new.server_context("localhost"), auth="none") as registry:
            broker = connect(clock=clock)
            text = rule(registry.address) + trusting(registry, old, tmp_path)
            with Node.of(desk.broker(text, clock=clock)).at(place):
                with pytest.raises(TLSFailed):
                    exchange(broker.access(registry.address), "sync", "GET", "/v2/")
                new.write(tmp_path)
                clock.move(6)
                assert exchange(broker.access(registry.address), "sync", "GET", "/v2/").status_code == 200

    def test_trust_holds_on_while_the_sidecar_is_away(
        self,
        desk: Desk,
        connect: Connect,
        place: Path,
        registry: EmbeddedRegistry,
        private: Authority,
        tmp_path: Path,
        clock: HandClock,
    ) -> None:
        broker = connect(clock=clock)
        text = rule(registry.address) + trusting(registry, private, tmp_path)
        with Node.of(desk.broker(text, clock=clock)).at(place):
            access = broker.access(f"{registry.address}/team/app")
        clock.move(20)
        assert exchange(access, "sync", "GET", TAGS).status_code == httpx.codes.OK


class TestTrust:
    def test_the_roots_that_the_sidecars_environment_names_are_trusted_here_too(
        self, desk: Desk, connect: Connect, place: Path, authority: Authority, tmp_path: Path
    ) -> None:
        empty = Authority().write(tmp_path / "other")
        with (
            EmbeddedRegistry(tls=authority.server_context("localhost"), auth="none") as registry,
            Node.of(desk.broker(rule(registry.address))).at(place),
        ):
            access = connect(environ={"SSL_CERT_FILE": str(empty)}).access(registry.address)
            assert exchange(access, "sync", "GET", "/v2/").status_code == 200

    def test_a_client_certificate_is_read_here_and_shown_to_its_host(
        self, desk: Desk, connect: Connect, place: Path, private: Authority, tmp_path: Path
    ) -> None:
        certificate, key = private.issue("client.test").write(tmp_path)
        tls = private.server_context("localhost", client_authority=private)
        with EmbeddedRegistry(tls=tls, auth="none") as registry:
            text = rule(registry.address) + trusting(registry, private, tmp_path)
            text += f'client_cert = "{certificate}"\nclient_key = "{key}"\n'
            with Node.of(desk.broker(text)).at(place):
                exchange(connect().access(registry.address), "sync", "GET", "/v2/")
            assert [one.client_certificate for one in registry.requests] == [True]

    def test_a_proxys_password_is_the_callers_own(
        self, desk: Desk, connect: Connect, place: Path, tmp_path: Path
    ) -> None:
        text = (
            rule("registry.test") + '[[tls]]\nmatch = "registry.test"\nproxy = "http://node:secret@proxy.test:3128"'
        )
        environ = {"HTTPS_PROXY": "http://me:mine@proxy.test:3128"}
        with Node.of(desk.broker(text)).at(place):
            bare = connect().access("registry.test").tls.proxy
            mine = connect(environ=environ).access("registry.test").tls.proxy
        assert bare is not None
        assert mine is not None
        assert (str(bare), bare.username, bare.password) == ("http://proxy.test:3128", "", None)
        assert (mine.username, mine.password) == ("me", Secret("mine"))

    def test_a_proxy_of_the_environment_is_not_used_unless_the_sidecar_says_so(
        self, desk: Desk, connect: Connect, place: Path
    ) -> None:
        with Node.of(desk.broker(rule("registry.test"))).at(place):
            access = connect(environ={"HTTPS_PROXY": "http://proxy.test:3128"}).access("registry.test")
        assert access.tls.proxy is None

    def test_plain_http_is_spoken_where_the_sidecar_says_so(
        self, desk: Desk, connect: Connect, place: Path
    ) -> None:
        with EmbeddedRegistry(auth="none") as registry:
            text = rule(registry.address) + f'[[tls]]\nmatch = "{registry.address}"\nplain_http = true\n'
            with Node.of(desk.broker(text)).at(place):
                access = connect().access(registry.address)
                assert exchange(access, "sync", "GET", "/v2/").status_code == 200
            assert access.origin.scheme == "http"


class TestErrors:
    @pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.__name__)
    def test_every_error_of_the_tree_arrives_as_it_was_sent(self, kind: type[OcibrokerError]) -> None:
        error = kind("went wrong", culprit="registry.test", hint="mend it", retry_after=12.0)
        back = error_of(problem_of(error))
        assert (type(back), str(back), back.retry_after) == (kind, str(error), 12.0)

    def test_every_error_of_the_tree_has_a_code_of_its_own(self) -> None:
        tree = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, OcibrokerError)}
        assert STATUS.keys() == tree
        assert len({code_of(kind) for kind in tree}) == len(tree)

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("kind", [CredentialUnavailable, IdentityRefused, DeadlineExceeded])
    def test_a_providers_failure_is_the_same_error_here(
        self, desk: Desk, connect: Connect, place: Path, kind: type[OcibrokerError], mode: Mode
    ) -> None:
        def fetch(_: object) -> Basic:
            raise kind("went wrong", hint="mend it")

        with (
            Node.of(desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch)])).at(place),
            pytest.raises(kind, match=r"provider made: went wrong \(mend it\)"),
        ):
            ask(connect(), mode, "registry.test")

    def test_a_target_out_of_reach_is_refused(self, desk: Desk, connect: Connect, place: Path) -> None:
        with (
            Node.of(desk.broker(rule("registry.test"))).at(place),
            pytest.raises(TargetNotAllowed, match=r"other\.test: is named by no rule"),
        ):
            connect().access("other.test")

    def test_trust_that_the_sidecar_cannot_read_is_its_error(
        self, desk: Desk, connect: Connect, place: Path, tmp_path: Path
    ) -> None:
        text = f'[[tls]]\nmatch = "registry.test"\nca = ["{tmp_path}/missing.pem"]\n'
        with (
            Node.of(desk.broker(text + rule("registry.test"))).at(place),
            pytest.raises(TLSConfigurationError, match=r"missing\.pem"),
        ):
            connect().access("registry.test")

    @pytest.mark.parametrize(
        ("there", "why"),
        [
            ("nothing", "it is not there (start `ocibroker serve`)"),
            (
                "a left over socket",
                "it is a socket that nobody listens on any more (start `ocibroker serve`, or remove it)",
            ),
            ("a file", "it is no socket (name the socket of a sidecar, or move away what stands there)"),
        ],
    )
    def test_a_sidecar_that_is_not_there_is_named(
        self, connect: Connect, place: Path, there: str, why: str
    ) -> None:
        if there == "a file":
            place.touch()
        if there == "a left over socket":
            with socket.socket(socket.AF_UNIX) as left:
                left.bind(str(place))
        with pytest.raises(ConnectionFailed, match=rf"broker\.sock: no sidecar answers: {re.escape(why)}$"):
            connect().access("registry.test")

    def test_a_sidecar_that_does_not_answer_is_waited_for_until_the_deadline(self, place: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(place))
            listener.listen()
            line = Line(str(place))
            with pytest.raises(DeadlineExceeded, match=r"broker\.sock: the sidecar did not answer in time"):
                line.credential(CredentialQuestion(registry="registry.test"), Deadline.after(0.05))
            line.close()

    @pytest.mark.parametrize(
        "answer",
        [
            CannedResponse(200, {}, b"{}"),
            CannedResponse(200, {}, b'{"tls":{"host":1}}'),
            CannedResponse(500, {}, b"no problem"),
            CannedResponse(418, {}, b'{"type":"x","title":"x","status":418,"code":"x","detail":"x"}'),
            CannedResponse(302, {"Location": "http://evil.test/"}, b""),
        ],
        ids=["empty", "ill typed", "no problem", "unknown code", "redirect"],
    )
    def test_an_answer_that_is_none_is_a_typed_error(
        self, connect: Connect, place: Path, answer: CannedResponse
    ) -> None:
        with answering(place, answer), pytest.raises(OcibrokerError):
            connect().access("registry.test")

    @pytest.mark.parametrize(
        ("more", "why"),
        [
            ('"kind": "basic", "username": "a"', "the answer holds no secret"),
            ('"kind": "basic", "secret": "b"', "a user name is empty"),
            ('"kind": "bearer", "secret": "a b"', "a character that a header cannot carry"),
            ('"kind": "bearer", "secret": "a\\nb"', "a secret holds a control character"),
        ],
    )
    def test_a_credential_that_is_none_is_refused(self, connect: Connect, place: Path, more: str, why: str) -> None:
        tls = '"tls": {"host": "registry.test", "digest": "1"}'
        body = f'{{{tls}, "registry": "r", "repository": "", "origin": "o", "why": "w", {more}}}'
        answer = CannedResponse(200, {}, body.encode())
        with answering(place, answer), pytest.raises(IntegrityError, match=why):
            connect().access("registry.test")

    @pytest.mark.parametrize("hung_up", [1, 2])
    def test_a_connection_that_breaks_before_an_answer_is_made_again_once(
        self, connect: Connect, place: Path, hung_up: int
    ) -> None:
        body = b'{"tls": {"host": "registry.test", "digest": "1"}}'
        line = Line(str(place))
        with answering(place, CannedResponse(200, {}, body), hung_up=hung_up):
            if hung_up == 1:
                assert line.trust("registry.test").digest == "1"
            else:
                with pytest.raises(ConnectionFailed, match="closed the connection without an answer"):
                    line.trust("registry.test")
        line.close()

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user")
    def test_a_socket_of_another_user_is_told_nothing(self, connect: Connect, place: Path) -> None:
        program = (
            "import os, socket, sys\n"
            "listener = socket.socket(socket.AF_UNIX)\n"
            "listener.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666); os.setuid(65534); listener.listen()\n"
            "print('listening', flush=True)\n"
            "connection, _ = listener.accept(); print(len(connection.recv(100)), flush=True)\n"
        )
        with subprocess.Popen([sys.executable, "-c", program, str(place)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"listening\n"
            with pytest.raises(ConnectionFailed, match="belongs to the user 65534"):
                connect().access("registry.test")
            assert process.stdout.readline() == b"0\n"


class TestTheUsualPlace:
    def test_it_is_found_in_the_runtime_directory(self, desk: Desk, tmp_path: Path, roots: Path) -> None:
        (tmp_path / "ocibroker").mkdir()
        environ = {"XDG_RUNTIME_DIR": str(tmp_path), "SSL_CERT_FILE": str(roots)}
        with (
            Node.of(desk.broker(rule("registry.test"))).at(tmp_path / "ocibroker" / "broker.sock"),
            Broker.connect(environ=environ) as broker,
        ):
            assert broker.access("registry.test").provider == "basic"

    @pytest.mark.parametrize("environ", [{"OCIBROKER_SOCKET": "off"}, {"OCIBROKER_SOCKET": "/nowhere/x.sock"}])
    def test_without_one_it_says_where_it_was_sought(self, environ: dict[str, str]) -> None:
        with pytest.raises(UsageError, match="there is no socket of a sidecar"):
            Broker.connect(environ=environ)


def test_threads_and_loops_share_a_connected_broker(desk: Desk, connect: Connect, place: Path) -> None:
    made = giving(Bearer(secret=Secret("t")))
    with Node.of(desk.broker(made_rule("*.test"), offered=[made])).at(place):
        broker = connect()

        async def many() -> list[Access]:
            return await asyncio.gather(*(broker.access_async(f"r{number % 7}.test") for number in range(50)))

        assert len({id(access) for access in asyncio.run(many())}) <= 50
    assert made.fetched <= 7


class OneForEachTarget(MadeProvider):
    """Gives each target a credential that says for which it is."""

    def identity(self, request: Request[NoOptions]) -> Identity:
        return Identity((str(request.target),))


def named(request: FetchRequest[NoOptions]) -> Bearer:
    return Bearer(secret=Secret(f"for-{request.target.path}"))


@pytest.mark.fault(43)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork()")
def test_a_forked_child_and_its_parent_never_read_each_others_answers(desk: Desk, place: Path) -> None:
    """In processes of their own: the sidecar's threads are none to fork with."""
    with Node.of(desk.broker(made_rule("*.test"), offered=[OneForEachTarget(named)])).at(place):
        argv = [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.sidecar.forking", str(place)]
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env=unmeasured(os.environ),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_event_loop_goes_on_while_the_sidecar_says_nothing(connect: Connect, place: Path) -> None:
    silent = threading.Event()

    async def ask() -> None:
        asking = asyncio.create_task(connect().access_async("registry.test"))
        await asyncio.sleep(0.1)
        assert not asking.done()
        silent.set()
        with pytest.raises(ConnectionFailed):
            await asking

    def say_nothing(connection: socket.socket, server: RawServer) -> None:
        silent.wait(10)

    with raw_unix(say_nothing, place):
        asyncio.run(ask())
