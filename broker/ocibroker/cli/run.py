"""One run, from arguments to an exit code."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

import typer

from ocibroker.cli import logs
from ocibroker.cli.application import NAME, application
from ocibroker.cli.exits import ExitCode, exit_code
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.meant import next_step, spelt_out
from ocibroker.cli.person import Person
from ocibroker.cli.terminal import Terminal
from ocibroker.errors import OcibrokerError

_LOG: Final = logging.getLogger("ocibroker.cli")
_NOBODY: Final = Person()


def run(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    stdout: TextIO,
    stderr: TextIO,
    person: Person = _NOBODY,
) -> int:
    """Run the command that ``argv`` names, without the program's own name, and return the exit code.

    ``person`` is whom a command may ask for a password.
    Help and shell completion are typer's, and go to the process's own streams. An error becomes one line on
    ``stderr``; only with ``-vv`` is it followed by the frames of one that nobody foresaw.
    """
    terminal = Terminal(stdout, stderr, environ)
    with logs.shown(stderr):
        try:
            return _perform(argv, Invocation(environ, terminal, person=person))
        except OcibrokerError as error:
            terminal.note(str(error))
            return exit_code(error)
        except typer.TyperException as error:
            terminal.note(f"{_sentence(error)} ({next_step(error, argv, NAME)})")
            return ExitCode.USAGE
        except SystemExit as end:  # help, shell completion
            return end.code if isinstance(end.code, int) else ExitCode.OK
        except KeyboardInterrupt:
            return _interrupted(stderr)
        except Exception as error:  # noqa: BLE001  # whatever it is, nobody gets a traceback unasked
            _LOG.debug("unexpected", exc_info=True)
            terminal.note(f"unexpected {type(error).__name__} (run it again with -vv, and report what that shows)")
            return ExitCode.UNEXPECTED


def _perform(argv: Sequence[str], invocation: Invocation) -> int:
    # typer catches Ctrl-C itself and returns its code.
    code: int = (
        application()(args=spelt_out(argv), prog_name=NAME, standalone_mode=False, obj=invocation) or ExitCode.OK
    )
    if code == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return _deliver(invocation.terminal, code)


def _deliver(terminal: Terminal, code: int) -> int:
    try:
        terminal.deliver()
    except BrokenPipeError:
        return ExitCode.BROKEN_PIPE
    except OSError as error:
        terminal.note(f"cannot write the output: {error.strerror}")
        return ExitCode.UNEXPECTED
    return code


def _interrupted(stderr: TextIO) -> int:
    stderr.write("\n")
    return ExitCode.INTERRUPTED


def _sentence(error: typer.TyperException) -> str:
    return " ".join(error.format_message().split()).rstrip(".")
