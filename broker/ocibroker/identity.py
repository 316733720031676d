"""What a credential is bound to, as declared: the part of a cache key that only the provider knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from ocibroker.errors import InvalidValue

Reach = Literal["local", "global"]
"""Whether something means another on each machine, or the same on all."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Two requests with equal identities get the same credential, and no others do.

    ``parts`` name the principal and what bounds its credential: a profile and a region, a client id and a host.
    They never hold a secret. ``reach`` is ``global`` where the parts mean the same on every machine (a role ARN,
    a service account), ``local`` otherwise; only global ones may be shared between machines. ``watch`` lists
    files whose change makes it another identity. ``host_bound`` is false where one credential opens every host that
    the parts stand for; otherwise it is for the target's host alone. ``keep`` is how long a credential may be
    remembered at most, for a source that does not say when it expires; none sets no bound.

    Raises :class:`~ocibroker.errors.InvalidValue` for anything but tuples of text and of paths (it becomes a key),
    and for a ``keep`` that is no duration above 0.
    """

    parts: tuple[str, ...]
    reach: Reach = "local"
    watch: tuple[Path, ...] = ()
    keep: timedelta | None = None
    host_bound: bool = True

    def __post_init__(self) -> None:
        for name, kind in (("parts", str), ("watch", Path)):
            found: object = getattr(self, name)
            if not isinstance(found, tuple) or not all(isinstance(one, kind) for one in found):
                raise InvalidValue(f"is no tuple of {kind.__name__}", culprit=name)
        if self.reach not in {"local", "global"}:
            raise InvalidValue("is neither local nor global", culprit="reach")
        if not _lasting(self.keep):
            raise InvalidValue("is no duration above 0", culprit="keep", hint="use timedelta(…), or None")


def _lasting(keep: object) -> bool:
    return keep is None or (isinstance(keep, timedelta) and keep > timedelta())
