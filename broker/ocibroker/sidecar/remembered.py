"""Questions that were answered before: what was read from their bytes, and the reply while it still holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ocibroker.access import Access
from ocibroker.api import CredentialQuestion
from ocibroker.config import Config
from ocibroker.sidecar.message import Reply
from ocibroker.sidecar.reach import Reach, Reached
from ocibroker.sidecar.shelf import Shelf

_MOST: Final = 1024
_LONGEST: Final = 1024
"""Questions, and bytes of one: more than any caller without a token of its own needs."""
_MOST_BYTES: Final = 8 * 1024 * 1024
"""Bytes of replies: one with all authorities of a system has 200 KiB."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """``reply`` tells of ``access``, and holds for as long as that is what the broker gives within ``reach``."""

    reach: Reach
    question: CredentialQuestion
    reached: Reached
    access: Access
    reply: Reply


class RememberedQuestions:
    """Spares the hot path reading, deciding and encoding. A question with a caller's token is never kept.

    Nothing is kept of a generation that another has followed: it would keep all of its broker.
    """

    def __init__(self) -> None:
        self._config: Config | None = None
        self._known: Shelf[bytes, Remembered] = Shelf(_MOST, _MOST_BYTES)

    def get(self, body: bytes, reach: Reach) -> Remembered | None:
        """Return what is known of that question within that reach."""
        self._follow(reach.config)
        known = self._known.get(body)
        return known if known is not None and known.reach is reach else None

    def keep(self, body: bytes, known: Remembered) -> None:
        """Remember it, unless it is rare or long."""
        question = known.question
        if len(body) > _LONGEST or question.caller is not None or question.refused is not None:
            return
        self._follow(known.reach.config)
        self._known.put(body, known, len(known.reply.body))

    def _follow(self, config: Config) -> None:
        if config is not self._config:
            self._config = config
            self._known.clear()
