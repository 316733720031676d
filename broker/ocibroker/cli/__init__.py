"""The command line for people: ``ocibroker …``, one module per command.

This module imports nothing beyond the standard library, so that it can say what is missing.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Final, NoReturn

from ocibroker.cli.exits import ExitCode

NEEDED: Final = frozenset({"typer", "rich"})
"""What the extra ``ocibroker[cli]`` installs."""
_STDERR: Final = 2


def main() -> NoReturn:
    """Run the command line of this process and end it with a code of :class:`ExitCode`."""
    _occupy_standard_streams()
    try:
        code = _run()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        code = ExitCode.INTERRUPTED
    if code == ExitCode.BROKEN_PIPE:
        # The interpreter flushes at exit, and would complain of what nobody reads.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    gc.freeze()  # what is left is the system's to take, and looking for garbage in it would take its time
    sys.exit(code)


def _occupy_standard_streams() -> None:
    """Open those that are closed: the next file or socket would get their number, and what is written there."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(opened)


def _run() -> int:
    try:
        from ocibroker.cli.person import TERMINAL, Person
        from ocibroker.cli.run import run
    except ModuleNotFoundError as missing:
        if missing.name not in NEEDED:
            raise
        sys.stderr.write("ocibroker: the command line needs: pip install 'ocibroker[cli]'\n")
        return ExitCode.USAGE
    # Where a standard stream is closed there is no object for it.
    person = Person(getattr(sys.stdin, "buffer", None), TERMINAL)
    with Path(os.devnull).open("w") as nowhere:
        stdout, stderr = sys.stdout or nowhere, sys.stderr or nowhere
        return run(sys.argv[1:], environ=os.environ, stdout=stdout, stderr=stderr, person=person)
