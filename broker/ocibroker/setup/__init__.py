"""Other tools' files, so that these ask us and trust whom we trust: planned, shown, made, taken back."""

from ocibroker.setup.applying import apply, pending, undo
from ocibroker.setup.changes import Change
from ocibroker.setup.difference import difference
from ocibroker.setup.journal import Journal
from ocibroker.setup.plan import Plan, Read
from ocibroker.setup.reading import read_settings
from ocibroker.setup.settings import Settings
from ocibroker.setup.tools import TOOLS

__all__ = [
    "TOOLS",
    "Change",
    "Journal",
    "Plan",
    "Read",
    "Settings",
    "apply",
    "difference",
    "pending",
    "read_settings",
    "undo",
]
