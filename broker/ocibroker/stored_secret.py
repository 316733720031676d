"""A secret in a store: the source that reads it, and what a reference says of where it lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ocibroker.errors import ContractViolation, CredentialUnavailable, NoIdentity, OcibrokerError
from ocibroker.identity import Reach
from ocibroker.leased import Leased
from ocibroker.references import references
from ocibroker.request import Options
from ocibroker.secret import Secret
from ocibroker.secret_source import SecretSource

if TYPE_CHECKING:
    from ocibroker.fetch_request import FetchRequest


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """``watch`` are the files that decide what is read."""

    source: SecretSource[Any]
    options: Options = field(repr=False)
    watch: tuple[Path, ...] = ()

    @classmethod
    def of(cls, source: SecretSource[Any], options: Options, environ: Mapping[str, str]) -> Self:
        """Return the secret that ``options`` mean in that environment."""
        referred = (path for one in references(options) for path in one.watch)
        watch = (*referred, *source.watch(options, environ))
        return cls(source, options, tuple(dict.fromkeys(watch)))

    def __str__(self) -> str:
        return f"{self.source.name} {self.source.place(self.options)}"

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that decide what is read; most sources have none."""
        decisive: Callable[[Options], tuple[str, ...]] = getattr(self.source, "variables", lambda _: ())
        return decisive(self.options)

    @property
    def reach(self) -> Reach:
        """Whether it is the same on every machine; most sources say nothing else."""
        return getattr(self.source, "reach", "global")

    @property
    def keep(self) -> timedelta:
        """How long what has been read may be remembered."""
        seconds: float = self.options.ttl  # type: ignore[attr-defined]  # seen to when the plugin is loaded
        return timedelta(seconds=seconds)

    @property
    def source_name(self) -> str:
        """Who reads it."""
        return self.source.name

    def read(self, request: FetchRequest[Any]) -> Secret | Leased:
        """Read it anew. A caller's own identity plays no part: what is read is remembered for everybody.

        Raises :class:`~ocibroker.errors.OcibrokerError` that names the place.
        """
        try:
            found: object = self.source.read(replace(request, options=self.options, caller=None))
        except OcibrokerError as error:
            failure = self._placed(error)
        except Exception as error:  # noqa: BLE001  # a plugin may raise anything
            failure = ContractViolation(f"read() raised {type(error).__name__}", culprit=str(self))
        else:
            if isinstance(found, Secret | Leased):
                return found
            failure = ContractViolation(f"read() gave a {type(found).__name__}", culprit=str(self))
        raise failure

    def _placed(self, error: OcibrokerError) -> OcibrokerError:
        """Return ``error`` with the place in front.

        That there is no identity to ask the store with is no reason to look for another registry login.
        """
        why = f"{error.culprit}: {error.message}" if error.culprit else error.message
        if isinstance(error, NoIdentity):
            return CredentialUnavailable(why, culprit=str(self), hint=error.hint)
        placed = error.restated()
        placed.message, placed.culprit = why, str(self)
        return placed
