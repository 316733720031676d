"""One value of a Secret, and what is to be said of it when it is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ocibroker.provider import ConfigurationError

# As Go's strconv.ParseBool, by which Fleet reads them.
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})


@dataclass(frozen=True, slots=True)
class Value:
    """``key`` as it is spelt, ``culprit`` with where it stands; ``file`` is none for what is no file of its own."""

    key: str
    culprit: str
    content: bytes = field(repr=False)
    file: Path | None = None

    @property
    def text(self) -> str:
        """The text, without line breaks at its end.

        Raises :class:`~ocibroker.errors.ConfigurationError`.
        """
        try:
            return self.content.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            pass
        raise self.wrong("is not UTF-8 text")

    @property
    def pem(self) -> str:
        """The text of certificates; what is none is found by who takes them apart."""
        return self.content.decode("ascii", "replace")

    @property
    def flag(self) -> bool:
        """Whether it says true; errors as :attr:`text`."""
        text = self.text
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        raise self.wrong("is neither true nor false")

    def wrong(self, why: str, hint: str = "correct it in the secret") -> ConfigurationError:
        """Return the error that names the value and does not show it."""
        return ConfigurationError(why, culprit=self.culprit, hint=hint)
