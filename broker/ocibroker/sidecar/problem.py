"""A problem as a reply (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ocibroker.api import Problem, problem_of
from ocibroker.errors import OcibrokerError
from ocibroker.sidecar.deed import Deed
from ocibroker.sidecar.message import Reply

PROBLEM: Final = "application/problem+json"
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def reply(problem: Problem, headers: Mapping[str, str] = _NOTHING, deeds: tuple[Deed, ...] = ()) -> Reply:
    """Return the reply that tells of ``problem``."""
    pause = {} if problem.retry_after is None else {"Retry-After": f"{problem.retry_after:.0f}"}
    return Reply(
        status=problem.status,
        content_type=PROBLEM,
        headers={**headers, **pause},
        body=msgspec.json.encode(problem),
        deeds=deeds,
    )


def failed(error: OcibrokerError, *deeds: Deed) -> Reply:
    """Return the reply that tells of ``error``."""
    return reply(problem_of(error), deeds=deeds)
