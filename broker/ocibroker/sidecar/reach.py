"""How far the callers of one listener reach: which targets they may ask for, decided before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ocibroker.access import Access
from ocibroker.auth import KNOWN
from ocibroker.config import Allowance, Config
from ocibroker.errors import TargetNotAllowed
from ocibroker.host import split_authority
from ocibroker.origin import DEFAULT_PORT
from ocibroker.selection import LAST, select
from ocibroker.target import Target

_MOST: Final = 4096
_HINT: Final = "write a [[registry]] rule or name it in prefetch, or set ambient for this listener"


@dataclass(frozen=True, slots=True)
class Reached:
    """A target within reach, and the token endpoints on other hosts that may receive its credential."""

    target: Target
    realms: tuple[str, ...]


class Reach:
    """Decides by ``allowance`` and by the rules and the prefetched targets of ``config``; no I/O.

    ``exchange`` is whether callers get tokens of one repository only.
    """

    def __init__(self, config: Config, allowance: Allowance) -> None:
        self.config: Final = config
        self.allowance: Final = allowance
        self.exchange: Final = allowance.exchange
        self._reached = lru_cache(_MOST)(self._reach)  # what is refused is not remembered
        self._selection = lru_cache(_MOST)(lambda target: select(target, config.rules, config.providers))

    def target(self, registry: str, repository: str, actions: tuple[str, ...]) -> Reached:
        """Return the target of those names.

        Raises :class:`~ocibroker.errors.InvalidTarget` and :class:`~ocibroker.errors.TargetNotAllowed`.
        """
        return self._reached(registry, repository, actions)

    def _reach(self, registry: str, repository: str, actions: tuple[str, ...]) -> Reached:
        target = named(registry, repository, actions)
        self.check(target)
        elsewhere = self._selection(target).realms
        return Reached(target, (*KNOWN.get(target.origin.host, ()), *elsewhere))

    def check(self, target: Target) -> None:
        """Raise :class:`~ocibroker.errors.TargetNotAllowed` for a target that is out of reach."""
        if why := self._refusal(target):
            raise TargetNotAllowed(why, culprit=str(target), hint=_HINT)

    def check_answer(self, access: Access) -> None:
        """Raise :class:`~ocibroker.errors.TargetNotAllowed` for a login of somebody's that nobody has named."""
        if access.provider == LAST and not self.allowance.ambient and not self._ruled(access.target):
            raise TargetNotAllowed(
                "is answered only by a login of another tool", culprit=str(access.target), hint=_HINT
            )

    def _refusal(self, target: Target) -> str:
        listed, default = self.allowance.targets, DEFAULT_PORT[target.scheme]
        if listed is not None and not any(
            one.matches(target.host, target.port, target.path, default=default) for one in listed
        ):
            return "is not among the targets of this listener"
        if self.allowance.ambient or self._ruled(target) or self._prefetched(target):
            return ""
        return "is named by no rule, and this listener is not ambient"

    def _ruled(self, target: Target) -> bool:
        return self._selection(target).rule is not None

    def _prefetched(self, target: Target) -> bool:
        return any(_covers(one, target) for one in self.config.sidecar.prefetch)


def named(registry: str, repository: str, actions: tuple[str, ...]) -> Target:
    """Return the target of those names, or raise :class:`~ocibroker.errors.InvalidTarget`."""
    split_authority(registry)  # a host and a port, and nothing that could go on as a path
    text = f"oci://{registry}/{repository}" if repository else f"oci://{registry}"
    return Target.parse(text, actions=actions)


def _covers(prefetched: Target, target: Target) -> bool:
    if (prefetched.registry, prefetched.scheme) != (target.registry, target.scheme):
        return False
    path = prefetched.path
    return not path or target.path == path or target.path.startswith(f"{path}/")
