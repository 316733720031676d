"""What was given, done or refused, and for what: the part of an audit record that is not who asked, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ocibroker.access import Access
from ocibroker.api import problem_of
from ocibroker.audit import AuditEvent, AuditOutcome, Claimed, claimed
from ocibroker.credential import Anonymous, Credential
from ocibroker.errors import OcibrokerError, TargetNotAllowed
from ocibroker.request import Caller
from ocibroker.sidecar.denial import Reason
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.peer import Peer
from ocibroker.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """``credential`` is what was given, none if nothing was; nobody writes it, only its kind, end and fingerprint.

    ``error`` is a problem's code, or the reason of a denial; ``claimed`` what the caller's own token says.
    """

    event: AuditEvent = "access"
    outcome: AuditOutcome = "given"
    endpoint: str = ""
    action: str = ""
    target: Target | str = ""
    provider: str = ""
    identity: tuple[str, ...] = ()
    credential: Credential | Anonymous | None = None
    claimed: Claimed | None = None
    error: str = ""


Audit = Callable[[ListenerName, Peer, Deed], None]
"""Is told who has got what; must neither block nor raise."""


def unaudited(listener: ListenerName, peer: Peer, deed: Deed) -> None:
    """Tell nobody."""


def given(access: Access, endpoint: str, caller: Caller | None) -> Deed:
    """Return the deed of giving ``access``, for the workload ``caller`` where there is one."""
    return Deed(
        endpoint=endpoint,
        target=access.target,
        provider=access.provider or "",
        identity=tuple(map(_writable, access.identity)),
        credential=access.credential,
        claimed=_claimed(caller),
    )


def not_given(error: OcibrokerError, endpoint: str, target: Target | str, caller: Caller | None) -> Deed:
    """Return the deed of not giving access to ``target``, which is empty where nobody understood the question."""
    denied = isinstance(error, TargetNotAllowed)
    return Deed(
        outcome="denied" if denied else "failed",
        endpoint=endpoint,
        target=target,
        claimed=_claimed(caller),
        error=problem_of(error).code,
    )


def kept_back(deed: Deed, outcome: AuditOutcome, error: str = "") -> Deed:
    """Return ``deed`` where a front end got a credential and did not give it on."""
    if deed.outcome != "given" or isinstance(deed.credential, Anonymous):
        return deed
    return replace(deed, outcome=outcome, error=error, credential=None)


def administered(endpoint: str, action: str, target: str, error: str) -> Deed:
    """Return the deed of somebody's having asked for an action; ``error`` is the type of what went wrong."""
    return Deed(
        event="admin_action",
        outcome="failed" if error else "done",
        endpoint=endpoint,
        action=action,
        target=target,
        error=error,
    )


def turned_away(reason: Reason) -> Deed:
    """Return the deed of turning a caller away before anybody looks at what it wants."""
    return Deed(event="caller_denied", outcome="denied", error=reason)


def _writable(part: str) -> str:
    """Return ``part`` as JSON can hold it: a path need not be Unicode."""
    return part.encode(errors="backslashreplace").decode()


def _claimed(caller: Caller | None) -> Claimed | None:
    return claimed(caller.token.reveal()) if caller and caller.token else None
