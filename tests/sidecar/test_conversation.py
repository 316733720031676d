"""Answers and times are counted by the way in that a request came by, and by what came of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker.events import Answered, Served
from ocibroker.sidecar.conversation import Conversations
from ocibroker.sidecar.metrics import Metrics
from tests.free_port import free_port
from tests.sidecar.command import Sidecar
from tests.sidecar.served import Client, request
from tests.sidecar.stand import TARGET
from tests.sidecar.test_metrics import samples
from tests.sidecar.test_tcp import TOKEN, token_file
from tests.transport.hand_clock import HandClock

JSON = ("Ocibroker-Request: 1", "Content-Type: application/json")
ANSWERS, SECONDS = "ocibroker_token_requests_total", "ocibroker_request_duration_seconds_count"
RULES = """
[[registry]]
match = "good.test"
provider = "basic"
options = { username = "alice", password = "wonder" }

[[registry]]
match = "bad.test"
provider = "basic"
options = { username = "alice", password = { file = "none" } }
"""


def test_requests_that_are_answered_at_once_are_kept_apart(clock: HandClock) -> None:
    metrics = Metrics(clock)

    async def one(listener: str, outcome: str) -> None:
        begun = metrics.conversations.begin(listener)  # type: ignore[arg-type]
        await asyncio.sleep(0)
        metrics.observe(Answered(target=TARGET, provider="made", outcome=outcome))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        metrics.observe(Served(listener=listener, status=200, seconds=0.1))
        metrics.conversations.end(begun)

    async def all_of_them() -> None:
        await asyncio.gather(one("socket", "hit"), one("tcp", "stale"), one("socket", "refreshed"))
        metrics.observe(Answered(target=TARGET, provider="made", outcome="hit"))

    asyncio.run(all_of_them())
    found = {name: value for name, value in samples(metrics).items() if name.startswith((ANSWERS, SECONDS))}
    assert found == {
        f"{ANSWERS}{{frontend=uds,outcome=hit,provider=made}}": 1,
        f"{ANSWERS}{{frontend=tcp,outcome=stale,provider=made}}": 1,
        f"{ANSWERS}{{frontend=uds,outcome=refreshed,provider=made}}": 1,
        f"{ANSWERS}{{frontend=lib,outcome=hit,provider=made}}": 1,
        f"{SECONDS}{{frontend=uds,outcome=hit}}": 1,
        f"{SECONDS}{{frontend=tcp,outcome=stale}}": 1,
        f"{SECONDS}{{frontend=uds,outcome=refreshed}}": 1,
    }


@pytest.mark.parametrize(
    ("answered", "noted", "outcome"),
    [
        (None, (), "none"),
        (None, ("done",), "none"),
        (None, ("failed",), "error"),
        (None, ("denied",), "denied"),
        ("hit", (), "hit"),
        ("hit", ("failed",), "hit"),
        ("hit", ("denied",), "denied"),
        ("negative", ("failed",), "negative"),
    ],
)
def test_the_outcome_of_a_request(answered: str | None, noted: tuple[str, ...], outcome: str) -> None:
    conversations = Conversations()
    begun = conversations.begin("socket")
    current = conversations.current()
    assert current is not None
    if answered:
        current.outcome = answered  # type: ignore[assignment]
    for one in noted:
        conversations.note(one)  # type: ignore[arg-type]
    conversations.end(begun)
    assert (current.outcome, conversations.current()) == (outcome, None)


@pytest.fixture
def sidecar(folder: Path) -> Iterator[Sidecar]:
    token_file(folder)
    config, port = folder / "config.toml", free_port()
    config.touch(mode=0o600)
    config.write_text(f'{RULES}[sidecar.tcp]\nlisten = "127.0.0.1:{port}"\nbearer = "token"\n')
    made = Sidecar(folder, config)
    with made.serving():
        with Client.of(port) as client:
            assert asked(client, "good.test", f"Authorization: Bearer {TOKEN}", host=f"127.0.0.1:{port}") == 200
        yield made


def asked(client: Client, registry: str, *more: str, host: str = "localhost") -> int:
    body = json.dumps({"registry": registry}).encode()
    question = request("/v1/credentials", *JSON, *more, body=body)
    client.send(question.replace(b"Host: localhost", f"Host: {host}".encode()))
    return client.reply().status


def test_a_whole_process_counts_by_way_in_and_outcome(sidecar: Sidecar) -> None:
    with Client.of(sidecar.socket) as client:
        told = [asked(client, name) for name in ("good.test", "good.test", "good.test", "bad.test", "bad.test")]
        told += [asked(client, "unnamed.test"), asked(client, "not/a registry")]
    assert told == [200, 200, 200, *told[3:5], 403, 400]
    assert sidecar.ask("good.test").status == 200
    answers = {
        ("basic", "tcp", "refreshed"): 1,
        ("basic", "uds", "hit"): 4,
        ("basic", "uds", "error"): 1,
        ("basic", "uds", "negative"): 1,
        ("none", "uds", "denied"): 1,
    }
    for (provider, frontend, outcome), count in answers.items():
        labels = {"provider": provider, "frontend": frontend, "outcome": outcome}
        assert sidecar.metric(ANSWERS, **labels) == count, labels
    assert sidecar.metric(ANSWERS) == sum(answers.values())
    for outcome, count in {"hit": 4, "error": 2, "negative": 1, "denied": 1, "none": 0}.items():
        assert sidecar.metric(SECONDS, frontend="uds", outcome=outcome) == count, outcome
    assert sidecar.metric(SECONDS, frontend="admin", outcome="none") > 0
    assert sidecar.metric(SECONDS, frontend="tcp", outcome="refreshed") == 1
