"""The hook that a plugin implements, and the protocol of what it returns.

pluggy checks the names of a hook's arguments and nothing else. This hook has none and returns objects, so that
mypy checks every method of theirs against :class:`Provider`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import pluggy

from ocibroker.claim import Claim
from ocibroker.credential import Anonymous, Credential
from ocibroker.identity import Identity
from ocibroker.request import Options, Request
from ocibroker.target import Target

if TYPE_CHECKING:
    from ocibroker.fetch_request import FetchRequest

PROJECT: Final = "ocibroker"
"""The pluggy project, and the entry-point group of plugins."""

O = TypeVar("O", bound=Options)  # noqa: E741  # options


class Provider(Protocol[O]):
    """An object that can get a credential for some targets.

    It holds no state, caches nothing, retries nothing and opens no connection of its own: the core does.
    """

    @property
    def name(self) -> str:
        """The name that rules use: lower-case letters, digits and hyphens."""
        ...

    @property
    def options(self) -> type[O]:
        """The schema of a rule's ``options``; all of them have defaults where targets are claimed unasked."""
        ...

    def claim(self, target: Target) -> Claim | None:
        """Return why ``target`` is this provider's own, or none where it is not.

        Pure: no I/O, no environment, no import of an SDK. Hosts are matched whole, never by prefix or suffix.
        """
        ...

    def identity(self, request: Request[O]) -> Identity:
        """Return what the credential will be bound to, as declared; no I/O, no secret in it."""
        ...

    def fetch(self, request: FetchRequest[O]) -> Credential | Anonymous:
        """Get the credential.

        Runs in a worker of the core, within ``request.deadline``. SDKs are imported here and not before.

        It ends in one of three ways: a credential; :class:`~ocibroker.credential.Anonymous` where the registry
        also serves the public and no identity was found at all; or it raises
        :class:`~ocibroker.errors.CredentialUnavailable`: mine, and it failed.
        """
        ...


class Providers(Protocol):
    """The shape of the hook's implementation."""

    def __call__(self) -> Sequence[Provider[Any]]:
        """Return the plugin's providers."""
        ...


_spec: Final = pluggy.HookspecMarker(PROJECT)
_impl: Final = pluggy.HookimplMarker(PROJECT)


@_spec
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the plugin's providers."""
    raise NotImplementedError  # a specification: pluggy never calls it


def providers(function: Providers) -> Providers:
    """Mark ``function`` as the one that returns a plugin's providers."""
    return _impl(function, specname=ocibroker_providers.__name__)
