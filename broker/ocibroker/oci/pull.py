"""Artifacts out of a registry, into files: Helm charts, files with titles, images as image layouts."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Final

from ocibroker.broker import Broker
from ocibroker.errors import OcibrokerError
from ocibroker.oci.artifact import Artifact, Pulled
from ocibroker.oci.crew import LINGER, work
from ocibroker.oci.download import Download
from ocibroker.oci.halt import Halt
from ocibroker.oci.progress import Progress, Unseen
from ocibroker.oci.reference import Reference
from ocibroker.oci.repository import Repository
from ocibroker.oci.resolution import ANY, Wish, resolved
from ocibroker.oci.workspace import Workspace
from ocibroker.request import Caller

ARTIFACTS: Final = 8
"""Artifacts at once."""


def pull(
    broker: Broker,
    reference: str | Reference,
    into: str | os.PathLike[str] = ".",
    wish: Wish = ANY,
    *,
    progress: Progress | None = None,
    halt: Halt | None = None,
    caller: Caller | None = None,
) -> Pulled:
    """Fetch the artifact at ``reference`` into the folder ``into``, verified, and return what was written.

    A file gets its name when all of the artifact is complete. A broken connection is taken up where it broke, also
    by a later call for the same folder. At most :data:`~ocibroker.oci.artifact.BLOBS` blobs are fetched at once.
    ``halt`` ends the pull from another thread; ``caller`` is passed to the provider. Errors are
    :class:`~ocibroker.errors.OcibrokerError`.
    """
    with Workspace(Path(into)) as workspace:
        return _pull(broker, reference, workspace, wish, progress or Unseen(), halt or Halt(), caller)


def pull_many(
    broker: Broker,
    references: Iterable[str | Reference],
    into: str | os.PathLike[str] = ".",
    wish: Wish = ANY,
    *,
    progress: Progress | None = None,
    halt: Halt | None = None,
) -> tuple[Pulled | OcibrokerError, ...]:
    """Do the same for several artifacts, :data:`ARTIFACTS` at once, and return what became of each, in their order.

    One that fails does not stop the others.
    """
    outcomes: dict[int, Pulled | OcibrokerError] = {}
    halt, progress = halt or Halt(), progress or Unseen()

    def one(number: int, reference: str | Reference) -> None:
        try:
            outcomes[number] = _pull(broker, reference, workspace, wish, progress, halt)
        except OcibrokerError as error:
            outcomes[number] = error.restated()

    with Workspace(Path(into)) as workspace:
        work([partial(one, *pair) for pair in enumerate(references)], workers=ARTIFACTS, halt=halt)
    return tuple(outcome for _, outcome in sorted(outcomes.items()))


async def pull_async(
    broker: Broker,
    reference: str | Reference,
    into: str | os.PathLike[str] = ".",
    wish: Wish = ANY,
    *,
    progress: Progress | None = None,
) -> Pulled:
    """Do the same as :func:`pull` without blocking the event loop.

    Being cancelled halts it; what then still waits for a silent server is left behind after
    :data:`~ocibroker.oci.crew.LINGER` seconds, and writes nothing more.
    """
    import asyncio  # slow, and a command needs none of it

    halt, outcome = Halt(), Future[Pulled]()
    outcome.set_running_or_notify_cancel()  # only the thread settles it
    task = partial(pull, broker, reference, into, wish, progress=progress, halt=halt)
    threading.Thread(target=_settle, args=(outcome, task), name="ocibroker-pull", daemon=True).start()
    settled = asyncio.wrap_future(outcome)
    try:
        await asyncio.wait({settled})
    except asyncio.CancelledError:
        halt.now()
        await asyncio.wait({settled}, timeout=LINGER)
        settled.cancel() or settled.exception()  # nobody will ask for it
        raise
    return settled.result()


def _pull(
    broker: Broker,
    reference: str | Reference,
    workspace: Workspace,
    wish: Wish,
    progress: Progress,
    halt: Halt,
    caller: Caller | None = None,
) -> Pulled:
    wanted = reference if isinstance(reference, Reference) else Reference.parse(reference)
    halt = halt.below()  # one artifact that fails halts its own blobs only
    halt.check()
    with Repository(broker.access(wanted.target, caller=caller)) as repository:
        found, manifest = resolved(repository, wanted, wish)
        artifact = Artifact(found, manifest, Download(repository, halt, progress), workspace)
        return artifact.write(as_layout=wish.as_layout)


def _settle(outcome: Future[Pulled], task: Callable[[], Pulled]) -> None:
    try:
        result = task()
    except BaseException as error:  # noqa: BLE001  # raised again by who waits
        outcome.set_exception(error)
    else:
        outcome.set_result(result)
