"""Where a program of the user's own is: not where anybody could plant it, and never ourselves."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from ocibroker.errors import ConfigurationError
from ocibroker.helper_protocol import NESTED, OURS


def find_program(name: str, environ: Mapping[str, str]) -> Path | None:
    """Return the program of that name on the ``PATH`` of ``environ``, by its absolute path, or none.

    Relative and empty parts of ``PATH`` are left out: what they mean, the current directory decides. Raises
    :class:`~ocibroker.errors.ConfigurationError` for one that everybody could have put there.
    """
    import shutil  # slow, and only who runs a program looks for one

    for folder in environ.get("PATH", "").split(os.pathsep):
        found = shutil.which(name, path=folder) if Path(folder).is_absolute() else None
        if found and Path(found).is_absolute():  # on Windows the current directory is looked into first
            _check_owners(Path(found))
            return Path(found)
    return None


def chosen_program(path: Path, environ: Mapping[str, str]) -> Path:
    """Return the program at ``path``, which the configuration names as one to ask.

    Raises :class:`~ocibroker.errors.ConfigurationError` where it is relative, one that everybody could have put
    there, or ourselves; and wherever ocibroker was itself started by a program that it asked, or the two would
    never end.
    """
    culprit = f"program {str(path)!r}"
    if not path.is_absolute():
        raise ConfigurationError("is not an absolute path", culprit=culprit, hint="write its full path")
    if is_ours(path):
        raise ConfigurationError("is ocibroker itself", culprit=culprit, hint="name another program")
    if environ.get(NESTED):
        why = f"is not asked by an ocibroker that was itself started by one ({NESTED} is set)"
        raise ConfigurationError(why, culprit=culprit, hint="have the program not ask ocibroker in turn")
    _check_owners(path)
    return path


def is_ours(program: Path) -> bool:
    """Whether it is one of our executables, by whatever name it is linked."""
    return program.resolve().name.removesuffix(".exe") in OURS


def _check_owners(program: Path) -> None:
    """Refuse what everybody may have planted: the program, and each folder in which its name is looked up."""
    if os.name != "posix":  # modes say nothing there
        return
    for path in (program.parent, program, program.resolve().parent):
        try:
            mode = path.stat().st_mode
        except OSError as error:
            raise ConfigurationError(f"cannot be looked at: {error.strerror}", culprit=str(path)) from None
        if mode & stat.S_IWOTH:
            raise ConfigurationError(
                "can be written by everybody", culprit=str(path), hint="take the permission away: chmod o-w"
            )
