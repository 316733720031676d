"""What ``match`` says in the configuration: which hosts, and which paths on them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from ocibroker.errors import ConfigurationError, InvalidTarget
from ocibroker.host import canonical_host, parse_port, shown
from ocibroker.origin import DEFAULT_PORT
from ocibroker.target import ALIASES

_GLOB_LABEL: Final = re.compile(r"[a-z0-9_*-]{1,63}", re.ASCII)
_RUN: Final = "[a-z0-9_-]+"
_PATH: Final = re.compile(r"[A-Za-z0-9._~@+-]+(?:/[A-Za-z0-9._~@+-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pattern:
    """``host[:port][/path]``, where ``*`` stands for a run of characters within one label of the host.

    A path matches itself and what is below it, on ``/`` boundaries. No port means the scheme's default.
    """

    text: str
    host: str
    port: int | None
    path: str
    _expression: re.Pattern[str] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Return the pattern, or raise :class:`~ocibroker.errors.ConfigurationError` that names it."""
        if "://" in text:
            raise _refused(text, "carries a scheme", "write host[:port][/path]")
        authority, slash, path = text.partition("/")
        if slash and (not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/"))):
            raise _refused(text, "has a path that is not made of plain segments", "a * is for the host only")
        host, port = _authority(text, authority)
        return cls(text, host, port, path, _expression(host))

    def matches(self, host: str, port: int, path: str = "", *, default: int = DEFAULT_PORT["https"]) -> bool:
        """Whether the pattern covers that place; ``default`` is the port that no port means."""
        at_port = port == (self.port or default)
        return at_port and self._covers(path) and self._expression.fullmatch(host) is not None

    def _covers(self, path: str) -> bool:
        return not self.path or path == self.path or path.startswith(f"{self.path}/")

    @property
    def rank(self) -> tuple[int, bool, int]:
        """How specific it is: more path segments, then an exact host, then more of the host spelt out."""
        segments = len(self.path.split("/")) if self.path else 0
        return segments, "*" not in self.host, len(self.host.replace("*", ""))

    def __str__(self) -> str:
        return self.text


class Matching(Protocol):
    """Anything that a pattern selects."""

    @property
    def pattern(self) -> Pattern:
        """Which hosts and paths it is for."""
        ...


M = TypeVar("M", bound=Matching)


def best(candidates: Iterable[M], place: str) -> M | None:
    """Return the most specific of ``candidates``, which all match ``place``; none of none.

    Raises :class:`~ocibroker.errors.ConfigurationError` where two are equally specific: never a guess.
    """
    ranked = sorted(candidates, key=lambda one: one.pattern.rank, reverse=True)
    if len(ranked) > 1 and ranked[0].pattern.rank == ranked[1].pattern.rank:
        pair = " and ".join(repr(one.pattern.text) for one in ranked[:2])
        raise ConfigurationError(f"{pair} match equally well", culprit=place, hint="make one more specific")
    return ranked[0] if ranked else None


def _authority(text: str, authority: str) -> tuple[str, int | None]:
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, colon = authority, ""
    try:
        number = parse_port(port, text) if colon else None
        name = _glob(text, host) if "*" in host else canonical_host(host)
    except InvalidTarget as error:
        raise _refused(text, error.message, error.hint) from None
    return (name if number not in {None, 443} else ALIASES.get(name, name)), number


def _glob(text: str, host: str) -> str:
    name = host.lower()
    if not host.isascii() or not all(_GLOB_LABEL.fullmatch(label) for label in name.split(".")):
        raise _refused(text, "is not a host name with * in its labels")
    return name


def _expression(host: str) -> re.Pattern[str]:
    return re.compile(r"\.".join(map(_label, host.split("."))), re.ASCII)


def _label(label: str) -> str:
    """Return the expression of one label: a star gives nothing back, so that no host makes the search long."""
    first, *rest = map(re.escape, label.split("*"))
    if not rest:
        return first
    *inner, last = rest
    return first + "".join(f"(?>{_RUN}?{part})" for part in inner) + _RUN + last


def _refused(text: str, why: str, hint: str = "") -> ConfigurationError:
    return ConfigurationError(why, culprit=f"match = {shown(text)}", hint=hint)
