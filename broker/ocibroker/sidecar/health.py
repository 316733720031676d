"""Whether the process lives, has started, and is ready: no secret, no call of anybody else, and cheap."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from types import MappingProxyType
from typing import Final

import msgspec

from ocibroker.clock import Clock
from ocibroker.config import Ready
from ocibroker.outlook import Outlook
from ocibroker.sidecar.generation import Generations
from ocibroker.sidecar.message import Reply
from ocibroker.sidecar.prefetch import Prefetch

_ENOUGH: Final = MappingProxyType({"all": all, "any": any})


class Health:
    """``serving`` is set once callers are served, ``draining`` when the process is about to end.

    ``drained`` is set while somebody wants no callers to come, though who does come is served.
    """

    def __init__(self, generations: Generations, prefetch: Prefetch, clock: Clock) -> None:
        self._generations = generations
        self._prefetch = prefetch
        self._clock = clock
        self.serving = False
        self.draining = False
        self.drained = False

    def live(self) -> Reply:
        """Say that the event loop goes on: it does, or there is no reply. Nobody else's state matters here."""
        return _reply("live", well=True)

    def startup(self) -> Reply:
        """Say whether callers are served."""
        return _reply("started" if self.serving else "starting", well=self.serving)

    def ready(self) -> Reply:
        """Say whether callers should come, and how each target that is to be kept fresh stands."""
        now = self._clock.now()
        targets = {str(target): well(stands, now) for target, stands in self._prefetch.outlooks.items()}
        policy = self.policy
        word = self._word(policy, targets.values())
        return _reply(word, well=word == "ready", policy=policy, targets=targets)

    @property
    def is_ready(self) -> bool:
        """Whether :meth:`ready` says so."""
        return self.word == "ready"

    @property
    def word(self) -> str:
        """What :meth:`ready` says in a word or some: ``ready``, or why not."""
        now = self._clock.now()
        return self._word(self.policy, [well(stands, now) for stands in self._prefetch.outlooks.values()])

    @property
    def policy(self) -> Ready:
        """How many of the targets must have something to give out."""
        with self._generations.lease() as generation:
            return generation.config.sidecar.ready

    def _word(self, policy: Ready, targets: Collection[bool]) -> str:
        if self.draining:
            return "draining"
        if not self.serving:
            return "starting"
        if self.drained:
            return "drained"
        enough = _ENOUGH.get(policy)
        return "ready" if enough is None or not targets or enough(targets) else "no credential yet"


def well(stands: Outlook, now: datetime) -> bool:
    """Whether there is something to give out at ``now``: a credential, or anonymous access that somebody meant."""
    return stands.usable and not stands.nobody and (stands.expires_at is None or stands.expires_at > now)


def _reply(word: str, *, well: bool, **more: object) -> Reply:
    body = msgspec.json.encode({"status": word, **more})
    return Reply(status=200 if well else 503, body=body)
