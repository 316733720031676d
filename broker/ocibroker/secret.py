"""Text that never shows itself."""

from __future__ import annotations

import hmac
from typing import ClassVar, NoReturn

from ocibroker.errors import InvalidValue

LONGEST = 64 * 1024
"""The most characters a secret may have: every token seen in the wild is well below."""


class Secret:
    """A password, token or key.

    ``repr``, ``str`` and formatting show a mask, pickling is refused, comparison takes constant time.
    The value comes out only by :meth:`reveal`, and that is called only where it goes on the wire.

    Raises :class:`~ocibroker.errors.InvalidValue` for an empty or oversized value and for control
    characters, which a line protocol or a header would turn into a second line (CVE-2020-5260).
    """

    __slots__ = ("_value",)
    allowed: ClassVar[frozenset[str]] = frozenset()
    """Control characters that this kind of secret may hold."""

    __hash__: ClassVar[None]  # type: ignore[assignment]  # object's is callable; a secret is no key of a table

    def __init__(self, value: str) -> None:
        self._value = value
        # A traceback with local variables must not show it.
        del value
        if flaw := _flaw(self):
            raise InvalidValue(flaw)

    def reveal(self) -> str:
        """Return the value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('**********')"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied to another process")


def _flaw(secret: Secret) -> str:
    if not isinstance(secret.reveal(), str):  # a plugin's bytes, which would be shown by the error of a later check
        return "a secret is not text"
    if not secret.reveal():
        return "a secret is empty"
    if len(secret.reveal()) > LONGEST:
        return f"a secret is longer than {LONGEST} characters"
    if has_control("".join(char for char in secret.reveal() if char not in secret.allowed)):
        return "a secret holds a control character"
    return "a secret is not valid Unicode" if has_lone_surrogate(secret.reveal()) else ""


def has_control(text: str) -> bool:
    """Whether ``text`` holds a C0 or C1 control character, DEL included."""
    return any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in text)


def has_lone_surrogate(text: str) -> bool:
    """Whether ``text`` cannot be encoded as UTF-8."""
    return any(0xD800 <= ord(char) <= 0xDFFF for char in text)
