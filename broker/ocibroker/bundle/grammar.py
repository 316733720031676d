"""How a person writes a source: what go-getter and Fleet read, and references of registries.

    registry/repository[:tag][@digest], oci://…       an artifact or a chart of a registry
    https://host/path[?checksum=…&archive=…][//dir]   an archive or a file
    git::https://…, ssh://…, git@host:path, https://….git, github.com/owner/repository, each [//dir][?ref=…&depth=…]
    file:///path, /path, ./path, ../path, ~/path      a folder or a file of this machine

Not read are go-getter's ``s3``, ``gcs`` and ``hg``, which Fleet has given up too, and relative paths without a dot:
what has none is a registry's. User names and passwords are refused: who may have a credential is decided by rules.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from ocibroker.bundle.address import Address, refused
from ocibroker.bundle.git_address import SHORTHANDS, git_source
from ocibroker.bundle.kind import KINDS
from ocibroker.bundle.source import AS_IT_IS, ArchiveSource, LocalSource, OCISource, Source
from ocibroker.bundle.ssh_address import is_scp
from ocibroker.errors import InvalidTarget, InvalidValue
from ocibroker.oci.digest import Digest
from ocibroker.oci.reference import Reference
from ocibroker.oci.resolution import ANY, Wish

_FORCED: Final = re.compile(r"(?P<getter>[a-z0-9]+)::(?P<rest>.+)", re.ASCII | re.IGNORECASE | re.DOTALL)
_SCHEME: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://", re.ASCII | re.IGNORECASE)
_PATHS: Final = ("/", "./", "../", "~/")
_LENGTHS: Final = MappingProxyType({64: "sha256", 128: "sha512"})


def parse(text: str, wish: Wish = ANY) -> Source:
    """Return the source that ``text`` writes; ``wish`` is for what lies in a registry.

    Raises :class:`~ocibroker.errors.InvalidTarget`, and :class:`~ocibroker.errors.InvalidValue` for a checksum.
    """
    forced = _FORCED.fullmatch(text)
    if forced:
        return _forced(forced["getter"].lower(), forced["rest"], text)
    if text.startswith(_PATHS) or text in {".", ".."}:
        return LocalSource(Path(text).expanduser())
    if is_scp(text) or text.lower().startswith(SHORTHANDS):
        return git_source(text)
    scheme = _SCHEME.match(text)
    if scheme is None:
        return OCISource(Reference.parse(text), wish)
    return _by_scheme(scheme["scheme"].lower(), text, wish)


def _forced(getter: str, rest: str, text: str) -> Source:
    if getter in {"git", "ssh"}:
        return git_source(rest)
    if getter in {"http", "https"}:
        return _archive(rest)
    if getter == "file":
        return LocalSource(Path(rest).expanduser())
    raise _unread(getter, text)


def _by_scheme(scheme: str, text: str, wish: Wish) -> Source:
    if scheme == "oci":
        return OCISource(Reference.parse(text), wish)
    if scheme in {"https", "http"}:
        return _archive(text)
    if scheme == "ssh":
        return git_source(text)
    if scheme == "file":
        return _local(text)
    raise _unread(scheme, text)


def _archive(text: str) -> Source:
    address = Address.parse(text)
    if address.base.lower().endswith(".git"):
        return git_source(text)
    address, given = address.take("checksum", "archive")
    kind = given.get("archive", "").lower()
    if kind and kind not in {*KINDS, AS_IT_IS}:
        raise address.refused(
            "is said to be of a kind that is not read", f"choose from {', '.join((*KINDS, AS_IT_IS))}"
        )
    checksum = _checksum(given["checksum"]) if "checksum" in given else None
    if kind == AS_IT_IS and address.subdir:
        raise address.refused("has no folders if it is not unpacked", "leave out //… or archive=false")
    return ArchiveSource(address.link, checksum, kind, address.subdir)


def _checksum(text: str) -> Digest:
    """Return the digest of ``type:digits``, or of digits alone, whose number says the type."""
    algorithm, mark, digits = text.partition(":")
    if not mark:
        algorithm, digits = _LENGTHS.get(len(text), "sha256"), text
    try:
        return Digest(algorithm.lower(), digits.lower())
    except InvalidValue as error:
        why, hint = error.message, error.hint
    raise InvalidValue(why, culprit=f"checksum {text[:16]!r}…", hint=hint)


def _local(text: str) -> LocalSource:
    path = unquote(text.partition("://")[2])
    if not path.startswith("/"):
        raise refused(text, "names a host, or no path", "write file:///path, or the path itself")
    return LocalSource(Path(path))


def _unread(getter: str, text: str) -> InvalidTarget:
    return refused(
        text, f"is to be read by {getter}, which is not supported", "use oci://, https://, git:: or a path"
    )
