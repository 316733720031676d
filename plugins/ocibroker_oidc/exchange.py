"""One service that gives a credential for an identity token, and what a rule must say for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ocibroker.provider import Basic, Bearer, Secret

if TYPE_CHECKING:
    from ocibroker_oidc.asking import Asking
    from ocibroker_oidc.options import OidcOptions

_OUR_OWN: Final = frozenset({"grant_type", "subject_token", "client_id", "client_secret"})
"""What no rule may say in ``parameters``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """``trade`` returns the credential, or raises :class:`~ocibroker.errors.CredentialUnavailable`.

    ``must`` are the options that it needs, ``needs`` the parameters, and ``takes`` those that it may have beside
    them; none is any. ``audience`` is whom an identity token is for where the rule does not say.
    """

    trade: Callable[[Asking, Secret], Basic | Bearer]
    must: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] | None = frozenset()
    audience: str = ""

    def flaw(self, options: OidcOptions) -> str:
        """Return what is wrong with a rule's options; empty where nothing is."""
        given = options.parameters.keys()
        missing = [name for name in self.must if not getattr(options, name)]
        if missing := [*missing, *(f"parameters.{name}" for name in sorted(self.needs - given))]:
            return f"the exchange {options.exchange} needs {', '.join(missing)}"
        unknown = set() if self.takes is None else given - self.needs - self.takes
        if unknown := unknown | (_OUR_OWN & given):
            return f"the exchange {options.exchange} takes no parameters.{min(unknown)}"
        return ""
