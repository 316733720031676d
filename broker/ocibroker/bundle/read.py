"""Reading bundles: one, or many at once."""

from __future__ import annotations

import logging
import os
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from ocibroker.broker import Broker
from ocibroker.bundle.bundle import Bundle
from ocibroker.bundle.grammar import parse
from ocibroker.bundle.link import without_secrets
from ocibroker.bundle.once import Once
from ocibroker.bundle.readers import read_source
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.repository_index import Index
from ocibroker.bundle.source import Source
from ocibroker.bundle.terms import AS_USUAL, Terms
from ocibroker.bundle.workshop import Workshop
from ocibroker.deadline import Deadline
from ocibroker.errors import OcibrokerError
from ocibroker.oci.crew import work
from ocibroker.oci.halt import Halt
from ocibroker.oci.progress import Unseen

_LOG: Final = logging.getLogger("ocibroker")

SOURCES: Final = 8
"""Sources at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A source, as a value or as a person writes it, and the folder of the run that its bundle is to lie in.

    Without ``dependencies`` its charts do not get what they depend on. ``fleet_path`` is the folder, in a Fleet
    repository, whose file has it read: a secret may have an account for each.
    """

    source: Source | str
    below: str = ""
    dependencies: bool = True
    fleet_path: str = ""


def read(
    broker: Broker, source: Source | str, into: str | os.PathLike[str] = ".", terms: Terms = AS_USUAL
) -> Bundle:
    """Read ``source`` and return the bundle, whose root lies in the folder ``into``.

    It gets its name there when all of it is complete. A text is read as :func:`~ocibroker.bundle.grammar.parse`
    does. Raises :class:`~ocibroker.errors.OcibrokerError`.
    """
    with Workshop(Path(into), terms.written) as workshop:
        outcome = _Run(broker, workshop, terms, terms.halt or Halt()).outcome(0, Wanted(source))
    if isinstance(outcome, OcibrokerError):
        raise outcome
    return outcome


def read_many(
    broker: Broker,
    sources: Iterable[Source | str | Wanted],
    into: str | os.PathLike[str] = ".",
    terms: Terms = AS_USUAL,
) -> tuple[Bundle | OcibrokerError, ...]:
    """Read several sources, :data:`SOURCES` at once, and return what became of each, in their order.

    One that fails does not stop the others. What is wanted twice is read once. Raises
    :class:`~ocibroker.errors.WriteFailed` where nothing can be written to ``into``.
    """
    wanted = [one if isinstance(one, Wanted) else Wanted(one) for one in sources]
    outcomes: dict[Wanted, Bundle | OcibrokerError] = {}
    halt = (terms.halt or Halt()).below()

    def settle(number: int, one: Wanted) -> None:
        outcomes[one] = run.outcome(number, one)

    with Workshop(Path(into), terms.written) as workshop:
        run = _Run(broker, workshop, terms, halt)
        tasks = [partial(settle, *pair) for pair in enumerate(dict.fromkeys(wanted))]
        work(tasks, workers=SOURCES, halt=halt)
    return tuple(outcomes[one] for one in wanted)


@dataclass(frozen=True, slots=True)
class _Run:
    """All that the sources of one call share."""

    broker: Broker
    workshop: Workshop
    terms: Terms
    halt: Halt
    indexes: Once[Hashable, Index] = field(default_factory=Once)

    def read(self, number: int, wanted: Wanted) -> Bundle:
        """Read it, and give it its place."""
        source = parse(wanted.source) if isinstance(wanted.source, str) else wanted.source
        with self.workshop.bench(number) as folder:
            bundle = read_source(source, self._reading(folder, wanted))
            self.halt.check()
            return self.workshop.publish(bundle, wanted.below)

    def outcome(self, number: int, wanted: Wanted) -> Bundle | OcibrokerError:
        """Return what became of it."""
        try:
            return self.read(number, wanted)
        except OcibrokerError as error:
            return error.restated(culprit=_shown(wanted.source))
        except Exception as error:  # noqa: BLE001  # whatever fails here, its neighbours go on
            _LOG.debug("reading a source failed", exc_info=True)
            why = f"failed in a way that nobody foresaw: {type(error).__name__}"
            return OcibrokerError(why, culprit=_shown(wanted.source), hint="please report it")

    def _reading(self, folder: Path, wanted: Wanted) -> Reading:
        deadline = Deadline.after(self.terms.limits.seconds)
        return Reading(
            broker=self.broker,
            folder=folder,
            limits=self.terms.limits,
            deadline=deadline,
            halt=Halt(self.halt, deadline),
            progress=self.terms.progress or Unseen(),
            unpack=self.terms.unpack,
            dependencies=self.terms.dependencies and wanted.dependencies,
            indexes=self.indexes,
            fleet_path=wanted.fleet_path,
        )


def _shown(source: Source | str) -> str:
    return without_secrets(source) if isinstance(source, str) else str(source)
