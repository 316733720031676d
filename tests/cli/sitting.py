"""A person in front of a terminal in which a command runs."""

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

_SECONDS = 30.0
# The terminal becomes that of the new session, as a login shell's is.
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(os.open(sys.argv[1], os.O_RDWR), termios.TIOCSCTTY, 0)
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass
class Sitting:
    process: subprocess.Popen[bytes]
    terminal: int
    far_end: int
    _seen: bytearray = field(default_factory=bytearray)

    @classmethod
    @contextmanager
    def of(cls, command: Sequence[str], environ: Mapping[str, str], *, shown: bool = False) -> Iterator["Sitting"]:
        """Run ``command`` there; with ``shown`` its output goes to the terminal too."""
        far_end, terminal = pty.openpty()
        argv = [sys.executable, "-c", _TAKE_TERMINAL, os.ttyname(terminal), *command]
        nothing = subprocess.DEVNULL
        output = terminal if shown else nothing
        try:
            with subprocess.Popen(
                argv, env=environ, start_new_session=True, stdin=nothing, stdout=output, stderr=output
            ) as process:
                try:
                    yield cls(process, terminal, far_end)
                finally:
                    process.kill()
        finally:
            os.close(far_end)
            os.close(terminal)

    def answer(self, question: str, keys: str) -> None:
        """Wait for ``question`` and type ``keys``."""
        end = time.monotonic() + _SECONDS
        while question not in self.seen and time.monotonic() < end:
            self._look(0.05)
        assert question in self.seen
        os.write(self.far_end, keys.encode())

    def ended(self) -> int:
        end = time.monotonic() + _SECONDS
        while self.process.poll() is None and time.monotonic() < end:
            self._look(0.05)  # a full terminal would stop it
        code = self.process.wait(0)
        self._look(0)
        return code

    @property
    def seen(self) -> str:
        return self._seen.decode()

    @property
    def shows_what_is_typed(self) -> bool:
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def _look(self, seconds: float) -> None:
        while select.select([self.far_end], [], [], seconds)[0]:
            self._seen += os.read(self.far_end, 4096)
