"""The manual as the tests read it: pages, fenced blocks, tables and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

_BLOCK: Final = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[[^\]]*\]\((?P<to>[^)]+)\)")
_HEADING: Final = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block; ``info`` is what stands behind the fence."""

    page: Path
    line: int
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(info: str) -> list[Block]:
    return [block for page in PAGES for block in _blocks(page) if block.info == info]


def section(page: Path, title: str) -> str:
    """Return what stands below a heading, up to the next of the same level, or of one above."""
    level, _, _ = title.partition(" ")
    _, _, rest = page.read_text().partition(f"\n{title}\n")
    return re.split(rf"^#{{2,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> dict[str, list[str]]:
    """Return the table rows that begin with one name in backquotes, by that name."""
    cells = (
        [cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")
    )
    return {row[0].strip("`"): row[1:] for row in cells}


def links(page: Path) -> Iterator[str]:
    """Return the relative links of a page."""
    found = (match["to"] for match in _LINK.finditer(_BLOCK.sub("", page.read_text())))
    return (to for to in found if "://" not in to)


def anchors(page: Path) -> set[str]:
    """Return the names that GitHub gives to a page's headings."""
    titles = (match["title"].lower() for match in _HEADING.finditer(_BLOCK.sub("", page.read_text())))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for match in _BLOCK.finditer(text):
        yield Block(page, text.count("\n", 0, match.start()) + 1, match["info"], match["text"])
