"""Paths of URLs, so that rules and servers read them alike."""

from __future__ import annotations

import re
from typing import Final

_UNESCAPED: Final = r"[!$&'()*+,;=:@A-Za-z0-9._~/-]"
# Not those of # % . / ; ? \ and of control characters, nor what is not ASCII: servers differ on them.
_ESCAPE: Final = re.compile("%(?!2[35EF]|3[BF]|5C|7F)[2-7][0-9A-F]", re.ASCII | re.IGNORECASE)
_PATH: Final = re.compile(f"(?:{_UNESCAPED}|{_ESCAPE.pattern})*", re.ASCII | re.IGNORECASE)
_SPACE: Final = "%20"


def normalised(path: str) -> str | None:
    """Return ``path`` as rules are compared with it; none where a server may read it as another one.

    It neither begins nor ends with a slash, and what needs no escape has none (RFC 3986 section 6.2.2). Refused are
    backslashes, ``.`` and ``..`` (``..;`` too, as Java's servers read it), spaces around a segment, and escapes by
    which a path changes its meaning where it is decoded once too often, or not at all.
    """
    if not _PATH.fullmatch(path) or any(map(_is_ambiguous, path.split("/"))):
        return None
    return _ESCAPE.sub(_unescaped, re.sub("/+", "/", path).strip("/"))


def _is_ambiguous(segment: str) -> bool:
    name = segment.partition(";")[0]
    return name in {".", ".."} or name.startswith(_SPACE) or name.endswith(_SPACE)


def _unescaped(escape: re.Match[str]) -> str:
    char = chr(int(escape[0][1:], 16))
    return char if re.fullmatch(_UNESCAPED, char) else escape[0].upper()
