"""ocibroker's own authentication file: one login put in or taken out, all else kept as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from ocibroker.atomic import private_folder, replace
from ocibroker.authfile.entry import encode_entry
from ocibroker.authfile.file import AuthFile
from ocibroker.authfile.login import Login
from ocibroker.authfile.reading import read_file
from ocibroker.filelock import locked
from ocibroker.folders import settings
from ocibroker.target import Target

_Fields = Mapping[str, msgspec.Raw]

_NOTHING: Final[_Fields] = MappingProxyType({})


def logins_path(environ: Mapping[str, str]) -> Path:
    """Return the file that ``ocibroker login`` writes, whether it exists or not."""
    return settings(environ) / "auth.json"


def put_login(path: Path, login: Login) -> None:
    """Write ``login`` into the file at ``path``, in the place of one with the same key.

    The file is replaced as a whole and under a lock, with mode 0600; what else is in it stays, known or not. Raises
    :class:`~ocibroker.errors.WriteFailed`, and :class:`~ocibroker.errors.ConfigurationError` for a file that is
    broken: it is not overwritten.
    """
    with _alone(path):
        fields, auths = _content(path)
        _write(path, fields, {**auths, login.key: msgspec.Raw(msgspec.json.encode(encode_entry(login)))})


def remove_login(path: Path, target: Target) -> tuple[Login, ...]:
    """Remove the entries for exactly ``target``, however spelt, and return them; raises as :func:`put_login`."""
    if read_file(path) is None:
        return ()
    with _alone(path):
        removed = AuthFile.read(path).logins(target)
        if removed:
            fields, auths = _content(path)
            gone = {login.key for login in removed}
            _write(path, fields, {key: entry for key, entry in auths.items() if key not in gone})
    return removed


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with private_folder(path.parent), locked(path.with_name(f"{path.name}.lock")):
        yield


def _content(path: Path) -> tuple[_Fields, _Fields]:
    """Return the fields of the file and those of its ``auths``, each as it was written."""
    content = read_file(path) or b""
    AuthFile.parse(content, source=str(path))  # says what is wrong with it
    if not content.strip():
        return _NOTHING, _NOTHING
    fields = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    return fields, msgspec.json.decode(fields.get("auths", b"null"), type=dict[str, msgspec.Raw] | None) or _NOTHING


def _write(path: Path, fields: _Fields, auths: _Fields) -> None:
    document = msgspec.json.encode({**fields, "auths": auths})
    replace(path, msgspec.json.format(document, indent=2) + b"\n")
