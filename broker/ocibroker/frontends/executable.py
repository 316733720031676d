"""A front end as an executable of its own: one question, answered by a broker in this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Final

from ocibroker.errors import OcibrokerError
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.front_end import LONGEST, FrontEnd
from ocibroker.helper_protocol import NESTED
from ocibroker.version import __version__

_HELP: Final = frozenset({"--help", "-h"})
_ACCOUNT: Final = "--account"


def main(front: FrontEnd) -> None:
    """Run the executable: its arguments, standard input and output, and an exit status."""
    result = run(front, sys.argv, _read, os.environ)
    if result.diagnostics and sys.stderr:
        sys.stderr.write(f"{front.executable}: {result.diagnostics}\n")
    _write(result.stdout)
    raise SystemExit(result.status)


def run(front: FrontEnd, argv: Sequence[str], read: Callable[[], bytes], environ: Mapping[str, str]) -> Answer:
    """Return what the executable answers; ``argv[0]`` is what it was called by.

    ``read`` returns standard input and is called only if it matters. An account is the one that ``--account``
    names, else the end of the executable's own name, as in ``docker-credential-ocibroker-ACCOUNT``.
    """
    account, words = _split(front, argv)
    verb = words[0] if words else front.default
    if not verb or len(words) > 1:
        return front.refused(front.usage)
    if verb in _HELP:
        return Answer(f"{front.usage}\n".encode())
    if verb in front.version_words:
        return Answer(f"{front.executable} (ocibroker) {__version__}\n".encode())
    if verb not in front.verbs:
        return front.unknown(verb)
    stdin = read()
    if verb == "get" and environ.get(NESTED):
        return front.missed(stdin, "asked by a helper that ocibroker itself runs")
    from ocibroker.broker import Broker  # here, since the answers above need none

    try:
        with Broker.from_config(environ=environ, ahead=False, store="file") as broker:
            return front.answer(verb, stdin, broker, account)
    except OcibrokerError as error:
        return front.failed(error)


def _split(front: FrontEnd, argv: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the account and the words that follow it."""
    called, words = PurePath(argv[0]).name, argv[1:]
    if len(words) > 1 and words[0] == _ACCOUNT:
        return words[1], words[2:]
    prefix = f"{front.executable}-"
    return called.removeprefix(prefix) if front.named and called.startswith(prefix) else "", words


def _read() -> bytes:
    # Whoever starts a helper may leave it without standard input.
    return sys.stdin.buffer.read(LONGEST + 1) if sys.stdin else b""


def _write(stdout: bytes) -> None:
    if not sys.stdout:
        return
    try:
        sys.stdout.buffer.write(stdout)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Nobody waits for the answer any more. Python would flush once more at the end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
