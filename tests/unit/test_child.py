"""A child can neither hang us, flood us, nor learn more than it must (T16)."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ocibroker.child import LARGEST, run
from ocibroker.deadline import Deadline
from ocibroker.errors import ConfigurationError, CredentialUnavailable, DeadlineExceeded, OcibrokerError
from ocibroker.helper_protocol import NESTED

SOON = 0.5
LATE = 30.0
Script = Callable[[str], str]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Return a function that writes a Python program and returns its path."""

    def write(code: str) -> str:
        path = tmp_path / "program"
        path.write_text(f"#!{sys.executable} -IS\nimport os, signal, sys, time\n{textwrap.dedent(code)}")
        path.chmod(0o700)
        return str(path)

    return write


def alive(process: int) -> bool:
    """Whether a process runs; a zombie, which whoever adopted it has yet to collect, does not."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()  # macOS has no such folder; Linux has lost the process since


def gone(process: int) -> bool:
    """Whether a process that was killed goes away; the kernel needs a moment."""
    end = time.monotonic() + 10
    while alive(process):
        if time.monotonic() > end:
            return False
    return True


def test_status_and_output_come_back(script: Script) -> None:
    done = run([script("sys.stdout.write('out'); sys.exit(3)")], environ={}, deadline=Deadline.after(LATE))
    assert (done.status, done.stdout) == (3, b"out")


def test_what_a_child_wrote_is_not_shown(script: Script) -> None:
    done = run([script("sys.stdout.write('hunter2')")], environ={}, deadline=Deadline.after(LATE))
    assert "hunter2" not in repr(done)


def test_arguments_are_passed_as_they_are_and_no_shell_reads_them(script: Script) -> None:
    program = script("sys.stdout.write(repr(sys.argv[1:]))")
    done = run([program, "$(id)", "; a", "*"], environ={}, deadline=Deadline.after(LATE))
    assert done.stdout == b"['$(id)', '; a', '*']"


@pytest.mark.parametrize("size", [0, 1, 65_536, 1_000_000], ids=["nothing", "byte", "pipe", "megabyte"])
def test_what_a_child_is_told_arrives_whole(script: Script, size: int) -> None:
    program = script("sys.stdout.write(str(len(sys.stdin.buffer.read())))")
    done = run([program], environ={}, deadline=Deadline.after(LATE), stdin=b"x" * size)
    assert done.stdout == str(size).encode()


def test_a_child_that_answers_while_it_is_told_does_not_block(script: Script) -> None:
    program = script("sys.stdout.buffer.write(sys.stdin.buffer.read())")
    told = os.urandom(500_000)
    assert run([program], environ={}, deadline=Deadline.after(LATE), stdin=told).stdout == told


def test_a_child_need_not_read_what_it_is_told(script: Script) -> None:
    program = script("sys.stdout.write('out')")
    done = run([program], environ={}, deadline=Deadline.after(LATE), stdin=b"x" * 1_000_000)
    assert (done.status, done.stdout) == (0, b"out")


@pytest.mark.parametrize(
    "argv",
    [[], [""], ["true"], ["./true"], ["../bin/true"], ["-x"], ["a;b"], ["~/true"]],
    ids=lambda argv: " ".join(argv) or "nothing",
)
def test_a_program_that_is_not_an_absolute_path_is_refused(argv: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="not an absolute path"):
        run(argv, environ=dict(os.environ), deadline=Deadline.after(LATE))


def test_the_search_path_is_not_searched(script: Script) -> None:
    folder = str(Path(script("open('planted', 'w')")).parent)
    with pytest.raises(ConfigurationError):
        run(["program"], environ={"PATH": folder}, deadline=Deadline.after(LATE))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda folder: folder / "missing", "No such file"),
        (lambda folder: folder, "Permission denied"),
        (lambda folder: folder / "a\x00b", "NUL"),
        (lambda folder: folder / "a\ud800b", "Unicode"),
    ],
    ids=["missing", "folder", "nul", "surrogate"],
)
def test_a_program_that_cannot_be_run_is_named(tmp_path: Path, make: Callable[[Path], Path], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        run([str(make(tmp_path))], environ={}, deadline=Deadline.after(LATE))
    assert str(tmp_path) in caught.value.culprit


def test_an_argument_that_no_program_can_get_is_a_typed_error(script: Script) -> None:
    with pytest.raises(ConfigurationError, match="NUL"):
        run([script(""), "a\x00b"], environ={}, deadline=Deadline.after(LATE))


def test_a_child_gets_few_variables_and_the_mark_against_loops(script: Script) -> None:
    program = script("sys.stdout.write(repr(sorted(k for k in os.environ if k != 'LC_CTYPE')))")
    environ = {"PATH": "/bin", "HOME": "/", "AWS_SECRET_ACCESS_KEY": "x", "LD_PRELOAD": "/x", NESTED: "0"}
    done = run([program], environ=environ, deadline=Deadline.after(LATE))
    assert done.stdout == repr(sorted(["HOME", NESTED, "PATH"])).encode()


def test_a_child_that_inherits_gets_all_variables(script: Script) -> None:
    program = script("sys.stdout.write(repr(sorted(k for k in os.environ if k != 'LC_CTYPE')))")
    environ = {"PATH": "/bin", "AWS_PROFILE": "prod", "OCIBROKER_CONFIG": "/x", NESTED: "0"}
    done = run([program], environ=environ, deadline=Deadline.after(LATE), inherit=True)
    assert done.stdout == repr(sorted(["AWS_PROFILE", "OCIBROKER_CONFIG", NESTED, "PATH"])).encode()


@pytest.mark.parametrize("inherit", [False, True], ids=["few", "inherited"])
def test_the_mark_against_loops_cannot_be_overridden(script: Script, *, inherit: bool) -> None:
    program = script(f"sys.stdout.write(os.environ[{NESTED!r}])")
    done = run([program], environ={NESTED: "0"}, deadline=Deadline.after(LATE), inherit=inherit)
    assert done.stdout == b"1"


def test_a_child_stands_in_the_root_folder_and_leads_a_session(script: Script) -> None:
    program = script("sys.stdout.write(f'{os.getcwd()} {os.getsid(0) == os.getpid()}')")
    assert run([program], environ={}, deadline=Deadline.after(LATE)).stdout == b"/ True"


def test_a_child_inherits_no_open_file(script: Script, tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003
        program = script(f"""
            try:
                os.fstat({file.fileno()})
            except OSError:
                sys.stdout.write('closed')
        """)
        assert run([program], environ={}, deadline=Deadline.after(LATE)).stdout == b"closed"


def test_error_output_goes_nowhere(script: Script, capfd: pytest.CaptureFixture[str]) -> None:
    run([script("sys.stderr.write('hunter2')")], environ={}, deadline=Deadline.after(LATE))
    assert "hunter2" not in "".join(capfd.readouterr())


def test_an_answer_up_to_the_limit_is_taken(script: Script) -> None:
    program = script(f"sys.stdout.buffer.write(b'x' * {LARGEST})")
    assert len(run([program], environ={}, deadline=Deadline.after(LATE)).stdout) == LARGEST


def test_an_endless_answer_is_refused(script: Script) -> None:
    program = script("""
        while True:
            sys.stdout.buffer.write(b'x' * 10_000_000)
    """)
    with pytest.raises(CredentialUnavailable, match="wrote more than") as caught:
        run([program], environ={}, deadline=Deadline.after(LATE))
    assert caught.value.culprit == program


FAMILY = """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    grandchild = os.fork()
    if grandchild == 0:
        time.sleep(600)
    with open(os.path.dirname(sys.argv[0]) + "/family", "w") as file:
        file.write(f"{os.getpid()} {grandchild}")
"""


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        ("time.sleep(600)", DeadlineExceeded),
        ("sys.exit(0)", DeadlineExceeded),
        ("os.close(1); time.sleep(600)", DeadlineExceeded),
        ("os.write(1, b'x' * 2_000_000)\n    sys.exit(0)", CredentialUnavailable),
        ("while True: os.write(1, b'x' * 65536)", CredentialUnavailable),
    ],
    ids=["stays", "leaves-a-grandchild", "closes-its-output", "floods-and-goes", "floods"],
)
def test_a_child_that_ignores_sigterm_and_a_grandchild_that_holds_its_output_are_killed(
    script: Script, tmp_path: Path, ending: str, error: type[OcibrokerError]
) -> None:
    program = script(FAMILY + f"    {ending}\n")
    start = time.monotonic()
    with pytest.raises(error) as caught:
        run([program], environ={}, deadline=Deadline.after(2.0))
    took = time.monotonic() - start
    assert caught.value.culprit == program
    assert took < 10
    assert all(gone(int(process)) for process in (tmp_path / "family").read_text().split())


def test_a_child_that_closes_its_output_and_stays_is_killed_at_the_deadline(script: Script) -> None:
    program = script("os.close(0); os.close(1); time.sleep(600)")
    with pytest.raises(DeadlineExceeded) as caught:
        run([program], environ={}, deadline=Deadline.after(SOON))
    assert caught.value.culprit == program


def test_a_child_that_never_reads_and_stays_is_killed_at_the_deadline(script: Script) -> None:
    with pytest.raises(DeadlineExceeded):
        run([script("time.sleep(600)")], environ={}, deadline=Deadline.after(SOON), stdin=b"x" * 1_000_000)


def test_a_deadline_that_is_over_starts_no_conversation(script: Script) -> None:
    program = script("time.sleep(600)")
    with pytest.raises(DeadlineExceeded) as caught:
        run([program], environ={}, deadline=Deadline.after(0))
    assert caught.value.culprit == program


@pytest.mark.parametrize("inherit", [False, True])
def test_a_child_gets_the_variables_that_are_meant_for_it_beside_the_others(
    script: Script, *, inherit: bool
) -> None:
    program = script("sys.stdout.write(repr(sorted(set(os.environ) - {'LC_CTYPE'})))")
    environ = {"HOME": "/home/alice", "AWS_PROFILE": "prod"}
    done = run(
        [program], environ=environ, deadline=Deadline.after(LATE), inherit=inherit, variables={"TOKEN": "t0ken"}
    )
    inherited = {"AWS_PROFILE"} if inherit else set()
    assert done.stdout.decode() == repr(sorted({"HOME", "TOKEN", NESTED, *inherited}))
