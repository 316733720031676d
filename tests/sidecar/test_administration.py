"""Who may act on the sidecar itself: root, who serves, whom the configuration names, and who has its token."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ocibroker.sidecar.application import Application
from ocibroker.sidecar.listener import Listener, ListenerName, users
from ocibroker.sidecar.message import Call, Reply
from ocibroker.sidecar.peer import Peer
from tests.free_port import free_port
from tests.sidecar.asgi import HEADERS, SOCKET, Caller
from tests.sidecar.command import MARK, Sidecar
from tests.sidecar.node import Node
from tests.sidecar.served import until
from tests.sidecar.stranger import NOBODY, ask_as, only_root
from tests.sidecar.test_tcp import TOKEN, token_file
from tests.transport.brokers import Desk, rule

PATH = "/v1/admin/evict"
RULE = '[[registry]]\nmatch = "good.test"\nprovider = "basic"\noptions = { username = "a", password = "wonder" }\n'
STRANGER = (
    b"POST /v1/admin/evict HTTP/1.0\r\nHost: ocibroker\r\nOcibroker-Request: 1\r\n"
    b'Content-Length: 22\r\n\r\n{"target":"good.test"}'
)


class Acting:
    """An application with one action, which counts how often it was done, and who was turned away."""

    def __init__(self, node: Node) -> None:
        self.done = 0
        self.denied: list[tuple[ListenerName, str, str]] = []
        places = {("POST", PATH): self.act}
        self.application = Application(node.generations, admin=places, actions=places, denied=self.deny)

    async def act(self, _: Call) -> Reply:
        self.done += 1
        return Reply(body=b"{}")

    def deny(self, listener: ListenerName, peer: Peer, reason: str) -> None:
        self.denied.append((listener, str(peer), reason))

    def ask(self, listener: Listener, peer: Peer) -> tuple[int, str, bool]:
        answer = Caller(self.application, listener, peer).send("POST", PATH, HEADERS, b"{}")
        return answer.status, answer.data.get("code", ""), answer.read


@pytest.fixture
def acting(desk: Desk) -> Acting:
    return Acting(Node.of(desk.broker(rule("registry.test"))))


ADMINISTERED = replace(SOCKET, administers=users(frozenset({0, 1000})))


@pytest.mark.parametrize("uid", [0, 1000])
def test_on_the_socket_who_administers_acts(acting: Acting, uid: int) -> None:
    assert acting.ask(ADMINISTERED, Peer(uid=uid)) == (200, "", True)
    assert (acting.done, acting.denied) == (1, [])


@pytest.mark.parametrize("peer", [Peer(uid=1001, pid=7), Peer(), Peer(address="127.0.0.1")], ids=str)
def test_who_may_connect_and_does_not_administer_is_refused_unread_and_told(acting: Acting, peer: Peer) -> None:
    assert acting.ask(ADMINISTERED, peer) == (403, "action_refused", False)
    assert (acting.done, acting.denied) == (0, [("socket", str(peer), "administration")])


def test_unless_an_entrance_says_so_nobody_administers(acting: Acting) -> None:
    for name in ("socket", "admin"):
        listener = Listener(name=name, hosts=SOCKET.hosts)
        assert acting.ask(listener, Peer(uid=0))[0] == 403
    assert acting.done == 0


def test_the_network_has_no_actions(acting: Acting) -> None:
    listener = Listener(name="tcp", hosts=SOCKET.hosts, administers=users(frozenset({0})))
    assert acting.ask(listener, Peer(uid=0))[:2] == (404, "no_such_endpoint")


@pytest.fixture
def sidecar(folder: Path) -> Iterator[Sidecar]:
    folder.chmod(0o711)
    token_file(folder)
    (folder / "config.toml").touch(mode=0o600)
    made = Sidecar(folder, folder / "config.toml")
    configure(made)
    with made.serving():
        yield made


def configure(sidecar: Sidecar, more: str = "") -> None:
    audit = f'audit = "{sidecar.folder}/audit.jsonl"\n'
    everybody = f'mode = "0666"\nallow_uids = [{NOBODY}]\n'
    sidecar.config.write_text(f"{RULE}[sidecar]\n{audit}{everybody}{more}")


def audited(sidecar: Sidecar, event: str, count: int) -> list[dict[str, object]]:
    """Return the records of that event, once there are so many."""

    def found() -> list[dict[str, object]]:
        lines = map(json.loads, (sidecar.folder / "audit.jsonl").read_text().splitlines())
        return [one for one in lines if one["event"] == event]

    until(lambda: len(found()) == count)
    return found()


def over_tcp(sidecar: Sidecar, **more: str) -> int:
    url = f"http://{sidecar.admin}/v1/admin/evict"
    said = {"target": "good.test"}
    return httpx.post(url, headers={**MARK, **more}, json=said, trust_env=False).status_code


class TestWholeProcess:
    @only_root
    def test_a_user_whom_the_socket_lets_in_cannot_act_and_that_is_written_down(self, sidecar: Sidecar) -> None:
        assert sidecar.act("evict", target="good.test").status_code == 200
        answer = ask_as(NOBODY, sidecar.socket, STRANGER)
        assert answer.startswith("HTTP/1.1 403 ")
        assert "action_refused" in answer
        (denied,) = audited(sidecar, "caller_denied", 1)
        assert (denied["uid"], denied["error"], denied["outcome"]) == (NOBODY, "administration", "denied")
        assert sidecar.metric("ocibroker_peer_denied_total", reason="administration") == 1
        assert [line["reason"] for line in sidecar.told("peer_denied")] == ["administration"]
        assert len(audited(sidecar, "admin_action", 1)) == 1

    @only_root
    def test_the_configuration_may_name_others(self, sidecar: Sidecar) -> None:
        configure(sidecar, f"admin_uids = [{NOBODY}]\n")
        assert sidecar.act("reload").status_code == 200
        assert ask_as(NOBODY, sidecar.socket, STRANGER).startswith("HTTP/1.1 200 ")
        assert audited(sidecar, "admin_action", 2)[1]["uid"] == NOBODY
        configure(sidecar)
        assert sidecar.act("reload").status_code == 200
        assert ask_as(NOBODY, sidecar.socket, STRANGER).startswith("HTTP/1.1 403 ")

    def test_over_tcp_nobody_acts_without_a_token_and_everybody_may_look(self, sidecar: Sidecar) -> None:
        assert over_tcp(sidecar) == 403
        assert over_tcp(sidecar, Authorization=f"Bearer {TOKEN}") == 403
        assert audited(sidecar, "caller_denied", 2)[0]["address"] == "127.0.0.1"
        places = ("/", "/status.json", "/metrics", "/livez")
        assert [sidecar.get(path).status_code for path in places] == [200] * 4

    def test_with_a_token_that_the_configuration_names_one_acts_over_tcp(self, sidecar: Sidecar) -> None:
        configure(sidecar, 'admin_bearer = "token"\n')
        assert sidecar.act("reload").status_code == 200
        assert over_tcp(sidecar, Authorization=f"Bearer {TOKEN}") == 200
        for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}):
            assert over_tcp(sidecar, **wrong) == 403
        (sidecar.folder / "token").unlink()
        until(lambda: over_tcp(sidecar, Authorization=f"Bearer {TOKEN}") == 403)
        assert [sidecar.get(path).status_code for path in ("/", "/metrics")] == [200] * 2


SUPERVISOR = """
import os, socket, sys
port, *program = sys.argv[1:]
one = socket.create_server(("0.0.0.0", int(port)))
os.dup2(os.dup(one.fileno()), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="admin")
os.execv(program[0], program)
"""


class TestAnAdminSocketThatASupervisorHasOpenedToTheNetwork:
    @pytest.fixture
    def supervised(self, folder: Path) -> Sidecar:
        token_file(folder)
        (folder / "config.toml").touch(mode=0o600)
        port = str(free_port())
        before = (sys.executable, "-c", SUPERVISOR, port)
        return Sidecar(folder, folder / "config.toml", before=before, admin=f"127.0.0.1:{port}")

    def useless(self, sidecar: Sidecar) -> str:
        return f"sidecar.admin_bearer{{}} is of no effect at {sidecar.admin.replace('127.0.0.1', '0.0.0.0')}"

    def test_and_a_token_for_actions_is_no_configuration_to_start_with(self, supervised: Sidecar) -> None:
        configure(supervised, 'admin_bearer = "token"\n')
        with supervised.started() as process:
            assert process.wait(30) == 2
        assert self.useless(supervised).format(":") in supervised.log.read_text()

    def test_and_a_token_that_a_reload_names_is_warned_of(self, supervised: Sidecar) -> None:
        configure(supervised)
        with supervised.serving():
            assert "is of no effect" not in supervised.log.read_text()
            configure(supervised, 'admin_bearer = "token"\n')
            assert supervised.act("reload").status_code == 200
            until(lambda: self.useless(supervised).format("") in supervised.log.read_text())
            assert over_tcp(supervised, Authorization=f"Bearer {TOKEN}") == 404
