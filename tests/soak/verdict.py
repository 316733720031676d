"""What is to be said of one answer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from tests.soak.asked import Asked
from tests.soak.evidence import Evidence, Issued

_NOTICED: Final = 0.5
"""Seconds from a refusal of the token service to its being obeyed."""


class Verdict(Enum):
    """``apart`` are those that no sidecar could have answered otherwise."""

    SERVED = "served"
    EXPIRED = "an expired token was served"
    REVOKED = "a token of a revoked identity was served"
    FAILED = "failed"
    ABSENT = "no sidecar was there"
    REFUSED = "the identity was revoked"
    OUTLIVED = "no token that was held had any life left"

    @property
    def apart(self) -> bool:
        return self in {Verdict.ABSENT, Verdict.REFUSED, Verdict.OUTLIVED}


@dataclass
class Judge:
    """Goes by who has issued the tokens, and never by what the sidecar says of them."""

    evidence: Evidence
    _tokens: dict[str, list[Issued]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for one in self.evidence.issued.values():
            self._tokens[one.principal].append(one)
        (self._revoked,) = (one for one in self.evidence.spans if "revoked" in one.name)
        refused = [one.at for one in self.evidence.calls if one.status == 400]
        self._noticed = min(refused, default=self._revoked.end) + _NOTICED

    def verdict(self, asked: Asked) -> Verdict:
        return self._on_what_was_given(asked) if asked.served else self._on_failure(asked)

    def _on_what_was_given(self, asked: Asked) -> Verdict:
        if self.evidence.issued[asked.secret].end <= asked.until:
            return Verdict.EXPIRED
        of_the_revoked = asked.host == self.evidence.doomed and self._noticed <= asked.at
        return Verdict.REVOKED if of_the_revoked and asked.until < self._revoked.end else Verdict.SERVED

    def _on_failure(self, asked: Asked) -> Verdict:
        if self.evidence.absent(asked.at, asked.until):
            return Verdict.ABSENT
        principal = self.evidence.hosts[asked.host]
        if asked.host == self.evidence.doomed and self._is_refused(asked):
            return Verdict.REFUSED
        # One who was killed has left nothing to who follows.
        since = self.evidence.began if asked.until >= self.evidence.began else 0.0
        had_one = any(
            since <= one.begin <= asked.at and asked.until < one.usable for one in self._tokens[principal]
        )
        return Verdict.FAILED if had_one else Verdict.OUTLIVED

    def _is_refused(self, asked: Asked) -> bool:
        """Whether it was, and nothing was got since: what was held is dropped, and a refusal is remembered."""
        since = (one.begin for one in self._tokens[self.evidence.hosts[asked.host]])
        return self._revoked.begin <= asked.until and not any(self._revoked.begin < one < asked.at for one in since)
