"""A process whose memory nobody can read from outside, and that leaves no core."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

from ocibroker.errors import UsageError

_SET_DUMPABLE: Final = 4
"""``PR_SET_DUMPABLE`` of ``prctl(2)``."""


def confine() -> None:
    """Allow no core file, and on Linux no look at the memory, environment and files of this process.

    Of its own user's processes only those with ``CAP_SYS_PTRACE`` are let in then. Raises
    :class:`~ocibroker.errors.UsageError` where the system does not allow that.
    """
    import resource  # here: it is not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_SET_DUMPABLE, 0, 0, 0, 0):
        why = os.strerror(ctypes.get_errno())
        raise UsageError(f"the process cannot be made undumpable: {why}", culprit="prctl", hint="report it")
