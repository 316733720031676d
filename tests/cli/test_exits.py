"""Every way to end has a code of its own."""

import io
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker import errors
from ocibroker.cli.exits import ExitCode, exit_code
from ocibroker.cli.run import run
from ocibroker.errors import OcibrokerError
from tests.cli.desk import Desk, Outcome
from tests.cli.neighbourhood import Neighbourhood

CODES = {
    errors.UsageError: 2,
    errors.InvalidTarget: 2,
    errors.InvalidValue: 2,
    errors.TransportRefused: 2,
    errors.CannotCarry: 2,
    errors.TargetNotAllowed: 2,
    errors.ConfigurationError: 2,
    errors.TLSConfigurationError: 2,
    errors.NoProvider: 3,
    errors.CredentialUnavailable: 4,
    errors.NoIdentity: 4,
    errors.IdentityRefused: 4,
    errors.ContractViolation: 4,
    errors.ProviderUnavailable: 4,
    errors.RegistryRefused: 4,
    errors.NotFound: 4,
    errors.CredentialWithheld: 4,
    errors.ConnectionFailed: 5,
    errors.TLSFailed: 5,
    errors.WrongScheme: 5,
    errors.DeadlineExceeded: 5,
    errors.PairingViolation: 5,
    errors.OriginRefused: 5,
    errors.RedirectRefused: 5,
    errors.RealmRefused: 5,
    errors.IntegrityError: 6,
    errors.WriteFailed: 1,
}
ASKING = (
    "[[registry]]\nmatch = 'r.test'\nprovider = 'basic'\noptions = {{ username = 'a', password = {password} }}\n"
)


def subclasses(kind: type[OcibrokerError]) -> set[type[OcibrokerError]]:
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


@pytest.mark.parametrize(("kind", "code"), CODES.items(), ids=lambda value: getattr(value, "__name__", str(value)))
def test_the_code_of_an_error(kind: type[OcibrokerError], code: int) -> None:
    assert exit_code(kind("it went wrong")) == code


def test_no_error_is_left_out() -> None:
    ours = {kind for kind in subclasses(OcibrokerError) if kind.__module__ == errors.__name__}
    assert ours - {OcibrokerError} == set(CODES)


def test_the_manual_names_every_code() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert all(f"| {code.value} |" in manual for code in ExitCode)


@pytest.mark.parametrize(
    ("error", "code"), [("RegistryRefused", 4), ("TLSFailed", 5), ("RealmRefused", 5), ("IntegrityError", 6)]
)
def test_a_provider_that_fails_ends_the_process_with_its_errors_code(
    neighbourhood: Neighbourhood, error: str, code: int
) -> None:
    neighbourhood.desk.configure(
        f"[[registry]]\nmatch = 'acme.test'\nprovider = 'acme'\noptions = {{ error = '{error}' }}\n"
    )
    outcome = neighbourhood.process("get", "acme.test")
    assert (outcome.code, outcome.stdout) == (code, "")
    assert outcome.stderr == "ocibroker: acme.test: it went wrong\n"


class TestUnforeseen:
    @pytest.fixture
    def closed(self) -> io.StringIO:
        stream = io.StringIO()
        stream.close()
        return stream

    def test_it_is_one_line_with_its_type(self, desk: Desk, closed: io.StringIO) -> None:
        stderr = io.StringIO()
        assert run(["config", "path"], environ=desk.environ, stdout=closed, stderr=stderr) == 1
        last = stderr.getvalue().splitlines()[-1]
        assert last == "ocibroker: unexpected ValueError (run it again with -vv, and report what that shows)"
        assert "Traceback" not in stderr.getvalue()
        assert ".py" not in stderr.getvalue()

    def test_its_frames_are_shown_when_asked_for(self, desk: Desk, closed: io.StringIO) -> None:
        stderr = io.StringIO()
        assert run(["-vv", "config", "path"], environ=desk.environ, stdout=closed, stderr=stderr) == 1
        assert "terminal.py" in stderr.getvalue()
        assert "I/O operation on closed file" not in stderr.getvalue(), "its text may hold anything"


def test_output_that_cannot_be_written_is_said(desk: Desk) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            desk.command("config", "path"),
            env=desk.surroundings(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ocibroker: cannot write the output: No space left on device"


def test_nobody_reading_is_not_worth_a_word(desk: Desk) -> None:
    process = subprocess.Popen(
        desk.command("providers"),
        env=desk.surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    with process.stderr as stderr:
        assert stderr.read() == ""
    assert process.wait() == 141


class TestInterrupt:
    """Something in the process opens one named pipe when it has begun, and waits at another until the test ends."""

    @pytest.fixture
    def begun(self, tmp_path: Path) -> Path:
        os.mkfifo(tmp_path / "begun")
        return tmp_path / "begun"

    @pytest.fixture
    def end(self, tmp_path: Path) -> Iterator[Path]:
        os.mkfifo(tmp_path / "end")
        writer = os.open(tmp_path / "end", os.O_RDWR)
        yield tmp_path / "end"
        os.close(writer)

    def test_it_is_a_line_break_and_nothing_else(self, desk: Desk, begun: Path, end: Path) -> None:
        script = f"echo > {begun}; read line < {end}"
        desk.configure(ASKING.format(password=f'{{ exec = ["/bin/sh", "-c", "{script}"] }}'))
        assert interrupted(desk, begun, "get", "r.test") == Outcome(130, "", "\n")

    def test_it_is_so_from_the_beginning(self, desk: Desk, begun: Path, end: Path) -> None:
        slow = f"open({str(begun)!r}, 'w').close()\nwith open({str(end)!r}) as end: end.read()\n"
        (desk.home / "typer.py").write_text(slow)
        path = os.pathsep.join(filter(None, (str(desk.home), os.environ.get("PYTHONPATH"))))
        assert interrupted(desk, begun, PYTHONPATH=path) == Outcome(130, "", "\n")


def interrupted(desk: Desk, begun: Path, *argv: str, **environ: str) -> Outcome:
    process = subprocess.Popen(
        desk.command(*argv),
        env=desk.surroundings(**environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    begun.read_text()
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate()
    return Outcome(process.returncode, stdout, stderr)
