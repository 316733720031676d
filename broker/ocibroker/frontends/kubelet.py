"""The credential provider of the kubelet: one JSON object in, one out.

Follows the API group ``credentialprovider.kubelet.k8s.io`` in its versions v1, v1beta1 and v1alpha1
(https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/). The kubelet reads the answer
strictly, so nothing is added to it.

A service account's token and annotations, which v1 may carry, become the :class:`~ocibroker.request.Caller`: each
pod pulls with the cloud identity of its own account.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from ocibroker.credential import Anonymous, Basic
from ocibroker.errors import CannotCarry, InvalidTarget, InvalidValue
from ocibroker.frontends import executable
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.front_end import FrontEnd, Question, refused, told
from ocibroker.request import Caller
from ocibroker.secret import Secret, has_control
from ocibroker.target import Target

if TYPE_CHECKING:
    from ocibroker.access import Access
    from ocibroker.clock import Clock

_GROUP: Final = "credentialprovider.kubelet.k8s.io"
_VERSIONS: Final = frozenset({f"{_GROUP}/v1", f"{_GROUP}/v1beta1", f"{_GROUP}/v1alpha1"})
_NAME: Final = "ocibroker-credential-provider"

_DEADLINE: Final = 50.0
"""Seconds; the kubelet itself waits for a minute."""

_TAG: Final = re.compile(r":[A-Za-z0-9_][A-Za-z0-9_.-]*\Z", re.ASCII)
_LEAST: Final = timedelta(seconds=1)


class _Request(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    image: str = ""
    service_account_token: str = ""
    service_account_annotations: dict[str, str] | None = None

    def __repr__(self) -> str:
        # A traceback with local variables must not show the token.
        return f"CredentialProviderRequest({self.image!r}, …)"


class _Auth(msgspec.Struct):
    username: str
    password: str

    def __repr__(self) -> str:
        return "AuthConfig(…)"


class _Response(msgspec.Struct, rename="camel"):
    """``auth`` is null where there is no credential; ``cache_duration`` where the kubelet's own default decides."""

    api_version: str
    cache_duration: str | None
    auth: Mapping[str, _Auth] | None
    kind: Literal["CredentialProviderResponse"] = "CredentialProviderResponse"
    # Which credential fits may depend on the path, by a rule or by a provider's own knowledge.
    cache_key_type: Literal["Image"] = "Image"


def _get(question: Question) -> Answer:
    request = _decoded(question.stdin)
    if not request.image:
        raise InvalidValue("image in plugin request was empty")
    registry, target = _parsed(request.image)
    access = question.broker.access(target, deadline=_DEADLINE, caller=_caller(request, question.account))
    if isinstance(access.credential, Anonymous):
        why = f"{access.target}: no credential: {access.credential.reason}"
        return Answer(_nothing(request.api_version), why)
    auth = {registry: _auth(access)}
    lasting = _lasting(access, question.broker.clock)
    return Answer(_encoded(_Response(request.api_version, cache_duration=lasting, auth=auth)))


def _decoded(stdin: bytes) -> _Request:
    """Return the request; raises :class:`~ocibroker.errors.InvalidValue`, which shows none of it."""
    try:
        request = msgspec.json.decode(stdin, type=_Request)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        request = None
    if request is None or request.kind != "CredentialProviderRequest":
        raise InvalidValue("is no CredentialProviderRequest in JSON", culprit="standard input")
    if request.api_version not in _VERSIONS:
        raise InvalidValue(f"group version {request.api_version!r} is not supported", hint="use v1")
    return request


def _parsed(image: str) -> tuple[str, Target]:
    """Return the registry as ``image`` writes it, since the kubelet compares by that, and the target."""
    name = _TAG.sub("", image.partition("@")[0])
    target = Target.parse(name)
    registry = name.partition("/")[0]
    if not target.path:
        raise InvalidTarget("names no repository", culprit=repr(image))
    if "[" in registry:
        raise CannotCarry("the kubelet takes an IPv6 address for a pattern", culprit=registry, hint="use a name")
    return registry, target


def _caller(request: _Request, account: str) -> Caller:
    token = request.service_account_token
    if any(map(has_control, chain(*(request.service_account_annotations or {}).items()))):
        raise InvalidValue("an annotation holds a control character")
    return Caller(
        token=Secret(token) if token else None,
        annotations=request.service_account_annotations or {},
        account=account,
    )


def _auth(access: Access) -> _Auth:
    credential = access.credential
    if not isinstance(credential, Basic):
        raise CannotCarry(
            "the kubelet's protocol carries a user name and a password only", culprit=str(access.target)
        )
    return _Auth(credential.username, credential.secret.reveal())


def _lasting(access: Access, clock: Clock) -> str | None:
    """Return for how long the kubelet may keep it: half of what is left, so that a pull can still be long."""
    if isinstance(access.credential, Anonymous) or access.credential.expires_at is None:
        return None
    left = (access.credential.expires_at - clock.now()) / 2
    return f"{left // _LEAST}s" if left > _LEAST else "0s"


def _nothing(api_version: str) -> bytes:
    """Return the answer of no credential, which is not to be kept: somebody may be about to configure one."""
    return _encoded(_Response(api_version, cache_duration="0s", auth=None))


def _encoded(response: _Response) -> bytes:
    return msgspec.json.encode(response) + b"\n"


def _missed(stdin: bytes, why: str) -> Answer:
    try:
        return Answer(_nothing(_decoded(stdin).api_version), why)
    except InvalidValue as error:
        return told(error)


KUBELET: Final = FrontEnd(
    name="kubelet",
    executable=_NAME,
    verbs=MappingProxyType({"get": _get}),
    failed=told,
    missed=_missed,
    refused=refused,
    unknown=lambda verb: refused(f"{verb!r} is no verb; there is only get, which need not be said"),
    usage=f"Usage: {_NAME} [--account NAME], with a CredentialProviderRequest on standard input",
    default="get",
)
"""The kubelet names no verb."""


def main() -> None:
    """Run ``ocibroker-credential-provider``."""
    executable.main(KUBELET)
