"""A Secret that is mounted: a folder with a file for each key."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocibroker.provider import CredentialUnavailable
from ocibroker_kubernetes.keys import KEYS
from ocibroker_kubernetes.secret_data import SecretData

_LARGEST: Final = 1024 * 1024
"""Bytes: no Secret of Kubernetes is larger."""


def read_folder(folder: Path) -> SecretData:
    """Return what is mounted at ``folder``.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` that names the folder or the file.
    """
    if not folder.is_dir():
        raise CredentialUnavailable("is no folder", culprit=f"folder {folder}", hint="mount the secret there")
    contents = {key: content for key in KEYS if (content := _content(folder / key)) is not None}
    return SecretData(f"folder {folder}", "", contents, folder)


def _content(file: Path) -> bytes | None:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    else:
        if len(content) <= _LARGEST:
            return content
        why = f"is longer than {_LARGEST} bytes"
    raise CredentialUnavailable(why, culprit=f"file {file}", hint="correct the owner or the mode")
