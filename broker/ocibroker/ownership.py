"""Whose a file is."""

from __future__ import annotations

import os
import stat


def others_write(found: os.stat_result) -> bool:
    """Whether somebody else than the owner may write what ``found`` describes."""
    # A group of the owner's own, which has the owner's number, is nobody else.
    others = stat.S_IWOTH if found.st_gid == found.st_uid else stat.S_IWGRP | stat.S_IWOTH
    return bool(found.st_mode & others)
