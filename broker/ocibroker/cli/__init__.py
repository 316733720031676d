"""The command line for people: ``ocibroker …``, one module per command.

This module imports nothing beyond the standard library, so that it can say what is missing.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Final, NoReturn, TextIO

from ocibroker.cli.exits import ExitCode

NEEDED: Final = frozenset({"typer", "rich"})
"""What the extra ``ocibroker[cli]`` installs."""


def main() -> NoReturn:
    """Run the command line of this process and end it with the status of :class:`ExitCode`."""
    try:
        status = _run()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        status = ExitCode.INTERRUPTED
    for stream in (sys.stdout, sys.stderr):
        _settle(stream)
    sys.exit(status)


def _run() -> int:
    try:
        from ocibroker.cli.run import run
    except ModuleNotFoundError as missing:
        if missing.name not in NEEDED:
            raise
        sys.stderr.write("ocibroker: the command line needs: pip install 'ocibroker[cli]'\n")
        return ExitCode.USAGE
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A path that the terminal's encoding lacks is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    return run(sys.argv[1:], environ=os.environ, stdout=sys.stdout, stderr=sys.stderr)


def _settle(stream: TextIO) -> None:
    """Flush, and give up on a stream that nobody reads: the interpreter would complain of it at exit."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
