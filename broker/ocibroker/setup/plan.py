"""What a tool's files should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["json", "block", "toml", "own"]
"""How a file is edited: which decides whether our part can be told from what others have changed since."""

Read: TypeAlias = Callable[[Path], bytes | None]
"""The content of a file as it would be without us; none where there is none."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A file, its whole new content, and the mode of one that is new. A private one is never shown."""

    path: Path
    content: bytes = field(repr=False)
    kind: Kind = "own"
    mode: int = 0o644
    private: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The files of one tool; ``notes`` say what it cannot be told, and what else is to do.

    ``executable`` is the helper that the tool looks up by ``PATH``; empty where it looks elsewhere. ``shared`` is
    whether folders that are made for it are for every user of the machine.
    """

    files: tuple[Planned, ...]
    notes: tuple[str, ...] = ()
    executable: str = ""
    shared: bool = False
