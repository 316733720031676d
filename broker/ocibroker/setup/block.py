"""Our own lines in a file of lines, between two comments."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ocibroker.errors import ConfigurationError

_BEGIN: Final = "# ocibroker setup: begin"
_END: Final = "# ocibroker setup: end"
_BLOCK: Final = re.compile(rf"^{_BEGIN}\n.*?^{_END}\n", re.MULTILINE | re.DOTALL)


def text_of(path: Path, content: bytes | None) -> str:
    """Return the content of the file at ``path`` as text; raises :class:`~ocibroker.errors.ConfigurationError`."""
    try:
        return (content or b"").decode()
    except UnicodeDecodeError:
        pass
    raise ConfigurationError("is not UTF-8", culprit=str(path), hint="correct it, or name another with --file")


def put_block(text: str, lines: str) -> str:
    """Return ``text`` with ``lines`` as our block: in the place of an earlier one, else at the end."""
    rest = take_block(text)
    if not lines:
        return rest
    gap = "" if not rest or rest.endswith("\n") else "\n"
    return f"{rest}{gap}{_BEGIN}\n{lines}{_END}\n"


def take_block(text: str) -> str:
    """Return ``text`` without our block."""
    return _BLOCK.sub("", text)
