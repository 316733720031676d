"""The protocol of the kubelet's credential providers.

https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

from ocibroker.provider import Anonymous, Basic, FetchRequest, JsonAnswer, OcibrokerError, Secret
from ocibroker_exec.child import Child
from ocibroker_exec.duration import read_duration
from ocibroker_exec.match_image import MatchImage
from ocibroker_exec.options import ExecOptions

_V1: Final = "credentialprovider.kubelet.k8s.io/v1"
_TYPES: Final = frozenset({"Image", "Registry", "Global"})

_DEFAULT: Final = timedelta(minutes=5)
"""In place of ``defaultCacheDuration``, which is the kubelet's own configuration."""

_LONGEST: Final = timedelta(days=1)
_SHORTEST: Final = timedelta(seconds=1)
"""``0s`` says not to keep it."""


class _Auth(JsonAnswer):
    username: str = ""
    password: str = ""


class _Response(JsonAnswer, rename="camel"):
    api_version: str
    kind: str
    cache_key_type: str
    cache_duration: str | None = None
    auth: dict[str, _Auth] | None = None


def ask(request: FetchRequest[ExecOptions]) -> Basic | Anonymous:
    """Return the user that the program has for the target; anonymous where it says so."""
    child = Child(request)
    response = _Response.read(child.answer((), _question(request)))
    if response is None or (response.api_version, response.kind) != (_V1, "CredentialProviderResponse"):
        raise child.failed("answered something else than a CredentialProviderResponse of v1")
    if response.cache_key_type not in _TYPES:
        raise child.failed("answered with a cacheKeyType that is none")
    auth = _fitting(child, response)
    if not auth.username and not auth.password:
        return Anonymous("the credential provider says so")
    now = request.clock.now()
    lasting = _lasting(child, response)
    try:
        secret = Secret(auth.password)
        return Basic(username=auth.username, secret=secret, issued_at=now, expires_at=now + lasting)
    except OcibrokerError as error:
        why = error.message
    raise child.failed(why)


def _question(request: FetchRequest[ExecOptions]) -> bytes:
    said = {"apiVersion": _V1, "kind": "CredentialProviderRequest"}
    said["image"] = f"{request.target.registry}/{request.target.path}".rstrip("/")
    if (caller := request.caller) is None:
        return json.dumps(said).encode()
    token = {"serviceAccountToken": caller.token.reveal()} if caller.token else {}
    return json.dumps({**said, **token, "serviceAccountAnnotations": dict(caller.annotations)}).encode()


def _fitting(child: Child, response: _Response) -> _Auth:
    """Return what is for the target, by the most specific of the patterns."""
    target, auth = child.request.target, response.auth or {}
    patterns = [MatchImage.parse(text) for text in auth]
    if child.request.options.cache_key_type == "Registry":
        of_paths = any(one.path for one in patterns if one.covers(target.registry))
        if of_paths or response.cache_key_type == "Image":
            raise child.failed("answers for one image only", "take cache_key_type out of the rule")
    fitting = [one for one in patterns if one.covers(target.registry, target.path)]
    if not fitting:
        raise child.nothing()
    return auth[max(fitting, key=lambda one: one.rank).text]


def _lasting(child: Child, response: _Response) -> timedelta:
    if response.cache_duration is None:
        return _DEFAULT
    if (said := read_duration(response.cache_duration)) is None:
        raise child.failed("answered with a cacheDuration that is none")
    return min(max(said, _SHORTEST), _LONGEST)
