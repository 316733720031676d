"""One repository of a registry, read: tags, manifests, blobs (OCI distribution specification 1.1, "Pull")."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from typing import Final, Self

import httpx
import msgspec

from ocibroker.access import Access
from ocibroker.errors import IntegrityError, InvalidValue, NotFound, OcibrokerError
from ocibroker.oci.descriptor import Descriptor
from ocibroker.oci.digest import Digest
from ocibroker.oci.exchange import Content, ask, content, joined, next_page
from ocibroker.oci.manifest import Manifest
from ocibroker.oci.media_type import INDEXES, MANIFESTS

LARGEST_MANIFEST: Final = 4 * 1024 * 1024
"""Bytes: what the specification asks registries to accept."""
LARGEST_LISTING: Final = 16 * 1024 * 1024
"""Bytes of one page of tags."""
MOST_PAGES: Final = 10_000

_ACCEPT: Final = ", ".join((*MANIFESTS, *INDEXES))
_AS_IT_IS: Final = (("Accept-Encoding", "identity"),)
"""What is compressed on its way has another digest."""


class _Tags(msgspec.Struct):
    tags: list[str] | None = None


class Repository:
    """Reads the repository of ``access``, over its transport; a context manager, safe for threads.

    Errors are :class:`~ocibroker.errors.OcibrokerError`: :class:`~ocibroker.errors.NotFound`,
    :class:`~ocibroker.errors.RegistryRefused`, :class:`~ocibroker.errors.IntegrityError`, and what the transport
    raises.
    """

    def __init__(self, access: Access) -> None:
        self.access: Final = access
        self._path = f"/v2/{access.target.path}"
        self._http = access.client(headers=dict(_AS_IT_IS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @cached_property
    def _public(self) -> httpx.Client:
        """The client for other hosts, which few pulls need; like the other it owns no connection."""
        return self.access.public_client(headers=dict(_AS_IT_IS))

    def tags(self, *, pages: int = MOST_PAGES) -> Iterator[str]:
        """Yield every tag, page by page, as the registry orders them; more than so many ``pages`` are an error."""
        page: httpx.URL | str = f"{self._path}/tags/list"
        seen = set[httpx.URL]()
        while len(seen) < pages:
            with closing(ask(self._http, page, self._name)) as answer:
                yield from _listed(joined(answer.iter_raw(), LARGEST_LISTING, self._name), self._name)
            seen.add(answer.url)
            following = next_page(answer, self._name)
            if following is None:
                return
            if following in seen:
                break
            page = following
        raise IntegrityError("the list of tags has no end", culprit=self._name)

    def manifest(self, reference: str | Digest) -> Manifest:
        """Return the manifest behind a tag or a digest, verified."""
        name = f"{self._name}{'@' if isinstance(reference, Digest) else ':'}{reference}"
        path = f"{self._path}/manifests/{reference}"
        with closing(ask(self._http, path, name, {"Accept": _ACCEPT})) as answer:
            body = joined(answer.iter_raw(), LARGEST_MANIFEST, name)
            media_type = answer.headers.get("content-type", "").partition(";")[0].strip()
            said = answer.headers.get("docker-content-digest", "")
        return Manifest.decode(body, media_type, _verified(body, reference, said, name), culprit=name)

    def read(self, descriptor: Descriptor, most: int) -> bytes:
        """Return a small blob, verified; ``most`` is how many bytes it may have."""
        name = f"{self._name}@{descriptor.digest}"
        if descriptor.size > most:
            raise IntegrityError(f"is larger than {most} bytes", culprit=name)
        with self.blob(descriptor) as found:
            body = joined(found.parts, descriptor.size, name)
        if descriptor.digest.of(body) != descriptor.digest:
            raise IntegrityError("is not what its digest says", culprit=name)
        return body

    @contextmanager
    def blob(self, descriptor: Descriptor, start: int = 0) -> Iterator[Content]:
        """Open a blob, from ``start`` on where the registry can do that, else from 0. Nothing is verified yet.

        A blob that the registry does not have is fetched from the first of its ``urls`` that has it, without
        credential: whoever wrote the manifest chose that host.
        """
        with closing(self._find(descriptor, {"Range": f"bytes={start}-"} if start else {})) as answer:
            yield content(answer, start)

    def _find(self, descriptor: Descriptor, headers: dict[str, str]) -> httpx.Response:
        name = f"{self._name}@{descriptor.digest}"
        try:
            return ask(self._http, f"{self._path}/blobs/{descriptor.digest}", name, headers, once=True)
        except NotFound as error:
            failure: OcibrokerError = error
        for url in descriptor.urls:
            try:
                return ask(self._public, url, name, headers, once=True)
            except OcibrokerError as error:
                failure = error
        raise failure.restated(culprit=name)

    @property
    def _name(self) -> str:
        return f"{self.access.target.registry}/{self.access.target.path}"


def _verified(body: bytes, reference: str | Digest, said: str, name: str) -> Digest:
    """Return the digest of ``body``: the one that was asked for, or else the one that was promised."""
    promised = reference if isinstance(reference, Digest) else _promised(said, name)
    found = promised.of(body) if promised else Digest.sha256(body)
    if promised not in {None, found}:
        raise IntegrityError("is not what its digest says", culprit=name)
    return found


def _promised(said: str, name: str) -> Digest | None:
    try:
        return Digest.parse(said) if said else None
    except InvalidValue as error:
        why = f"the answer's digest {error.message}"
    raise IntegrityError(why, culprit=name)


def _listed(body: bytes, name: str) -> list[str]:
    try:
        return msgspec.json.decode(body, type=_Tags).tags or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        failure = IntegrityError("the list of tags is not the JSON of the specification", culprit=name)
    raise failure
