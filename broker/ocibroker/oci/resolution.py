"""Which manifest a reference stands for, and which version of it is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ocibroker.errors import NotFound, UsageError
from ocibroker.oci import layout
from ocibroker.oci.descriptor import Platform
from ocibroker.oci.manifest import Manifest
from ocibroker.oci.reference import Reference
from ocibroker.oci.repository import Repository
from ocibroker.oci.version_range import choose, exact

LATEST: Final = "latest"
"""The tag that Docker's reference without a tag means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which version of an artifact, in which form.

    ``version`` is a version or a range as Helm resolves it, ``devel`` lets pre-releases in. ``as_layout`` asks for
    an image layout whatever it is. ``platform`` takes one image out of an index; without one all are taken.
    """

    version: str = ""
    devel: bool = False
    as_layout: bool = False
    platform: Platform | None = None


ANY: Final = Wish()
"""What the reference names, as it is."""


def resolved(repository: Repository, wanted: Reference, wish: Wish) -> tuple[Reference, Manifest]:
    """Return ``wanted`` with its tag and digest, and the manifest behind it.

    Raises :class:`~ocibroker.errors.OcibrokerError`.
    """
    if (wish.version or wish.devel) and (wanted.tag or wanted.digest):
        raise UsageError("names a version twice", culprit=str(wanted), hint="leave out the tag, or the version")
    found = wanted if wanted.digest else replace(wanted, tag=_tag(repository, wanted, wish))
    manifest = _manifest(repository, found, guessed=found.tag != wanted.tag and not wish.version)
    if wish.platform and manifest.is_index:
        one = layout.only(manifest, wish.platform, culprit=str(found))
        manifest = repository.manifest(one.digest)
    return replace(found, digest=manifest.digest), manifest


def _tag(repository: Repository, wanted: Reference, wish: Wish) -> str:
    """Return the tag: without any, the highest version where Helm's ``oci://`` was written, else Docker's."""
    if wanted.tag:
        return wanted.tag
    if wish.version or wish.devel or wanted.helm:
        return exact(wish.version) or choose(wish.version, repository.tags(), devel=wish.devel)
    return LATEST


def _manifest(repository: Repository, found: Reference, *, guessed: bool) -> Manifest:
    try:
        return repository.manifest(found.digest or found.tag)
    except NotFound as error:
        if not guessed:
            raise
        missing = error
    hint = "name a tag, or ask for a version: --version '*' is the highest"
    raise NotFound(missing.message, culprit=missing.culprit, hint=hint)
