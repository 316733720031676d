"""What a provider is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Generic, Self, TypeVar

import msgspec

from ocibroker.secret import Secret
from ocibroker.target import Target

FLEET_PATH: Final = "ocibroker/fleet-path"
"""The annotation of a caller that reads a Fleet repository: the folder whose ``fleet.yaml`` has it read."""


def _nothing() -> Mapping[str, str]:
    # A mapping proxy cannot be a default itself: before Python 3.12 it has no hash, and dataclasses refuses it.
    return MappingProxyType({})


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a ``[[registry]]`` rule may set in ``options``; unknown keys are an error.

    Subclass it with ``frozen=True, kw_only=True``.
    """


O_co = TypeVar("O_co", bound=Options, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who a front end asks for: a workload's own identity token and the annotations that came with it.

    ``account`` chooses among several accounts on one host: only rules of that account answer.
    """

    token: Secret | None = None
    annotations: Mapping[str, str] = field(default_factory=_nothing)
    account: str = ""

    @classmethod
    def of_account(cls, name: str) -> Self | None:
        """Return who asks for that account, and nothing else is known of; none where no account is named."""
        return cls(account=name) if name else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[O_co]):
    """A target, the rule's options, the broker's environment, and the caller where there is one."""

    target: Target
    options: O_co
    environ: Mapping[str, str] = field(default_factory=_nothing, repr=False)
    caller: Caller | None = None
