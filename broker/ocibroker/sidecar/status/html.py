"""Elements of HTML; the one place where text becomes markup, and none becomes it unescaped.

What is not :class:`Markup` is text, by its type: nothing has to be marked as dangerous. A template library would
do the same in another language, which mypy does not read, for two more distributions in a process that holds
credentials.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Final

from ocibroker.line import one_line

LONGEST: Final = 2000
"""Characters of one text; the rest is in ``/status.json``."""

_VOID: Final = frozenset({"meta", "link", "br", "hr"})


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that was made here."""

    text: str


Node = Markup | str | None
"""A text is escaped; none is nothing."""


def element(name: str, /, *children: Node | Iterable[Node], **attributes: str | bool | None) -> Markup:
    """Return an element. Of an attribute's name a last ``_`` is dropped, another is a ``-``; true has no value."""
    head = f"<{name}{''.join(map(_attribute, attributes.items()))}>"
    if name in _VOID:
        return Markup(head)
    return Markup(f"{head}{''.join(map(_rendered, children))}</{name}>")


def raw_text(name: str, text: str) -> Markup:
    """Return an element whose content HTML does not parse, such as ``style``; ``text`` is a constant of ours."""
    return Markup(f"<{name}>{text}</{name}>")


def escaped(text: str) -> str:
    """Return ``text`` on one line and harmless; what steers a reader's eye (bidi, zero width) is an escape."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return escape(one_line(shown), quote=True)


def _rendered(node: Node | Iterable[Node]) -> str:
    if node is None:
        return ""
    if isinstance(node, Markup):
        return node.text
    return escaped(node) if isinstance(node, str) else "".join(map(_rendered, node))


def _attribute(pair: tuple[str, str | bool | None]) -> str:
    name, value = pair[0].rstrip("_").replace("_", "-"), pair[1]
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escaped(value)}"'
