"""A fleet of real processes: one call for all of them, also when the one who was to make it is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ocibroker.testing import CannedResponse
from tests.architecture.house import ROOT
from tests.broker.children import unmeasured
from tests.e2e.authority import Authority
from tests.fleet.machines import ENVIRON, Fleet
from tests.transport.answering_server import AnsweringServer, answering
from tests.transport.brokers import made_rule

pytestmark = pytest.mark.e2e

FLEET = 50
TOKEN = CannedResponse(200, {}, b"the-one-token")


@pytest.fixture
def tokens(authority: Authority) -> Iterator[AnsweringServer]:
    with answering(lambda _: TOKEN, authority.issue("tokens.test").server_context()) as server:
        yield server


def begun(deed: str, fleet: Fleet, tokens: AnsweringServer, *arguments: object) -> subprocess.Popen[str]:
    text = made_rule("registry.test") + fleet.table() + fleet.trust()
    environ = {**unmeasured(os.environ), **ENVIRON, "SSL_CERT_FILE": str(fleet.authority.bundle)}
    argv = [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.fleet.processes", deed]
    return subprocess.Popen(
        [*argv, *map(str, (fleet.configuration(text), tokens.port, *arguments))],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> None:
    """It succeeds, and says nothing of trouble."""
    stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout, stderr) == (0, "", "")


@pytest.mark.fault(21)
@pytest.mark.acceptance(31)
def test_machines_that_start_together_make_one_call(fleet: Fleet, tokens: AnsweringServer) -> None:
    ended(begun("ask", fleet, tokens, FLEET))
    assert len(tokens.requests) == 1
    ended(begun("ask", fleet, tokens, 2))
    assert len(tokens.requests) == 1


@pytest.mark.fault(41)
def test_where_the_one_who_asks_for_all_is_killed_one_other_does_once_its_lease_runs_out(
    fleet: Fleet, tokens: AnsweringServer
) -> None:
    killed = begun("hang", fleet, tokens)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "asked\n"
    killed.kill()
    killed.communicate()
    (lease,) = fleet.names()
    assert 0 < fleet.server.ask("PTTL", lease) <= 10_000
    others = begun("ask", fleet, tokens, 10)
    fleet.server.ask("PEXPIRE", lease, 1_000)
    ended(others)
    assert len(tokens.requests) == 1


@pytest.mark.fault(43)
def test_forked_children_use_connections_of_their_own(fleet: Fleet, tokens: AnsweringServer) -> None:
    ended(begun("fork", fleet, tokens))
