"""Where things are in a Helm repository.

As Helm's ``ResolveReferenceURL`` (``pkg/repo/chartrepo.go``) has it, except that a repository's query, which may be
a signature, goes to no other origin, and that a relative URL keeps its own where the repository has none.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from ocibroker.bundle.link import Link
from ocibroker.errors import InvalidTarget, OriginRefused
from ocibroker.origin import Origin
from ocibroker.transport import is_nowhere

INDEX: Final = "index.yaml"

_ABSOLUTE: Final = re.compile("[^/?#]*:")
"""No relative reference has a colon in its first segment (RFC 3986 section 4.2)."""


def index_of(repository: Link) -> Link:
    """Return where the index of ``repository`` is."""
    return Link(f"{_folder(repository)}{INDEX}", repository.query)


def located(repository: Link, url: str) -> Link:
    """Return where ``url``, which the index of ``repository`` names, leads: to any host.

    A relative one begins at the folder of the index, and gets the repository's query on the repository's origin.
    Raises :class:`~ocibroker.errors.InvalidTarget`, and what :func:`check_named` does.
    """
    if _ABSOLUTE.match(url):
        found, own_query = Link.parse(url), True
    elif url.startswith("///"):  # a path to some, and a host to others
        raise InvalidTarget("names something that is no URL", culprit=str(repository))
    else:
        found, own_query = Link(_folder(repository)).join(url), not repository.query
    if found.target.origin != repository.target.origin:
        check_named(found.target.origin)
        return found
    return found if own_query else replace(found, query=repository.query)


def check_named(origin: Origin) -> None:
    """Refuse an ``origin`` that a document has named, and that is none of a repository or registry.

    Raises :class:`~ocibroker.errors.OriginRefused`.
    """
    if is_nowhere(origin):
        raise OriginRefused("is an address that no repository has", culprit=str(origin))


def _folder(repository: Link) -> str:
    return f"{repository.place.rstrip('/')}/"
