"""A broker in a child that was forked: its own connections and workers, no lock that nobody will give back."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from ocibroker import Broker
from ocibroker.testing import Authority, CannedResponse
from ocibroker.testing.request import Request
from tests.architecture.house import ROOT
from tests.transport.answering_server import answering
from tests.transport.brokers import Desk, made_rule


def token(request: Request) -> CannedResponse:
    return CannedResponse(200, {}, b"a-token-for-" + request.body)


@pytest.mark.fault(43)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork()")
def test_children_and_their_parent_go_on_side_by_side(tmp_path: Path, authority: Authority, roots: Path) -> None:
    configuration = tmp_path / "config.toml"
    configuration.write_text(made_rule("*.test"))
    configuration.chmod(0o600)
    with answering(token, authority.server_context("tokens.test")) as server:
        argv = [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.broker.children"]
        done = subprocess.run(
            [*argv, str(configuration), str(roots), str(server.port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.fault(43)
def test_a_broker_is_not_taken_to_a_process_that_is_spawned(desk: Desk) -> None:
    broker: Broker = desk.broker()
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(broker)
