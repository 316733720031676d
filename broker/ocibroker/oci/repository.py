"""One repository of a registry, read: tags, manifests, blobs (OCI distribution specification 1.1, "Pull")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

import httpx
import msgspec

from ocibroker.access import Access
from ocibroker.errors import ConnectionFailed, IntegrityError, NotFound, OcibrokerError, RegistryRefused
from ocibroker.oci.descriptor import Descriptor
from ocibroker.oci.digest import Digest
from ocibroker.oci.manifest import Manifest
from ocibroker.oci.media_type import INDEXES, MANIFESTS

LARGEST_MANIFEST: Final = 4 * 1024 * 1024
"""Bytes: what the specification asks registries to accept."""
LARGEST_LISTING: Final = 16 * 1024 * 1024
"""Bytes of one page of tags."""
MOST_PAGES: Final = 10_000

_ACCEPT: Final = ", ".join((*MANIFESTS, *INDEXES))
_RANGE: Final = re.compile(r"bytes (\d{1,19})-\d{1,19}/(?:\d{1,19}|\*)", re.ASCII)
_AS_IT_IS: Final = (("Accept-Encoding", "identity"),)
"""What is compressed on its way has another digest."""


class _Tags(msgspec.Struct):
    tags: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A blob on its way, from ``start`` on; ``parts`` end with the answer, complete or not."""

    start: int
    parts: Iterator[bytes]


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
        self._public = access.public_client(headers=dict(_AS_IT_IS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._public.close()

    def tags(self) -> Iterator[str]:
        """Yield every tag, page by page, as the registry orders them."""
        page: httpx.URL | str = f"{self._path}/tags/list"
        for _ in range(MOST_PAGES):
            with closing(_ask(self._http, page, self._name)) as answer:
                yield from _listed(_whole(answer, LARGEST_LISTING, self._name), self._name)
            if (following := _next(answer)) is None:
                return
            page = following
        raise IntegrityError("the list of tags has no end", culprit=self._name)

    def manifest(self, reference: str | Digest) -> Manifest:
        """Return the manifest behind a tag or a digest, verified."""
        name = f"{self._name}{'@' if isinstance(reference, Digest) else ':'}{reference}"
        path = f"{self._path}/manifests/{reference}"
        with closing(_ask(self._http, path, name, {"Accept": _ACCEPT})) as answer:
            content = _whole(answer, LARGEST_MANIFEST, name)
            media_type = answer.headers.get("content-type", "").partition(";")[0].strip()
            said = answer.headers.get("docker-content-digest", "")
        return Manifest.decode(content, media_type, _verified(content, reference, said, name), culprit=name)

    def read(self, descriptor: Descriptor, most: int) -> bytes:
        """Return a small blob, verified; ``most`` is how many bytes it may have."""
        name = f"{self._name}@{descriptor.digest}"
        if descriptor.size > most:
            raise IntegrityError(f"is larger than {most} bytes", culprit=name)
        with self.blob(descriptor) as content:
            body = _joined(content.parts, descriptor.size, name)
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
            yield _content(answer, start)

    def _find(self, descriptor: Descriptor, headers: dict[str, str]) -> httpx.Response:
        name = f"{self._name}@{descriptor.digest}"
        try:
            return _ask(self._http, f"{self._path}/blobs/{descriptor.digest}", name, headers)
        except NotFound as error:
            failure: OcibrokerError = error
        for url in descriptor.urls:
            try:
                return _ask(self._public, url, name, headers)
            except OcibrokerError as error:
                failure = error
        raise failure.restated(culprit=name)

    @property
    def _name(self) -> str:
        return f"{self.access.target.registry}/{self.access.target.path}"


def _ask(
    http: httpx.Client, url: httpx.URL | str, name: str, headers: Mapping[str, str] = MappingProxyType({})
) -> httpx.Response:
    """Return a successful answer, its body unread."""
    try:
        request = http.build_request("GET", url, headers=headers)
    except (httpx.InvalidURL, ValueError):
        raise IntegrityError("is said to be at something that is no URL", culprit=name) from None
    answer = http.send(request, stream=True)
    if failure := _failure(answer, name):
        answer.close()
        raise failure
    return answer


def _failure(answer: httpx.Response, name: str) -> OcibrokerError | None:
    status, host = answer.status_code, answer.url.host
    if answer.is_success:
        return None
    if status == httpx.codes.NOT_FOUND:
        return NotFound(f"is not known to {host}", culprit=name, hint="check the name, the tag and the permissions")
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in {408, 429}:
        return ConnectionFailed(f"{host} answered {status}", culprit=name, hint="try again later")
    return RegistryRefused(f"{host} answered {status}", culprit=name, hint="check the permissions")


def _next(answer: httpx.Response) -> httpx.URL | None:
    """Return the next page's URL (RFC 8288); the transport refuses one on another origin."""
    link = answer.links.get("next", {}).get("url")
    return answer.url.join(link) if link else None


def _content(answer: httpx.Response, start: int) -> Content:
    if answer.status_code != httpx.codes.PARTIAL_CONTENT:
        return Content(0, answer.iter_raw())
    found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    if found is None or int(found[1]) != start:
        raise IntegrityError("answers another range than was asked for", culprit=answer.url.host)
    return Content(start, answer.iter_raw())


def _whole(answer: httpx.Response, most: int, name: str) -> bytes:
    return _joined(answer.iter_raw(), most, name)


def _joined(parts: Iterator[bytes], most: int, name: str) -> bytes:
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > most:
            raise IntegrityError(f"is longer than {most} bytes", culprit=name)
    return bytes(body)


def _verified(content: bytes, reference: str | Digest, said: str, name: str) -> Digest:
    """Return the content's digest, which must be the one that was asked for, or else the one that was promised."""
    promised = reference if isinstance(reference, Digest) else Digest.parse(said) if said else None
    found = promised.of(content) if promised else Digest.sha256(content)
    if promised not in {None, found}:
        raise IntegrityError("is not what its digest says", culprit=name)
    return found


def _listed(content: bytes, name: str) -> list[str]:
    try:
        return msgspec.json.decode(content, type=_Tags).tags or []
    except (msgspec.DecodeError, UnicodeDecodeError):
        failure = IntegrityError("the list of tags is not the JSON of the specification", culprit=name)
    raise failure
