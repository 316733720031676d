"""How far a pull has come, for people: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ocibroker.cli import logs
from ocibroker.cli.terminal import Terminal
from ocibroker.line import one_line

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from ocibroker.oci import Progress


@contextmanager
def shown(terminal: Terminal) -> Iterator[Progress]:
    """Show it on standard error until the block ends."""
    # A bar is drawn over what is above it, which may be a line of the logs.
    if not terminal.stderr.isatty() or logs.are_raised():
        yield Lines(terminal)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(file=terminal.stderr, _environ=terminal.environ)
    name = TextColumn("{task.description}", markup=False)
    with Progress(name, BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=console) as progress:
        yield Bars(progress)


class Bars:
    """A bar for each name: images that share a layer share its bar."""

    def __init__(self, progress: RichProgress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._sizes: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, size: int) -> None:
        """Draw the bar, or make it longer."""
        with self._lock:
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(one_line(name), total=None)
            self._sizes[name] = self._sizes.get(name, 0) + size
            self._counts.setdefault(name, 0)
            self._progress.update(self._tasks[name], total=self._sizes[name] or None)

    def advance(self, name: str, count: int) -> None:
        """Move it."""
        with self._lock:
            self._counts[name] += count
        self._progress.advance(self._tasks[name], count)

    def end(self, name: str) -> None:
        """Leave it as it is, full; one of unknown length is as long as it has become."""
        if not self._sizes[name]:
            self._progress.update(self._tasks[name], total=self._counts[name])


class Lines:
    """A line for each file, when it is complete."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._sizes: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, size: int) -> None:
        """Remember the size."""
        self._sizes[name], self._counts[name] = size, 0

    def advance(self, name: str, count: int) -> None:
        """Count, for where nobody knows the size."""
        with self._lock:
            self._counts[name] += count

    def end(self, name: str) -> None:
        """Write the line, whole."""
        with self._lock:
            self._terminal.note(f"{name}: {self._sizes[name] or self._counts[name]} bytes")
