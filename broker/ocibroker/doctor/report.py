"""An examination as data, with ids that programs may rely on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ocibroker.doctor.finding import Finding, State
from ocibroker.version import __version__

_FORMAT: Final = 1


def worst(findings: Sequence[Finding]) -> State:
    """Return the worst state that there is; what was skipped is not to blame."""
    there = {one.state for one in findings}
    return next((state for state in (State.FAILED, State.WARNING) if state in there), State.OK)


def as_data(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the findings for JSON; no secret is among them."""
    return {
        "format": _FORMAT,
        "version": __version__,
        "state": str(worst(findings)),
        "steps": [one.as_data() for one in findings],
    }
