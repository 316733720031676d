"""A broker in a child that was forked: its own connections and workers, no lock that nobody will give back."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ocibroker import Broker
from ocibroker.testing import Authority, CannedResponse
from ocibroker.testing.request import Request
from tests.architecture.house import ROOT
from tests.broker.children import Service, secret, unmeasured
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
            env=unmeasured(os.environ),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.fault(43)
def test_what_begins_anew_keeps_what_is_known_and_asks_by_new_connections(desk: Desk, authority: Authority) -> None:
    """As a child does, here in one process: who measures coverage sees it too."""
    with answering(token, authority.server_context("tokens.test")) as server:
        desk.ports["tokens.test", 443] = server.port
        service = Service()
        broker = desk.broker(made_rule("*.test"), offered=[service.provider])
        access = broker.access("registry.test/app")
        ca_file = access.tls.ca_file()
        broker.forked()
        assert broker.access("registry.test/app").credential == access.credential
        assert (service.provider.fetched, len(server.requests)) == (1, 1)
        assert secret(broker, "registry.test/app") == f"a-token-for-{os.getpid()}"
        assert broker.access("registry.test/app").tls.ca_file() != ca_file
    shutil.rmtree(ca_file.parent)


@pytest.mark.fault(43)
def test_a_broker_is_not_taken_to_a_process_that_is_spawned(desk: Desk) -> None:
    broker: Broker = desk.broker()
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(broker)
