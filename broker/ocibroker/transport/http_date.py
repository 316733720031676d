"""Moments as HTTP headers write them (RFC 9110, section 5.6.7)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def moment(text: str) -> datetime | None:
    """Return the moment, in UTC where no zone is said; none for what is no date."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # OverflowError: a year or a zone of twenty digits
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)
