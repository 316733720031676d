"""Moments and entries, counted in seconds from one that is as good as any other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ocibroker import Bearer, Secret
from ocibroker.cache import Entry, Moment

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def moment(seconds: float, step: float = 0.0) -> Moment:
    """Return the moment after ``seconds``, of which the wall clock knows ``step`` more."""
    return Moment(BEGIN + timedelta(seconds=seconds + step), 1000.0 + seconds)


def token(life: float | None, at: float = 0.0) -> Bearer:
    expires = None if life is None else BEGIN + timedelta(seconds=at + life)
    return Bearer(secret=Secret("t"), expires_at=expires)


def entry(life: float | None, *, share: float = 0.8, keep: float | None = None) -> Entry:
    kept = None if keep is None else timedelta(seconds=keep)
    return Entry(answer=token(life), at=moment(0), keep=kept, share=share)
