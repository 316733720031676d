"""The verdict: one word for all of it, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from ocibroker.api.status import Standing, TokenState
from ocibroker.errors import OcibrokerError
from ocibroker.sidecar.status.token_state import LACKING
from ocibroker.target import Target

_FIRST: Final = "wait a few seconds; each first fetch begins within five"
_DRAINING: Final = "start it again if nobody does"
_RESUME: Final = "have it resume when callers should come again: POST /v1/admin/resume"
_NOBODY: Final = "correct the name in prefetch, or write a [[registry]] rule for it"
_REPORT: Final = "report it: this is a fault of ocibroker"
_LOOK: Final = "see its error below"


class Judgement(NamedTuple):
    """A verdict without its moment."""

    standing: Standing
    reason: str
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is judged: ``word`` is readiness's own, ``worst`` the first of those that are worst off.

    ``refused`` is what is wrong with the configuration that was read last, ``silent`` are sources that are left
    alone, ``broken`` plugins that could not be loaded; ``expired`` credentials were given out after their end.
    """

    word: str
    states: Mapping[TokenState, int]
    worst: tuple[Target, TokenState, OcibrokerError | None] | None = None
    refused: OcibrokerError | None = None
    silent: tuple[str, ...] = ()
    broken: tuple[OcibrokerError, ...] = ()
    expired: int = 0


def judge(facts: Facts) -> Judgement:
    """Return the verdict: the worst thing that is so, and how many others are."""
    found = [*_down(facts), *_degraded(facts)]
    if not found:
        return Judgement("ok", _well(facts))
    first, *others = found
    more = f" (and {len(others)} more: {'; '.join(one.reason for one in others)})" if others else ""
    return first._replace(reason=first.reason + more)


def _down(facts: Facts) -> Iterator[Judgement]:
    if facts.word == "draining":
        yield Judgement("down", "the process is about to end", _DRAINING)
    elif facts.word == "drained":
        yield Judgement("down", "somebody has had it drained: who comes is served, and nobody should come", _RESUME)
    elif facts.word == "starting":
        yield Judgement("down", "the process does not serve yet", "wait for the end of its start")
    elif facts.word != "ready":
        yield Judgement("down", _lacking(facts), _cure(facts))


def _degraded(facts: Facts) -> Iterator[Judgement]:
    if facts.expired:
        yield Judgement("degraded", f"{facts.expired} credentials were given out after their end", _REPORT)
    if facts.refused is not None:
        reason = f"the configuration that was read last is wrong, and the old one serves: {_text(facts.refused)}"
        yield Judgement("degraded", reason, facts.refused.hint or "correct it, and reload")
    if facts.word == "ready" and any(facts.states.get(state) for state in LACKING):
        yield Judgement("degraded", _lacking(facts), _cure(facts))
    if stale := facts.states.get("stale"):
        text = f"{_number(stale)} cannot be renewed, and still {'has' if stale == 1 else 'have'} a valid credential"
        yield Judgement("degraded", text, _cure(facts))
    for source in facts.silent:
        yield Judgement("degraded", f"{source} does not answer in time", "look at what it is waiting for")
    for error in facts.broken:
        yield Judgement("degraded", _text(error), error.hint)


def _well(facts: Facts) -> str:
    total = sum(facts.states.values())
    return f"{_number(total)} can be given out" if total else "callers are served; nothing is kept fresh"


def _lacking(facts: Facts) -> str:
    lacking = sum(facts.states.get(state, 0) for state in LACKING)
    waiting = facts.states.get("waiting", 0)
    lead = f"{_number(lacking)} of {sum(facts.states.values())} {'has' if lacking == 1 else 'have'} no credential"
    if lacking == waiting:
        return f"{lead} yet"
    return f"{lead}{_example(facts)}"


def _example(facts: Facts) -> str:
    if facts.worst is None:
        return ""
    target, state, error = facts.worst
    if state == "nobody":
        return f"; {target}: no rule and no provider knows it, and there is no login for it"
    return f"; {target}: {_text(error)}" if error is not None else f"; {target}"


def _cure(facts: Facts) -> str:
    target, state, error = facts.worst or (None, "waiting", None)
    if error is not None:
        return error.hint or _LOOK
    return _NOBODY if target is not None and state == "nobody" else _FIRST


def _number(count: int) -> str:
    return f"{count} target{'' if count == 1 else 's'}"


def _text(error: OcibrokerError) -> str:
    return f"{error.culprit}: {error.message}" if error.culprit else error.message
