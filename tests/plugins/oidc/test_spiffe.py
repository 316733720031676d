"""The workload's own token, by the Workload API of SPIFFE."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from ocibroker import Basic, Broker
from ocibroker.errors import ConfigurationError, CredentialUnavailable, DeadlineExceeded
from ocibroker.testing import Authority
from tests.aws import emulator as aws
from tests.oidc.identity_provider import IdentityProvider
from tests.oidc.workload_api import LIFE, OTHER, WORKLOAD, Agent, serving
from tests.oidc.world import BODY
from tests.plugins.ecr.asking import whose
from tests.plugins.oidc.clouds import AWS_AUDIENCE, trusted_by_aws
from tests.transport.brokers import NOTHING, Desk
from tests.transport.hand_clock import HandClock
from tests.vendors import stored
from tests.vendors.stored import TARGET, password

AUDIENCE = "https://charts.example.com"
PLACE = f"spiffe for {AUDIENCE}"


@pytest.fixture
def agent(clock: HandClock) -> Iterator[Agent]:
    # Not in the test's own folder: the path of a socket must be short.
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "agent.sock"
        with serving(Agent(IdentityProvider("https://example.org", clock.now), socket)) as running:
            yield running


@pytest.fixture
def environ(agent: Agent) -> Mapping[str, str]:
    return {"SPIFFE_ENDPOINT_SOCKET": f"unix://{agent.socket}"}


def rule(more: str = "") -> str:
    return stored.rule("spiffe", f'audience = "{AUDIENCE}"{more}')


def failure(broker: Broker) -> CredentialUnavailable:
    error = stored.failure(broker, PLACE, CredentialUnavailable)
    assert isinstance(error, CredentialUnavailable)
    assert BODY not in str(error)
    return error


@pytest.mark.parametrize("where", ["environment", "rule"])
def test_the_agent_is_asked_for_the_workloads_token(
    where: str, agent: Agent, environ: Mapping[str, str], desk: Desk
) -> None:
    said = ("", environ) if where == "environment" else (f', socket = "{agent.socket}"', NOTHING)
    token = password(desk.broker(rule(said[0]), environ=said[1]))
    assert agent.issuer.subject(token, AUDIENCE) == WORKLOAD
    assert agent.asked == [("", (AUDIENCE,))]


def test_an_agent_that_was_started_anew_is_the_same(agent: Agent, desk: Desk, clock: HandClock) -> None:
    broker = desk.broker(rule(f', socket = "{agent.socket}"'), clock=clock)
    token = password(broker)
    agent.socket.unlink()
    with serving(agent):
        clock.move(1)
        assert password(broker) == token
    assert len(agent.asked) == 1


def test_one_of_several_identities_may_be_named(agent: Agent, environ: Mapping[str, str], desk: Desk) -> None:
    token = password(desk.broker(rule(f', spiffe_id = "{OTHER}"'), environ=environ))
    assert agent.issuer.subject(token, AUDIENCE) == OTHER


@pytest.mark.parametrize("dated", [True, False], ids=["with-iat", "without"])
def test_it_is_asked_for_anew_before_it_ends(
    dated: bool,  # noqa: FBT001  # a table's column
    agent: Agent,
    environ: Mapping[str, str],
    desk: Desk,
    clock: HandClock,
) -> None:
    agent.dated = dated
    broker = desk.broker(rule(", ttl = 86400.0"), environ=environ, clock=clock, ahead=False)
    found = broker.access(TARGET).credential
    assert isinstance(found, Basic)
    assert found.expires_at is not None
    assert found.expires_at - clock.now() <= LIFE
    clock.move(LIFE.total_seconds())
    assert agent.issuer.subject(password(broker), AUDIENCE) == WORKLOAD
    assert len(agent.asked) == 2


def test_a_cloud_exchanges_it(agent: Agent, environ: Mapping[str, str], desk: Desk, authority: Authority) -> None:
    with aws.serving(authority.server_context(*aws.NAMES)) as cloud:
        reference = f'{{ spiffe = {{ audience = "{AWS_AUDIENCE}" }} }}'
        text = trusted_by_aws(cloud, agent.issuer, WORKLOAD, reference)
        assert whose(cloud, desk.broker(text, environ=environ, route=cloud.route)).endswith("role/ci")


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "register the workload"),
        (grpc.StatusCode.INVALID_ARGUMENT, "correct audience and spiffe_id"),
        (grpc.StatusCode.UNAVAILABLE, "look at the agent"),
        (grpc.StatusCode.INTERNAL, "look at the agent's log"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_refusal_is_one_line(
    code: grpc.StatusCode, cure: str, agent: Agent, environ: Mapping[str, str], desk: Desk
) -> None:
    agent.failing = code
    error = failure(desk.broker(rule(), environ=environ))
    assert (f"gave no token: {code.name}" in error.message, cure in error.hint) == (True, True)


def test_another_workloads_identity_is_refused(agent: Agent, environ: Mapping[str, str], desk: Desk) -> None:
    text = rule(', spiffe_id = "spiffe://example.org/other"')
    with pytest.raises(CredentialUnavailable, match="PERMISSION_DENIED"):
        desk.broker(text, environ=environ).access(TARGET)


def test_a_token_that_has_ended_is_never_sent(agent: Agent, environ: Mapping[str, str], desk: Desk) -> None:
    agent.life = timedelta(minutes=-1)
    assert "has expired" in failure(desk.broker(rule(), environ=environ)).message


@pytest.mark.parametrize(
    ("socket", "why"),
    [
        ("", "SPIFFE_ENDPOINT_SOCKET is not set"),
        ("tcp://127.0.0.1:8000", "is no Unix socket"),
        ("unix:agent.sock", "is no Unix socket"),
        ("unix:///nowhere/agent.sock", "there is no socket at"),
    ],
)
def test_without_an_agent_no_login_of_another_tool_takes_its_place(socket: str, why: str, desk: Desk) -> None:
    error = failure(desk.broker(rule(), environ={"SPIFFE_ENDPOINT_SOCKET": socket}))
    assert (type(error), why in error.message) == (CredentialUnavailable, True)


def test_an_agent_that_has_gone_is_one_line(desk: Desk, agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "stale").touch()
    error = failure(desk.broker(rule(f', socket = "{tmp_path / "stale"}"')))
    assert "UNAVAILABLE" in error.message


def test_the_deadline_holds(agent: Agent, environ: Mapping[str, str], desk: Desk) -> None:
    with pytest.raises(DeadlineExceeded):
        desk.broker(rule(), environ=environ).access(TARGET, deadline=1e-6)


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("", "audience"),
        ('audience = ""', "audience is empty"),
        ('audience = "a", spiffe_id = "https://a"', "does not begin with spiffe://"),
    ],
)
def test_a_reference_that_cannot_work_is_refused_when_it_is_read(inside: str, why: str, desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match=why):
        desk.broker(stored.rule("spiffe", inside))


SLOW = """
import sys
import time
from pathlib import Path

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "spiffe": time.sleep(0.6)

sys.meta_path.insert(0, Slow())
from ocibroker import Broker
from ocibroker.errors import DeadlineExceeded

with Broker.from_config(Path(sys.argv[1]), environ={"SPIFFE_ENDPOINT_SOCKET": f"unix://{sys.argv[2]}"}) as broker:
    try: broker.access("charts.example.com", deadline=0.5)
    except DeadlineExceeded: pass
    time.sleep(1.5)  # its worker is still at it
"""


def test_an_agent_is_not_asked_when_the_import_has_taken_all_the_time(agent: Agent, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    path.write_text(rule())
    subprocess.run([sys.executable, "-c", SLOW, str(path), str(agent.socket)], check=True)
    assert agent.asked == []


WITHOUT = """
import sys
from pathlib import Path

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "spiffe": raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from ocibroker import Broker
from ocibroker.errors import CredentialUnavailable

with Broker.from_config(Path(sys.argv[1]), environ={"SPIFFE_ENDPOINT_SOCKET": f"unix://{sys.argv[1]}"}) as broker:
    try: broker.access("charts.example.com")
    except CredentialUnavailable as error: print(error)
"""


def test_without_the_library_it_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    path.write_text(rule())
    done = subprocess.run([sys.executable, "-c", WITHOUT, str(path)], capture_output=True, text=True, check=True)
    told = f"{PLACE}: the Workload API: the library spiffe is not installed (pip install 'ocibroker[spiffe]')\n"
    assert done.stdout == told
