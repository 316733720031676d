"""The hooks that a plugin implements, and the protocols of what they return.

pluggy checks the names of a hook's arguments and nothing else. These hooks have none and return objects, so that
mypy checks every method of theirs against :class:`Provider` and :class:`AuditObserver`.
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
    from ocibroker.audit import AuditRecord
    from ocibroker.fetch_request import FetchRequest
    from ocibroker.ssh_key import SSHKey
    from ocibroker.trust import Trust

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


class TrustSource(Provider[O], Protocol[O]):
    """A provider whose source also says how the registry is reached and trusted; asked where a rule names it."""

    def trust(self, request: FetchRequest[O]) -> Trust | None:
        """Return what is said of the target's host, or none where nothing is.

        It holds for that rule's connections to that host alone, and not where a ``[[tls]]`` entry is for the host.

        Where the identity has no ``keep``, nothing but the files that it watches may be read: this is called
        wherever a policy is looked up, and again when they change. Where it has one, this runs in a worker as
        ``fetch`` does, and may ask the network; half of ``keep`` later it is asked again. What is malformed is
        raised.
        """
        ...


class SSHKeySource(Provider[O], Protocol[O]):
    """A provider whose source may hold a key for SSH too, for git."""

    def ssh_key(self, request: FetchRequest[O]) -> SSHKey | None:
        """Return the key for the target, or none; it runs in a worker as ``fetch`` does."""
        ...


class Providers(Protocol):
    """The shape of the hook's implementation."""

    def __call__(self) -> Sequence[Provider[Any]]:
        """Return the plugin's providers."""
        ...


class AuditObserver(Protocol):
    """An object that is told who was given what: a plugin's own way to where an organisation keeps such records."""

    def observe(self, record: AuditRecord) -> None:
        """Take ``record``.

        Runs in a thread of its own, for one record after the other. Who is slow gets them late, and loses those
        that come while too many wait; whatever it raises loses that one. Losses are counted, and nobody waits.
        """
        ...


class AuditObservers(Protocol):
    """The shape of the hook's implementation."""

    def __call__(self) -> Sequence[AuditObserver]:
        """Return the plugin's observers."""
        ...


_spec: Final = pluggy.HookspecMarker(PROJECT)
_impl: Final = pluggy.HookimplMarker(PROJECT)


@_spec
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the plugin's providers."""
    raise NotImplementedError  # a specification: pluggy never calls it


@_spec
def ocibroker_audit_observers() -> Sequence[AuditObserver]:
    """Return the plugin's observers."""
    raise NotImplementedError  # as above


def providers(function: Providers) -> Providers:
    """Mark ``function`` as the one that returns a plugin's providers."""
    return _impl(function, specname=ocibroker_providers.__name__)


def audit_observers(function: AuditObservers) -> AuditObservers:
    """Mark ``function`` as the one that returns a plugin's observers."""
    return _impl(function, specname=ocibroker_audit_observers.__name__)
