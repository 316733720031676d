"""`ocibroker run`: a program with what it needs, for as long as it runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ocibroker.testing import Authority
from tests.cli.desk import Desk, Outcome
from tests.cli.sitting import Sitting

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")

RULES = """
[[registry]]
match = "registry.test"
provider = "basic"
options = { username = "alice", password = "wonder" }
[[registry]]
match = "registry.test"
account = "ci"
provider = "basic"
options = { username = "robot", password = "beep" }
[[registry]]
match = "private.test:5000"
provider = "basic"
options = { username = "bob", password = "builder" }
[[registry]]
match = "public.test"
provider = "anonymous"
[[tls]]
match = "private.test:5000"
ca = ["ca.pem"]
"""
CARELESS = """
[[tls]]
match = "careless.test"
insecure = true
[[registry]]
match = "careless.test"
provider = "anonymous"
"""
ALICE = {"registry.test": {"auth": "YWxpY2U6d29uZGVy"}}
SHOW = """
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["DOCKER_CONFIG"])
files = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
modes = {name: (folder / name).stat().st_mode & 0o777 for name in files}
mode = folder.stat().st_mode & 0o777
print(json.dumps({"environ": dict(os.environ), "files": files, "modes": modes, "mode": mode}))
"""


@pytest.fixture
def home(desk: Desk) -> Desk:
    authority = Authority()
    authority.write(desk.configure(RULES).parent)
    return desk


def started(home: Desk, code: str, *options: str) -> list[str]:
    targets = options or ("--target", "registry.test")
    return home.command("run", *targets, "--", sys.executable, "-c", code)


def surroundings(home: Desk, **environ: str) -> dict[str, str]:
    return home.surroundings(**{"XDG_RUNTIME_DIR": str(home.home / "run"), **environ})


@pytest.fixture
def runtime(home: Desk) -> Path:
    """Where private folders are."""
    folder = home.home / "run"
    folder.mkdir(mode=0o700)
    return folder


def private(runtime: Path) -> list[Path]:
    return list(runtime.glob("ocibroker-run-*"))


def run(home: Desk, code: str, *options: str, **environ: str) -> Outcome:
    done = subprocess.run(
        started(home, code, *options),
        env=surroundings(home, **environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def shown(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.stderr
    found: dict[str, Any] = json.loads(outcome.stdout)
    return found


class TestWhatItFinds:
    def test_logins_in_files_of_its_own_that_the_variables_name(self, home: Desk, runtime: Path) -> None:
        outcome = run(home, SHOW, DOCKER_AUTH_CONFIG="{}")
        found = shown(outcome)
        folder = Path(found["environ"]["DOCKER_CONFIG"])
        assert (folder.parent, outcome.stderr) == (runtime, "")
        assert found["environ"]["REGISTRY_AUTH_FILE"] == f"{folder}/auth.json"
        assert found["environ"]["HELM_REGISTRY_CONFIG"] == f"{folder}/config.json"
        assert "DOCKER_AUTH_CONFIG" not in found["environ"]
        assert {name: json.loads(text)["auths"] for name, text in found["files"].items()} == {
            "config.json": ALICE,
            "auth.json": ALICE,
        }
        assert (found["mode"], set(found["modes"].values())) == (0o700, {0o600})

    def test_only_the_targets_that_are_named(self, home: Desk, runtime: Path) -> None:
        found = shown(run(home, SHOW, "-t", "registry.test", "-t", "private.test:5000/team/app"))
        assert set(json.loads(found["files"]["auth.json"])["auths"]) == {
            "registry.test",
            "private.test:5000/team/app",
        }
        assert set(json.loads(found["files"]["config.json"])["auths"]) == {"registry.test", "private.test:5000"}

    def test_the_account_that_is_named(self, home: Desk, runtime: Path) -> None:
        found = shown(run(home, SHOW, "--target", "registry.test", "--account", "ci"))
        assert json.loads(found["files"]["auth.json"])["auths"] == {"registry.test": {"auth": "cm9ib3Q6YmVlcA=="}}

    def test_the_authorities_beside_the_systems_roots(self, home: Desk, runtime: Path) -> None:
        found = shown(run(home, SHOW, "--target", "private.test:5000"))
        own = (home.config.parent / "ca.pem").read_text().strip()
        assert found["environ"]["SSL_CERT_FILE"] == f"{found['environ']['DOCKER_CONFIG']}/ca.pem"
        assert own in found["files"]["ca.pem"]
        assert len(found["files"]["ca.pem"]) > len(own)
        assert found["files"]["certs.d/private.test:5000/ca.crt"].strip() == own
        assert found["environ"]["OCIBROKER_CERTS_D"] == f"{found['environ']['DOCKER_CONFIG']}/certs.d"

    def test_the_rest_of_dockers_own_folder(self, home: Desk, runtime: Path) -> None:
        docker = home.home / ".docker"
        (docker / "cli-plugins").mkdir(parents=True)
        (docker / "cli-plugins" / "docker-x").write_text("plugin")
        config = {
            "currentContext": "far",
            "credsStore": "x",
            "credHelpers": {"registry.test": "y"},
            "auths": {"z": {}},
        }
        (docker / "config.json").write_text(json.dumps(config))
        found = shown(run(home, SHOW))
        assert json.loads(found["files"]["config.json"]) == {"currentContext": "far", "auths": ALICE}
        assert (docker / "cli-plugins" / "docker-x").read_text() == "plugin"

    @pytest.mark.parametrize("content", ["", "[]", "{", "\xff"])
    def test_a_broken_file_of_dockers_is_passed_over(self, content: str, home: Desk, runtime: Path) -> None:
        (home.home / ".docker").mkdir()
        (home.home / ".docker" / "config.json").write_bytes(content.encode("latin-1"))
        assert json.loads(shown(run(home, SHOW))["files"]["config.json"]) == {"auths": ALICE}

    def test_a_client_certificate_by_links_and_what_to_do_with_it(self, home: Desk, runtime: Path) -> None:
        certificate, key = Authority().issue("me@test").write(home.home / "identity")
        names = f"client_cert = '{certificate}'\nclient_key = '{key}'\nca_only = true\n"
        home.configure(RULES.replace('ca = ["ca.pem"]\n', f'ca = ["ca.pem"]\n{names}'))
        outcome = run(home, SHOW, "-t", "private.test:5000", "-t", "private.test:5000/again")
        found = shown(outcome)
        assert found["files"]["certs.d/private.test:5000/client.cert"] == certificate.read_text()
        assert found["files"]["certs.d/private.test:5000/client.key"] == key.read_text()
        assert "tell the tool of the client certificate: $OCIBROKER_CERTS_D/private.test:5000" in outcome.stderr
        assert outcome.stderr.count("ca_only is not passed on") == 1
        assert key.exists()


class TestWhatIsSaid:
    def test_what_cannot_be_passed_on(self, home: Desk, runtime: Path) -> None:
        home.configure(RULES + CARELESS)
        outcome = run(home, "", "--target", "careless.test")
        assert "careless.test: insecure and plain_http are not passed on: tell the tool itself" in outcome.stderr
        assert "careless.test: no login, access is anonymous: a rule says so" in outcome.stderr

    def test_nothing_is_started_where_nobody_answers(self, home: Desk, runtime: Path) -> None:
        outcome = run(home, "print('started')", "--target", "elsewhere.test")
        assert (outcome.code, outcome.stdout, private(runtime)) == (3, "", [])

    def test_no_secret_is_among_the_arguments_or_the_variables(self, home: Desk, runtime: Path) -> None:
        found = shown(run(home, SHOW))
        assert not any("wonder" in value or "YWxpY2U" in value for value in found["environ"].values())


class TestHowItEnds:
    @pytest.mark.parametrize("code", [0, 1, 7, 127])
    def test_its_status_is_ours(self, code: int, home: Desk, runtime: Path) -> None:
        assert (run(home, f"raise SystemExit({code})").code, private(runtime)) == (code, [])

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
    def test_a_signal_that_ends_it_is_told_as_by_a_shell(
        self, number: signal.Signals, home: Desk, runtime: Path
    ) -> None:
        outcome = run(home, f"import os; os.kill(os.getpid(), {int(number)})")
        assert (outcome.code, private(runtime)) == (128 + number, [])

    def test_a_program_that_is_not_there(self, home: Desk, runtime: Path) -> None:
        done = home.process("run", "-t", "registry.test", "--", "no-such-program", XDG_RUNTIME_DIR=str(runtime))
        assert (done.code, private(runtime)) == (127, [])
        assert done.stderr == "ocibroker: no-such-program: No such file or directory\n"

    def test_a_program_that_cannot_be_run(self, home: Desk, runtime: Path) -> None:
        path = home.write("text", "no program")
        assert home.process("run", "-t", "registry.test", "--", str(path), XDG_RUNTIME_DIR=str(runtime)).code == 126

    def test_without_a_place_of_the_users_own_it_is_in_the_temporary_one(self, home: Desk) -> None:
        folder = home.home / "tmp"
        folder.mkdir()
        found = shown(run(home, SHOW, XDG_RUNTIME_DIR="", TMPDIR=str(folder)))
        assert Path(found["environ"]["DOCKER_CONFIG"]).parent == folder
        assert list(folder.iterdir()) == []

    def test_without_any_place_nothing_is_started(self, home: Desk) -> None:
        outcome = run(home, "print('started')", XDG_RUNTIME_DIR="", TMPDIR="/does/not/exist")
        assert (outcome.code, outcome.stdout) == (2, "")
        assert "/does/not/exist: cannot be written" in outcome.stderr


@dataclass(frozen=True)
class Running:
    """A run whose child has said that it is there; its standard input ends it."""

    process: subprocess.Popen[str]
    child: int

    def wait(self) -> int:
        return self.process.wait(30)


WAITING = """
import os, signal, sys
def tell(number, frame):
    print("got", signal.Signals(number).name, flush=True)
for name in ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"):
    signal.signal(signal.Signals[name], tell)
print(os.getpid(), flush=True)
for line in sys.stdin:
    break
raise SystemExit(5)
"""


@contextmanager
def running(home: Desk, code: str = WAITING) -> Iterator[Running]:
    pipe = subprocess.PIPE
    command = started(home, code)
    with subprocess.Popen(
        command, env=surroundings(home), stdin=pipe, stdout=pipe, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            yield Running(process, int(process.stdout.readline()))
        finally:
            process.kill()


class TestSignals:
    @pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"])
    def test_it_gets_what_we_get_and_decides_what_comes_of_it(self, name: str, home: Desk, runtime: Path) -> None:
        with running(home) as run:
            run.process.send_signal(signal.Signals[name])
            assert run.process.stdout is not None
            assert run.process.stdout.readline() == f"got {name}\n"
            assert run.process.stdin is not None
            run.process.stdin.write("end\n")
            run.process.stdin.flush()
            assert (run.wait(), private(runtime)) == (5, [])

    def test_a_key_of_the_terminal_reaches_it_once(self, home: Desk, runtime: Path) -> None:
        code = WAITING.replace(
            "for line in sys.stdin:", "signal.pause(); print('done', flush=True)\nfor line in ():"
        )
        with Sitting.of(started(home, code), surroundings(home), shown=True) as sitting:
            sitting.answer("\n", "\x03")
            assert sitting.ended() == 5
            assert sitting.seen.count("got SIGINT") == 1


def soon(happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not happened() and time.monotonic() < end:
        time.sleep(0.02)
    return happened()


class TestKilled:
    def test_when_the_child_is_killed_the_folder_is_gone_when_we_end(self, home: Desk, runtime: Path) -> None:
        with running(home) as run:
            assert len(private(runtime)) == 1
            os.kill(run.child, signal.SIGKILL)
            assert (run.wait(), private(runtime)) == (128 + signal.SIGKILL, [])

    def test_when_we_are_killed_it_stays_for_the_child_and_goes_with_it(self, home: Desk, runtime: Path) -> None:
        with running(home) as run:
            run.process.kill()
            run.process.wait(30)
            (folder,) = private(runtime)
            assert (folder / "config.json").exists()
            os.kill(run.child, signal.SIGKILL)
            assert soon(lambda: private(runtime) == [])

    def test_when_both_are_killed_it_goes(self, home: Desk, runtime: Path) -> None:
        with running(home) as run:
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait(30)
            assert soon(lambda: private(runtime) == [])

    def test_what_the_child_leaves_running_holds_nobody_up(self, home: Desk, runtime: Path) -> None:
        code = "import subprocess; subprocess.Popen(['cat'], close_fds=False); print(0, flush=True)"
        with running(home, code) as run:
            assert (run.wait(), private(runtime)) == (0, [])
