"""What a service or a program answers: a JSON object of a known shape."""

from __future__ import annotations

from typing import Self

import msgspec


class JsonAnswer(msgspec.Struct):
    """A JSON object; subclass it with the fields that matter, others are ignored.

    It never shows itself: a traceback with local variables must not hold what a service has said.
    """

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich's tracebacks prefer it to `repr`.
        return []

    @classmethod
    def read(cls, body: bytes) -> Self | None:
        """Return the object that ``body`` is, or none where it is something else.

        Types are taken literally: a number in quotes is none, a boolean neither, and NaN is no JSON (RFC 8259).
        """
        try:
            return msgspec.json.decode(body, type=cls)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None
