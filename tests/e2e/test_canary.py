"""No secret of a sidecar that served for a while is shown by anything but its answers."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e.client import CLIENTS, DOCKER
from tests.settled import settled
from tests.sidecar.command import Sidecar
from tests.soak.town import HOST, Town, founded
from tests.transport.canary import Canary

pytestmark = [pytest.mark.e2e, pytest.mark.acceptance(40)]

PRIVATE, BROKEN = "private.test", "broken.test"
RULE = '[[registry]]\nmatch = "{}"\nprovider = "basic"\noptions = {{ username = "alice", password = {} }}\n'
CLIENTS_OF_ECR = [*(one for one in CLIENTS if one.name in {"helm pull", "skopeo inspect"}), DOCKER]


@dataclass(frozen=True)
class Told:
    """``places`` is all that was said anywhere, ``answers`` what callers got; ``issued`` are the secrets."""

    places: Mapping[str, str]
    answers: str
    issued: Mapping[str, list[Canary]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder, password = tmp_path_factory.mktemp("canary"), Canary().ascii.reveal()
    (folder / "password").write_text(password)
    rules = RULE.format(PRIVATE, '{ file = "password" }') + RULE.format(
        BROKEN, f"{{ exec = ['/bin/sh', '-c', 'cat {folder}/password; cat {folder}/password >&2; exit 1'] }}"
    )
    with founded(folder, rules) as town:
        # What Python tells of a crash, it tells then.
        sidecar = replace(town.sidecar, environ={**town.sidecar.environ, "PYTHONFAULTHANDLER": "1"})
        with sidecar.serving() as process:
            assert settled(lambda: sidecar.get("/readyz").status_code == 200)
            answers, places = "", {"admin": _acts(town, sidecar), "clients": _clients(town)}
            for registry in (HOST, PRIVATE, BROKEN):
                answers += sidecar.ask(registry).body.decode()
            places |= _looked_at(sidecar, process.pid)
            process.send_signal(signal.SIGABRT)
            assert process.wait(20) == -signal.SIGABRT
        log, _, crash = sidecar.log.read_text().partition("Fatal Python error")
        assert not [*sidecar.folder.glob("core*")]
        issued = {
            "tokens": [Canary(token) for token in town.aws.registry.issued],
            "keys": [Canary(key.secret) for key in town.aws.iam.keys.values()],
            "passwords": [Canary(password)],
        }
        yield Told({**places, "log": log, "crash": crash}, answers, issued)


def _acts(town: Town, sidecar: Sidecar) -> str:
    """Do all that can be done, also where it fails."""
    said = [sidecar.act("refresh", target=target).text for target in (HOST, PRIVATE, BROKEN, "unknown.test") * 2]
    said += [sidecar.act("evict", target=HOST).text, sidecar.act("reload").text]
    town.aws.iam.denied.add("user/node")
    said.append(sidecar.act("refresh", target=HOST).text)
    town.aws.iam.denied.clear()
    return "\n".join([*said, sidecar.act("refresh", target=HOST).text])


def _clients(town: Town) -> str:
    """Return what clients say, who are as talkative as can be."""
    home = town.workstation("talkative")
    talkative = replace(home, settings={**home.settings, "OCIBROKER_VERBOSE": "1"})
    done = [talkative.run(*client.untold(town.registry)) for client in CLIENTS_OF_ECR]
    assert [one.returncode for one in done] == [0] * len(done), done
    return "\n".join(one.stdout + one.stderr for one in done)


def _looked_at(sidecar: Sidecar, pid: int) -> dict[str, str]:
    process = Path(f"/proc/{pid}")
    health = [sidecar.get(path).text for path in ("/livez", "/readyz", "/startupz", "/")]
    return {
        "health": "\n".join(health),
        "metrics": sidecar.get("/metrics").text,
        "argv": (process / "cmdline").read_text(),
        "environ": (process / "environ").read_text(),
    }


@pytest.mark.parametrize("place", ["admin", "clients", "health", "metrics", "argv", "environ", "log", "crash"])
def test_no_secret_is_shown(place: str, told: Told) -> None:
    text = told.places[place]
    # The kernel keeps what the process was started with: the key, and nothing that was issued to it.
    sought = {kind: found for kind, found in told.issued.items() if (place, kind) != ("environ", "keys")}
    assert len(text) > 10
    assert {kind: [hit for one in found for hit in one.hits(text)] for kind, found in sought.items()} == {
        kind: [] for kind in sought
    }


def test_there_were_secrets_to_be_shown(told: Told) -> None:
    """Else the test above would show nothing."""
    assert len(told.issued["tokens"]) >= 3
    assert any(one.hits(told.answers) for one in told.issued["tokens"])
    assert all(one.hits(told.answers) for one in told.issued["passwords"])
    assert all(one.hits(told.places["environ"]) for one in told.issued["keys"])
    assert '"level": "debug"' in told.places["log"]
    assert "Aborted" in told.places["crash"]
