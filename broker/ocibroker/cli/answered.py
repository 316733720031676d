"""Accesses that somebody has given, and what is said where nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocibroker.cli.wanted import actions
from ocibroker.credential import Anonymous
from ocibroker.errors import NoProvider
from ocibroker.request import Caller

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocibroker.access import Access
    from ocibroker.broker import Broker


def answered(
    broker: Broker, targets: Iterable[str], *, push: bool, min_ttl: float, account: str
) -> tuple[Access, ...]:
    """Return an access for each target; raises what asking for it raises, and where nobody answers."""
    caller, wanted = Caller.of_account(account), actions(push=push)
    accesses = tuple(broker.access(one, actions=wanted, min_ttl=min_ttl, caller=caller) for one in targets)
    for access in accesses:
        check_answered(access)
    return accesses


def check_answered(access: Access) -> None:
    """Raise :class:`~ocibroker.errors.NoProvider`, with what to do, where no provider has given this access."""
    if access.provider is not None:
        return
    why = access.credential.reason if isinstance(access.credential, Anonymous) else access.why
    where = access.target.registry
    raise NoProvider(
        why, hint=f"run `docker login {where}` or `ocibroker login {where}`, or add a [[registry]] rule"
    )
