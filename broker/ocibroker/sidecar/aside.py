"""Work beside the event loop that never holds up the end of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from ocibroker.cache import contained, start_thread

T = TypeVar("T")


async def aside(work: Callable[[], T], culprit: str) -> T:
    """Return what ``work`` returns, done in a daemon thread; asyncio's own threads would be waited for at the end.

    Raises :class:`~ocibroker.errors.OcibrokerError` whatever it raises; one that names nobody names ``culprit``.
    """
    future = Future[T]()
    future.set_running_or_notify_cancel()

    def labour() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  # a plugin's import may raise anything, SystemExit included
            future.set_exception(contained(error, culprit))

    start_thread(labour, f"ocibroker-{culprit}")
    return await asyncio.wrap_future(future)
