"""The hook of plugins that read secrets out of a store, and the protocol of what it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, TypeVar

import msgspec
import pluggy

from ocibroker.hookspecs import PROJECT
from ocibroker.identity import Reach
from ocibroker.leased import Leased
from ocibroker.request import Options
from ocibroker.secret import Secret

if TYPE_CHECKING:
    from ocibroker.fetch_request import FetchRequest

Ttl = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
"""For how many seconds what has been read is remembered."""


class SecretOptions(Options, frozen=True, kw_only=True):
    """What a reference says of where the secret lies; subclass it with ``frozen=True, kw_only=True``.

    After ``ttl`` the secret is read anew. Options that derive from others have a ``ttl`` of their own.
    """

    ttl: Ttl = 300.0


S = TypeVar("S", bound=Options)


class SecretSource(Protocol[S]):
    """An object that can read a secret out of a store: ``{ name = { … } }`` stands for it in a configuration.

    It holds no state, caches nothing, retries nothing and opens no connection of its own: the core does.
    """

    @property
    def name(self) -> str:
        """The name that references use: lower-case letters, digits and underscores."""
        ...

    @property
    def options(self) -> type[S]:
        """The schema of the table in a reference: it has a ``ttl``, as :class:`SecretOptions`."""
        ...

    def place(self, options: S) -> str:
        """Say where the secret lies, for people; no I/O, no secret in it."""
        ...

    def watch(self, options: S, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return the files that decide what is read, or who asks; no I/O.

        Those of references among the options are watched in any case; what stands in a folder or behind a socket
        that is named is often another without anything else being decided.
        """
        ...

    def read(self, request: FetchRequest[S]) -> Secret | Leased:
        """Return the secret; one that ends by itself with its end.

        Runs in a worker of the core, within ``request.deadline``. SDKs are imported here and not before. What it
        does depends on ``request.options`` and ``request.environ`` alone, not on the target that it is read for.

        Raises :class:`~ocibroker.errors.CredentialUnavailable`; the core adds the place.
        """
        ...


class VariableSource(SecretSource[S], Protocol[S]):
    """A source for which variables decide what is read, or who asks; it has two parts more."""

    @property
    def reach(self) -> Reach:
        """``local`` where each machine asks as another: what is made of the secret is not shared between them."""
        ...

    def variables(self, options: S) -> tuple[str, ...]:
        """Return the names of the variables; what was got where they differ is never shared."""
        ...


class SecretSources(Protocol):
    """The shape of the hook's implementation."""

    def __call__(self) -> Sequence[SecretSource[Any]]:
        """Return the plugin's sources."""
        ...


_spec: Final = pluggy.HookspecMarker(PROJECT)
_impl: Final = pluggy.HookimplMarker(PROJECT)


@_spec
def ocibroker_secret_sources() -> Sequence[SecretSource[Any]]:
    """Return the plugin's sources of secrets."""
    raise NotImplementedError  # a specification: pluggy never calls it


def secret_sources(function: SecretSources) -> SecretSources:
    """Mark ``function`` as the one that returns a plugin's sources of secrets."""
    return _impl(function, specname=ocibroker_secret_sources.__name__)
