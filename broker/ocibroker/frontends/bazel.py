"""The protocol of Bazel's credential helpers: a URI in, headers out.

Follows the specification of EngFlow and Bazel (https://github.com/EngFlow/credential-helper-spec). The values of
headers are lists, and ``expires`` has no fraction of a second, which Bazel cannot read.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from ocibroker.credential import Anonymous
from ocibroker.errors import InvalidTarget, InvalidValue
from ocibroker.frontends import executable
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.front_end import FrontEnd, Question, refused, told
from ocibroker.target import Target

if TYPE_CHECKING:
    from ocibroker.access import Access

_NAME: Final = "bazel-credential-ocibroker"
_OF_A_REGISTRY: Final = re.compile(r"v2/(.+)/(?:manifests|blobs|tags|referrers)/[^/]+", re.ASCII)
"""The paths of the OCI distribution specification 1.1 that name a repository."""


class _Request(msgspec.Struct):
    uri: str


class _Response(msgspec.Struct, omit_defaults=True):
    headers: dict[str, list[str]] = {}
    expires: str = ""

    def __repr__(self) -> str:
        # A traceback with local variables must not show the header.
        return "GetCredentialsResponse(…)"


def _get(question: Question) -> Answer:
    access = question.broker.access(_target(_decoded(question.stdin).uri), caller=question.caller)
    if isinstance(access.credential, Anonymous):
        return Answer(_nothing(), f"{access.target}: no credential: {access.credential.reason}")
    headers = {name: [value] for name, value in access.headers().items()}
    return Answer(_encoded(_Response(headers, _expires(access))))


def _decoded(stdin: bytes) -> _Request:
    """Return the request; raises :class:`~ocibroker.errors.InvalidValue`."""
    try:
        return msgspec.json.decode(stdin, type=_Request)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    raise InvalidValue("is no object with a uri in JSON", culprit="standard input")


def _target(uri: str) -> Target:
    """Return the repository that a URL of a registry is about, else the URL as it stands.

    Raises :class:`~ocibroker.errors.InvalidTarget` for what is not HTTPS.
    """
    target = Target.from_url(uri)
    if target.scheme != "https":
        raise InvalidTarget("is not served: only https:// is", culprit=str(target))
    found = _OF_A_REGISTRY.fullmatch(target.path)
    return Target(target.registry, found[1]) if found else target


def _expires(access: Access) -> str:
    credential = access.credential
    if isinstance(credential, Anonymous) or credential.expires_at is None:
        return ""
    return credential.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _nothing() -> bytes:
    return _encoded(_Response())


def _encoded(response: _Response) -> bytes:
    return msgspec.json.encode(response) + b"\n"


BAZEL: Final = FrontEnd(
    name="bazel",
    executable=_NAME,
    verbs=MappingProxyType({"get": _get}),
    failed=told,
    missed=lambda _, why: Answer(_nothing(), why),
    refused=refused,
    unknown=lambda verb: refused(f"{verb!r} is no command; there is only get"),
    usage=f"Usage: {_NAME} [--account NAME] get",
    named=True,
)


def main() -> None:
    """Run ``bazel-credential-ocibroker``."""
    executable.main(BAZEL)
