"""Where a bundle is read from: one value for each kind of source.

``str()`` of each is safe to show: no password, no signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.bundle.link import Link
from ocibroker.oci.digest import Digest
from ocibroker.oci.reference import Reference
from ocibroker.oci.resolution import ANY, Wish


@dataclass(frozen=True, slots=True)
class OCISource:
    """A chart, an artifact or an image in a registry; ``wish`` says which version of it, in which form."""

    reference: Reference
    wish: Wish = ANY

    def __str__(self) -> str:
        return _versioned(str(self.reference), self.wish.version)


@dataclass(frozen=True, slots=True)
class ChartSource:
    """The chart ``chart`` of the Helm repository at ``repository``, the folder of its ``index.yaml``.

    ``version`` is a version or a range as Helm resolves it, empty for the highest; ``devel`` lets pre-releases in.
    """

    repository: Link
    chart: str
    version: str = ""
    devel: bool = False

    def __str__(self) -> str:
        return _versioned(f"{self.chart} in {self.repository}", self.version)


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """An archive or a single file at ``link``.

    ``checksum`` is what its bytes must have. ``archive`` is its kind, one of
    :data:`~ocibroker.bundle.kind.KINDS`; empty to go by its name, :data:`AS_IT_IS` for what stays as it is.
    ``subdir`` is the folder in it that is wanted, empty for all of it.
    """

    link: Link
    checksum: Digest | None = None
    archive: str = ""
    subdir: str = ""

    def __str__(self) -> str:
        return _below(str(self.link), self.subdir)


@dataclass(frozen=True, slots=True)
class GitSource:
    """A tree of a git repository.

    ``url`` is an ``https://`` URL without user name and password, an ``ssh://[user@]host[:port]/path`` URL, or
    ``user@host:path`` as scp writes it. ``ref`` is a branch, a tag or a commit, empty for the default branch.
    ``depth`` is how many commits are fetched, none for the one that is wanted. ``subdir`` is the folder in it that
    is wanted. ``ssh_key`` is the file of a private key.
    """

    url: str
    ref: str = ""
    depth: int | None = None
    subdir: str = ""
    ssh_key: Path | None = None

    def __str__(self) -> str:
        at = f"?ref={self.ref}" if self.ref else ""
        return f"git::{_below(self.url, self.subdir)}{at}"


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A folder or a file of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


Source = OCISource | ChartSource | ArchiveSource | GitSource | LocalSource
"""Any of them."""

AS_IT_IS: Final = "false"
"""The ``archive`` of what is not unpacked, as go-getter spells it."""


def _versioned(name: str, version: str) -> str:
    return f"{name} {version}" if version else name


def _below(name: str, subdir: str) -> str:
    return f"{name}//{subdir}" if subdir else name
