"""Helm's way from a wanted version to a tag.

Follows Helm 3.17, ``pkg/registry``: ``Client.ValidateReference`` (one version is the tag), ``Client.Tags`` (only
tags that are versions, highest first) and ``GetTagMatchingVersionOrConstraint``; and the ranges of its library,
Masterminds/semver 3.4 (``constraints.go``, https://github.com/Masterminds/semver#checking-version-constraints).
Helm 3.17 itself still has 3.3, where each comparison alone lets pre-releases in or keeps them out
(https://github.com/Masterminds/semver/pull/267).

On purpose otherwise: a range has at most 256 characters; a number in a pre-release is a number however long it is;
a stray ``|`` in a version is refused, as is anything but a number or a wildcard behind a wildcard (``1.x.1x``), and
``1||2 - 3`` is read as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, Self

from ocibroker.errors import InvalidTarget, NotFound
from ocibroker.host import shown
from ocibroker.oci.constraint import OPERATOR, PARTIAL, Constraint
from ocibroker.oci.tag import tag_of, version_of
from ocibroker.oci.version import LONGEST, Version

STABLE: Final = "*"
DEVEL: Final = ">0.0.0-0"
"""What no range stands for: the highest version, and the highest with pre-releases (Helm's ``--devel``)."""

_SPACE: Final = r"[\t\n\f\r ]"
_HYPHEN: Final = re.compile(rf"{_SPACE}*({PARTIAL}){_SPACE}+-{_SPACE}+({PARTIAL}){_SPACE}*", re.ASCII)
_ONE: Final = re.compile(rf"({OPERATOR}){_SPACE}*({PARTIAL})", re.ASCII)
_BETWEEN: Final = re.compile(rf"{_SPACE}*,{_SPACE}*|{_SPACE}+", re.ASCII)
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Alternatives (``||``), each of comparisons that must all hold (a comma or a space)."""

    alternatives: tuple[tuple[Constraint, ...], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the range, or raise :class:`~ocibroker.errors.InvalidTarget`."""
        if len(text) > LONGEST:
            raise _malformed(text)
        # A hyphen range may stand beside other comparisons: it is two of them.
        plain = _HYPHEN.sub(r">= \1, <= \2 ", text)
        alternatives = tuple(_comparisons(part.strip("\t\n\f\r ")) for part in plain.split("||"))
        if not all(alternatives):
            raise _malformed(text)
        return cls(alternatives)

    def includes(self, version: Version) -> bool:
        """Whether ``version`` is in the range.

        A pre-release is only in an alternative that itself names one; from there it is compared as any version.
        """
        return any(
            all(one.allows(version) for one in every)
            and (not version.is_prerelease or any(one.version.is_prerelease for one in every))
            for every in self.alternatives
        )


def exact(wanted: str) -> str | None:
    """Return the tag of ``wanted`` if it is one version, loosely read: then nothing needs to be listed.

    Helm takes it as it is written: ``1.2`` is the tag ``1.2``, not a range.
    """
    return tag_of(wanted) if Version.loose(wanted) else None


def choose(wanted: str, tags: Iterable[str], *, devel: bool = False) -> str:
    """Return the one of ``tags`` that ``wanted`` is, or else whose version is the highest in the range ``wanted``.

    Tags that are no versions to the letter do not count. No range means any version, with ``devel`` any pre-release
    too; beside a range ``devel`` means nothing. Of versions that differ in build metadata only, the first in
    ``tags``: Helm's sort keeps their order where they are few, and the specification has registries list them in
    lexical order, so that ``1.0.0`` wins over ``1.0.0_a``.

    Raises :class:`~ocibroker.errors.InvalidTarget` for a range that is none, and
    :class:`~ocibroker.errors.NotFound` if nothing fits.
    """
    return select(wanted, ((version, tag) for tag in tags if (version := version_of(tag))), devel=devel)


def select(wanted: str, versions: Iterable[tuple[Version, str]], *, devel: bool = False) -> str:
    """Return what :func:`choose` does, out of versions and how each of them is written.

    Nothing is taken from ``versions`` for a range that is none.
    """
    wanted = wanted or (DEVEL if devel else STABLE)
    allowed = VersionRange.parse(wanted)
    found = list(versions)
    if named := [name for _, name in found if tag_of(name) == tag_of(wanted)]:
        return named[0]
    fitting = [one for one in found if allowed.includes(one[0])]
    if not fitting:
        raise _missing(wanted, found)
    return max(fitting, key=itemgetter(0))[1]


def _comparisons(text: str) -> tuple[Constraint, ...]:
    """Return what must all hold; empty if ``text`` is malformed."""
    parsed: list[Constraint] = []
    place = 0
    while found := _ONE.match(text, place):
        one = Constraint.read(found[1], found[2])
        if one is None:
            return ()
        parsed.append(one)
        if found.end() == len(text):
            return tuple(parsed)
        gap = _BETWEEN.match(text, found.end())
        if gap is None:
            return ()
        place = gap.end()
    return ()


def _malformed(text: str) -> InvalidTarget:
    hint = "write it as 1.2.3, ^1.2, ~1.2.3, '>=1.2, <2' or '1.2 - 1.4'"
    return InvalidTarget(
        "is neither a version nor a range of versions", culprit=f"version {shown(text)}", hint=hint
    )


def _missing(wanted: str, found: Sequence[tuple[Version, str]]) -> NotFound:
    culprit = f"version {shown(wanted)}"
    if not found:
        return NotFound("no tag is a version", culprit=culprit, hint="name a tag instead of a version")
    newest = [tag.replace("_", "+") for _, tag in sorted(found, key=itemgetter(0), reverse=True)]
    more = " …" if len(newest) > _SHOWN else ""
    return NotFound("no version fits", culprit=culprit, hint=f"choose from {', '.join(newest[:_SHOWN])}{more}")
