"""Semantic versions, read strictly as tags and loosely as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

LONGEST: Final = 256
"""Characters of a version or range. No tag is longer than 128."""

_NUMBER: Final = "0|[1-9][0-9]*"
_PRE: Final = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_TAIL: Final = rf"(?:-(?P<pre>{_PRE}(?:\.{_PRE})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
_STRICT: Final = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER}){_TAIL}", re.ASCII)
_LOOSE: Final = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{_TAIL}", re.ASCII)
_LARGEST: Final = (1 << 64) - 1

_RELEASE: Final = ((2, 0, ""),)
"""What stands after every pre-release: its identifiers begin with 0 (a number) or 1 (a word)."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version of Semantic Versioning 2.0.0, in the order of its rule 11.

    Build metadata is left out, since it plays no part in that order: ``1.0.0+a`` and ``1.0.0+b`` are equal.
    ``stage`` tells the pre-releases of one version apart, and them from the release.
    """

    major: int
    minor: int
    patch: int
    stage: tuple[tuple[int, int, str], ...] = _RELEASE

    @classmethod
    def strict(cls, text: str) -> Self | None:
        """Return the version that ``text`` is to the letter, as ``StrictNewVersion`` of Masterminds/semver 3.4."""
        return cls._read(_STRICT, text)

    @classmethod
    def loose(cls, text: str) -> Self | None:
        """Return the version also of ``v1.2``, ``1`` or ``01.2.3``, as ``NewVersion`` of Masterminds/semver 3.4."""
        return cls._read(_LOOSE, text)

    @classmethod
    def _read(cls, grammar: re.Pattern[str], text: str) -> Self | None:
        found = grammar.fullmatch(text) if len(text) <= LONGEST else None
        if found is None:
            return None
        major, minor, patch = (int(part or 0) for part in found.group(1, 2, 3))
        if max(major, minor, patch) > _LARGEST:
            return None
        return cls(major, minor, patch, _stage(found["pre"]))

    @property
    def core(self) -> tuple[int, int, int]:
        """Major, minor and patch."""
        return self.major, self.minor, self.patch

    @property
    def is_prerelease(self) -> bool:
        """Whether it comes before the release of the same number."""
        return self.stage != _RELEASE


def _stage(pre: str | None) -> tuple[tuple[int, int, str], ...]:
    if pre is None:
        return _RELEASE
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split("."))
