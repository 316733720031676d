"""Notes what the running interpreter does, by its audit events (PEP 578) and its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_TOUCHES: Final = ("open", "socket.", "subprocess.", "os.", "shutil.", "tempfile.", "ctypes.", "sqlite3.", "time.")
_OURS: Final = frozenset({"ocibroker", "msgspec"})


class Recorder:
    """Notes I/O, reads of the process's environment and imports while somebody is asked.

    ``sdks`` are noted as soon as they are imported at all. ``home`` is the top-level package of who is asked, which
    may import its own parts. It stays installed until the interpreter ends, so it is for one of its own.
    """

    def __init__(self, sdks: tuple[str, ...]) -> None:
        self._sdks = sdks
        self._asked = ""
        self.home = ""
        self.findings: list[str] = []

    def install(self) -> None:
        """Begin to listen."""
        recorder = self

        class Watched(os._Environ[str]):
            def __getitem__(self, key: str) -> str:
                recorder._environment(key)
                return super().__getitem__(key)

            def __iter__(self) -> Iterator[str]:
                recorder._environment("*")
                return super().__iter__()

        # The same object everybody may have imported already; only its class is another.
        os.environ.__class__ = Watched
        sys.addaudithook(self._hear)

    @contextmanager
    def asking(self, method: str) -> Iterator[None]:
        """Note what happens within the block as done by ``method``."""
        self._asked = method
        try:
            yield
        finally:
            self._asked = ""

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "import":
            self._import(str(arguments[0]))
        elif self._asked and event.startswith(_TOUCHES) and not _importing():
            self._note(f"{self._asked} causes {event} {str(arguments[0])[:120] if arguments else ''}".rstrip())

    def _import(self, module: str) -> None:
        top = module.partition(".")[0]
        if any(f"{module}.".startswith(f"{sdk}.") for sdk in self._sdks):
            self._note(f"{self._asked or 'its module'} imports {module}")
        elif self._asked and top not in sys.stdlib_module_names | _OURS | {self.home}:
            self._note(f"{self._asked} imports {module}")

    def _environment(self, name: str) -> None:
        if self._asked and not _importing():
            self._note(f"{self._asked} reads the variable {name} of the process")

    def _note(self, finding: str) -> None:
        if finding not in self.findings:
            self.findings.append(finding)


def _importing() -> bool:
    """Whether an import is under way, which reads files by its nature."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
    return False
