"""Whose a file is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ocibroker.errors import ConfigurationError


def others_write(found: os.stat_result) -> bool:
    """Whether somebody else than the owner may write what ``found`` describes."""
    # A group of the owner's own, which has the owner's number, is nobody else.
    others = stat.S_IWOTH if found.st_gid == found.st_uid else stat.S_IWGRP | stat.S_IWOTH
    return bool(found.st_mode & others)


def check_own(path: Path, found: os.stat_result, *, forbidden: int, why: str, hint: str, instead: str) -> None:
    """Refuse all but a regular file of root's or our own: ``found`` is what ``path`` is.

    ``forbidden`` are bits that its mode must not have; ``why`` says what is wrong with those, ``hint`` what to do
    then, and ``instead`` what to name in place of what is no file. Raises
    :class:`~ocibroker.errors.ConfigurationError`.
    """
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError("is not a regular file", culprit=str(path), hint=instead)
    if found.st_uid not in {0, os.geteuid()}:
        raise ConfigurationError("belongs to another user", culprit=str(path), hint="make it your own")
    if found.st_mode & forbidden:
        raise ConfigurationError(why, culprit=str(path), hint=hint)
