"""What a credential is bound to, as declared: the part of a cache key that only the provider knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Identity:
    """Two requests with equal identities get the same credential, and no others do.

    ``parts`` name the principal and what bounds its credential: a profile and a region, a client id and a host.
    They never hold a secret. ``reach`` is ``global`` where the parts mean the same on every machine (a role ARN,
    a service account), ``local`` otherwise; only global ones may be shared between machines. ``watch`` lists
    files whose change makes it another identity.
    """

    parts: tuple[str, ...]
    reach: Literal["local", "global"] = "local"
    watch: tuple[Path, ...] = ()
