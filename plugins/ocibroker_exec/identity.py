"""Who is asked for what, as declared."""

from __future__ import annotations

import hashlib

from ocibroker.provider import Request
from ocibroker_exec.options import ExecOptions


def parts_of(request: Request[ExecOptions]) -> tuple[str, ...]:
    """Return the program with what it gets, and what it is asked for: all that it may decide by."""
    options = request.options
    given = (f"{name} from {kept}" for name, kept in sorted(options.environment.items()))
    return (*options.command, f"by the protocol {options.protocol}", *given, *_asked(request))


def _asked(request: Request[ExecOptions]) -> tuple[str, ...]:
    options, target = request.options, request.target
    if options.protocol == "docker":  # which knows no repository
        return (f"for {target.registry}",)
    if options.protocol == "bazel":
        return (f"for {target}",)
    asked = target.registry if options.cache_key_type == "Registry" else str(target)
    return (f"for {asked}", *_caller(request))


def _caller(request: Request[ExecOptions]) -> tuple[str, ...]:
    if request.caller is None:
        return ()
    token, annotations = request.caller.token, request.caller.annotations
    # Not the token's subject: that would be believed before anybody has verified it.
    digest = hashlib.sha256(token.reveal().encode("utf-8", "surrogatepass")).hexdigest()[:32] if token else "none"
    return (f"caller {digest}", *(f"{name}={text}" for name, text in sorted(annotations.items())))
