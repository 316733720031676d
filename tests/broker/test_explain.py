"""What ``explain`` tells: the whole way of a request, from local facts alone."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ocibroker import Broker
from ocibroker.testing import Authority

CONFIGURATION = """
[[registry]]
match = "*.example.com"
provider = "anonymous"

[[registry]]
match = "charts.example.com/team-a"
provider = "basic"
realms = ["auth.example.com"]
options = { username = "alice", password = { file = "password" } }

[[tls]]
match = "charts.example.com"
ca = ["ca.pem"]
min_version = "1.3"

[[tls]]
match = "dev.example.com"
insecure = true

[[tls]]
match = "lost.example.com"
ca = ["lost.pem"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Authority().write(tmp_path)
    (tmp_path / "password").write_text("explained-secret")
    (tmp_path / "config.toml").write_text(CONFIGURATION)
    return tmp_path


@pytest.fixture
def broker(folder: Path) -> Iterator[Broker]:
    environ = {"HTTPS_PROXY": "http://user:proxy-secret@proxy.example.net:3128"}
    with Broker.from_config(folder / "config.toml", environ=environ) as broker:
        yield broker


def test_it_names_the_rule_and_what_the_rule_shadows(broker: Broker, folder: Path) -> None:
    told = broker.explain("charts.example.com/team-a/app")
    assert (told.provider, told.why) == ("basic", "rule charts.example.com/team-a")
    assert told.rule == f"{folder / 'config.toml'}, registry[1]"
    assert told.shadowed == (f"rule *.example.com ({folder / 'config.toml'}, registry[0])",)


def test_it_names_identity_watched_files_and_realms(broker: Broker, folder: Path) -> None:
    told = broker.explain("charts.example.com/team-a/app")
    assert told.identity == ("user alice", f"password from file {folder / 'password'}")
    assert (told.reach, told.watch, told.realms) == ("local", (str(folder / "password"),), ("auth.example.com",))


def test_it_says_where_each_part_of_the_policy_came_from(broker: Broker, folder: Path) -> None:
    tls = broker.explain("charts.example.com/team-a/app").tls
    entry = f"{folder / 'config.toml'}, tls[0]"
    assert (tls["ca"], tls["min_version"]) == ([str(folder / "ca.pem")], "1.3")
    assert tls["sources"] == {"ca": entry, "min_version": entry, "entry": entry, "proxy": "HTTPS_PROXY"}


def test_it_says_where_a_login_would_be_sought(broker: Broker, folder: Path) -> None:
    told = broker.explain("registry.example.net/app")
    assert (told.provider, told.rule, told.shadowed) == ("docker-config", None, ())
    assert told.why == "claim: the logins of Docker, Podman and Helm, for want of anybody else"
    assert told.identity == ("login for registry.example.net/app",)
    assert all(Path(path).name in {"auth.json"} for path in told.watch)


def test_it_shows_a_weakened_host(broker: Broker) -> None:
    assert broker.explain("dev.example.com/app").tls["insecure"] is True


def test_what_is_wrong_is_part_of_the_explanation(broker: Broker) -> None:
    told = broker.explain("lost.example.com/app")
    assert told.tls_error is not None
    assert "lost.pem: cannot be read" in told.tls_error
    assert told.error == told.tls_error


def test_it_follows_the_state_of_the_cache(broker: Broker) -> None:
    target = "charts.example.com/team-a/app"
    before = broker.explain(target).cache
    broker.access(target)
    assert (before, broker.explain(target).cache) == ("empty", "static")


def test_it_holds_no_secret(broker: Broker) -> None:
    broker.access("charts.example.com/team-a/app")
    told = json.dumps(broker.explain("charts.example.com/team-a/app").as_data())
    assert not [secret for secret in ("explained-secret", "proxy-secret") if secret in told]


def test_it_does_not_touch_the_network(broker: Broker) -> None:
    with sockets_seen() as seen:
        broker.explain("charts.example.com/team-a/app")
    assert not seen


def test_the_network_would_be_seen() -> None:
    with sockets_seen() as seen, socket.socket():
        pass
    assert seen


@contextmanager
def sockets_seen() -> Iterator[list[str]]:
    """Collect the audit events of sockets. A hook cannot be removed, so it listens only as long as it is wanted."""
    seen: list[str] = []
    listening = [True]

    def hook(event: str, _: object) -> None:
        if listening and event.startswith("socket."):
            seen.append(event)

    sys.addaudithook(hook)
    yield seen
    listening.clear()
