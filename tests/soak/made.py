"""Evidence that a test has made up: one registry and one that is revoked, a minute, and what is said to differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tests.soak.asked import Asked
from tests.soak.evidence import Evidence, Issued
from tests.soak.schedule import PLAN, Span
from tests.soak.vitals import Look, Vitals
from tests.soak.weather import Call

HOST: Final = "registry.test"
DOOMED: Final = "doomed.test"
LIFE: Final = 40.0
TOKEN: Final = "a-token-that-is-as-long-as-those-of-the-emulator"


def span(name: str, begin: float, end: float) -> Span:
    """Return the fault in whose name that stands."""
    (planned,) = (one for one in PLAN if name in one.name)
    return Span(planned, begin, end)


def asked(at: float, seconds: float = 0.001, *, host: str = HOST, status: int = 200) -> Asked:
    return Asked(at, seconds, host, status, TOKEN if status == 200 else "")


def evidence(**said: Any) -> Evidence:  # noqa: ANN401  # any of its fields
    """Return a run in which one token was got at 10 and asked for until 12; the sidecar was killed at 2."""
    steady = Vitals(files=30, threads=3, memory=60)
    usual = Evidence(
        begin=0.0,
        end=60.0,
        life=LIFE,
        asked=[asked(10.0), asked(11.0), asked(12.0)],
        visits=[],
        runs=[],
        rotations=[],
        hosts={HOST: "user/key0", DOOMED: "user/doomed"},
        doomed=DOOMED,
        issued={TOKEN: Issued("user/key0", 10.0, 10.0 + LIFE)},
        calls=[Call(10.0, "user/key0", 200)],
        spans=[span("killed and", 2.0, 4.0), span("revoked", 20.0, 26.0)],
        looks=[Look(at, 7, steady) for at in range(60)],
        began=3.0,
        counted=(1, 1),
        expired=0.0,
        used=1,
        flood=(0, 0),
        leaks=[],
        secrets=1,
        stopped=0.1,
        grace=5.0,
    )
    return replace(usual, **said)
