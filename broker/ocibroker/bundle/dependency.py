"""A chart that another one depends on: where it is, and whether a lock was made for it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ocibroker.bundle.link import Link
from ocibroker.bundle.repository import check_named
from ocibroker.bundle.source import ChartSource, OCISource
from ocibroker.errors import NotFound, UsageError
from ocibroker.host import shown
from ocibroker.oci.reference import Reference
from ocibroker.oci.resolution import Wish

_NAMED: Final = ("@", "alias:")
_ESCAPED: Final = (
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    (b"&", rb"\u0026"),
    ("\u2028".encode(), rb"\u2028"),
    ("\u2029".encode(), rb"\u2029"),
)
"""What Go's ``encoding/json`` escapes and nobody else does."""


class Dependency(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields, and their order, are those of ``chart.Dependency`` in Helm: its digest is made of them."""

    name: str
    version: str = ""
    repository: str
    condition: str = ""
    tags: list[str] = msgspec.field(default_factory=list)
    enabled: bool = False
    import_values: list[Any] = msgspec.field(name="import-values", default_factory=list)
    alias: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


def is_locked(
    wanted: Sequence[Dependency], locked: Sequence[Dependency], digest: str, *, former: bool = False
) -> bool:
    """Whether a lock that holds ``locked`` and ``digest`` was made for ``wanted``.

    As ``HashReq`` of Helm 3 (``internal/resolver``) has it; Helm 2's digest counts for the ``former`` apiVersion.
    """
    made = {_digest([wanted, locked]), *([_digest({"dependencies": wanted})] if former else [])}
    return digest in made


def source_of(wanted: Dependency, culprit: str) -> ChartSource | OCISource:
    """Return where ``wanted`` is read from; ``culprit`` names the chart that depends on it.

    Raises :class:`~ocibroker.errors.UsageError`, :class:`~ocibroker.errors.NotFound` where it names no repository,
    and what :func:`~ocibroker.bundle.repository.check_named` does.
    """
    repository = wanted.repository
    if not repository:
        why, hint = "names no repository, and charts/ does not have it", "add it to charts/, or name its repository"
        raise NotFound(why, culprit=culprit, hint=hint)
    if repository.startswith(_NAMED):
        why = f"names a repository of this machine's Helm, {shown(repository)}"
        raise UsageError(why, culprit=culprit, hint="write the repository's URL")
    if repository.lower().startswith("oci://"):
        reference = Reference.parse(f"{repository.rstrip('/')}/{wanted.name}")
        check_named(reference.target.origin)
        return OCISource(reference, Wish(version=wanted.version))
    if repository.lower().startswith(("https://", "http://")):
        link = Link.parse(repository)
        check_named(link.target.origin)
        return ChartSource(link, wanted.name, wanted.version)
    raise UsageError("is in a kind of repository that is not read", culprit=culprit, hint="use https:// or oci://")


def _digest(value: object) -> str:
    encoded = msgspec.json.encode(value, order="deterministic")
    for plain, escaped in _ESCAPED:
        encoded = encoded.replace(plain, escaped)
    return f"sha256:{hashlib.sha256(encoded).hexdigest()}"
