"""One blob into one file: resumed where the connection breaks, and verified."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from ocibroker.errors import ConnectionFailed, IntegrityError, TLSFailed, WrongScheme
from ocibroker.oci.descriptor import Descriptor
from ocibroker.oci.halt import Halt
from ocibroker.oci.partial import Partial
from ocibroker.oci.progress import Progress
from ocibroker.oci.repository import Repository

ATTEMPTS: Final = 5
"""Failures in a row, without a byte between them, after which nobody tries any more."""
LONGEST_PAUSE: Final = 4.0
"""Seconds between two attempts, at most, where the registry does not say when to come back."""
LONGEST_TOLD: Final = 60.0
"""Seconds that a registry may ask for; for longer nobody waits."""


@dataclass(frozen=True, slots=True)
class Download:
    """Fetches the blobs of one repository."""

    repository: Repository
    halt: Halt
    progress: Progress

    def into(self, partial: Partial, name: str) -> None:
        """Complete and verify ``partial``; ``name`` is what progress calls it.

        What is there from an earlier run is gone on with. A file that cannot become the blob any more is removed.
        Raises :class:`~ocibroker.errors.OcibrokerError`.
        """
        self.progress.begin(name, partial.descriptor.size)
        self.progress.advance(name, partial.size)
        resumed = partial.size > 0
        self._complete(partial, name)
        if not partial.verified and resumed:  # what was found may have been spoilt
            self._restart(partial, name)
            self._complete(partial, name)
        if not partial.verified:
            partial.discard()
            raise IntegrityError("is not what its digest says", culprit=self._culprit(partial.descriptor))
        self.progress.end(name)

    def _complete(self, partial: Partial, name: str) -> None:
        failures = 0
        while not partial.complete:
            before = partial.size
            try:
                self._continue(partial, name)
            except ConnectionFailed as error:
                if isinstance(error, TLSFailed | WrongScheme) and partial.size == before:
                    raise error.restated() from None
                failures = 1 if partial.size > before else failures + 1
                told = error.retry_after
                if failures == ATTEMPTS or (told is not None and told > LONGEST_TOLD):
                    raise error.restated() from None
                # Full jitter: whom one broken registry has thrown out do not come back together.
                drawn = random.uniform(0, min(LONGEST_PAUSE, 0.1 * 2**failures))  # noqa: S311  # no secret
                self.halt.pause(drawn if told is None else told)

    def _continue(self, partial: Partial, name: str) -> None:
        self.halt.check()
        with self.repository.blob(partial.descriptor, partial.size) as content:
            if content.start != partial.size:
                self._restart(partial, name)
            for part in content.parts:
                self.halt.check()
                partial.write(part)
                self.progress.advance(name, len(part))
        if not partial.complete:
            raise ConnectionFailed("ended before it was complete", culprit=self._culprit(partial.descriptor))

    def _restart(self, partial: Partial, name: str) -> None:
        self.progress.advance(name, -partial.size)
        partial.restart()

    def _culprit(self, descriptor: Descriptor) -> str:
        return f"{self.repository.access.target}@{descriptor.digest}"
