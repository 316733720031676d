"""One comparison of a version range: an operator and a version, or the beginning of one."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ocibroker.oci.version import Version

OPERATOR: Final = "!=|>=|=>|<=|=<|~>|[=<>~^]|"
PARTIAL: Final = (
    r"v?(?:[0-9]+|[xX*])(?:\.(?:[0-9]+|[xX*])){0,2}"
    r"(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
"""Regular expressions: what a comparison is made of."""

_PARTS: Final = re.compile(r"v?(?P<core>[^+-]+)(?P<pre>-[^+]+)?.*", re.ASCII)
_WILDCARDS: Final = frozenset("xX*")


@dataclass(frozen=True, slots=True)
class Constraint:
    """What ``constraint`` is in Masterminds/semver 3.4 (``constraints.go``).

    ``version`` has zeros where nothing or a wildcard was written; ``given`` is how many of its three parts were
    written, 0 to 3. Whether pre-releases are let in is a matter of the whole range.
    """

    operator: str
    version: Version
    given: int

    @classmethod
    def read(cls, sign: str, partial: str) -> Constraint | None:
        """Return the comparison by one of :data:`OPERATOR` with a :data:`PARTIAL`; none if that is no version."""
        found = _PARTS.fullmatch(partial)
        parts = found["core"].split(".") if found else []
        given = next((index for index, part in enumerate(parts) if part in _WILDCARDS), len(parts))
        numbers = ".".join([*parts[:given], "0", "0", "0"][:3])
        version = Version.loose(f"{numbers}{found['pre'] or ''}") if found else None
        return cls(sign, version, given) if version else None

    def allows(self, version: Version) -> bool:
        """Whether ``version`` passes."""
        return _CHECKS[self.operator](version, self)

    def agrees(self, version: Version, count: int) -> bool:
        """Whether the first ``count`` parts are the same."""
        return version.core[:count] == self.version.core[:count]


def _equal(version: Version, wanted: Constraint) -> bool:
    return _tilde(version, wanted) if wanted.given < 3 else version == wanted.version


def _not_equal(version: Version, wanted: Constraint) -> bool:
    if wanted.given in {1, 2}:
        staged = wanted.given == 2 and version.stage != wanted.version.stage
        return staged or not wanted.agrees(version, wanted.given)
    return version != wanted.version


def _greater(version: Version, wanted: Constraint) -> bool:
    """Not by zeros: ``>11`` is ``>=12``."""
    if wanted.given in {1, 2}:
        return version.core[: wanted.given] > wanted.version.core[: wanted.given]
    return version > wanted.version


def _at_most(version: Version, wanted: Constraint) -> bool:
    """Not by zeros: ``<=11`` is ``<12``."""
    if wanted.given < 3:
        count = wanted.given or 2
        return version.core[:count] <= wanted.version.core[:count]
    return version <= wanted.version


def _tilde(version: Version, wanted: Constraint) -> bool:
    """Patches, or minors where only the major part was given; ``~*`` and ``~0.0.0`` are anything."""
    anything = wanted.version.core == (0, 0, 0) and wanted.given in {0, 3}
    count = 0 if anything else min(wanted.given, 2)
    return version >= wanted.version and wanted.agrees(version, count)


def _caret(version: Version, wanted: Constraint) -> bool:
    """Everything up to the first part that is not zero; ``^*`` is ``^0.0.0``, whatever its comment says."""
    if wanted.version.major or wanted.given == 1:
        count = 1
    else:
        count = 2 if wanted.version.minor or wanted.given == 2 else 3
    return version >= wanted.version and wanted.agrees(version, count)


def _bare(compare: Callable[[Version, Version], bool]) -> Callable[[Version, Constraint], bool]:
    return lambda version, wanted: compare(version, wanted.version)


_CHECKS: Final[Mapping[str, Callable[[Version, Constraint], bool]]] = MappingProxyType(
    {
        "": _equal,
        "=": _equal,
        "!=": _not_equal,
        ">": _greater,
        "<": _bare(operator.lt),
        ">=": _bare(operator.ge),
        "=>": _bare(operator.ge),
        "<=": _at_most,
        "=<": _at_most,
        "~": _tilde,
        "~>": _tilde,
        "^": _caret,
    }
)
