"""The pair: a credential as of now, and the transport that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, overload

from ocibroker.auth.header import authorization
from ocibroker.credential import Anonymous, Credential
from ocibroker.errors import TransportRefused
from ocibroker.origin import Origin
from ocibroker.target import Target
from ocibroker.tls import TLSPolicy
from ocibroker.transport.pairing import Pairing

if TYPE_CHECKING:
    import httpx

    from ocibroker.transport import PairedTransport


class _Paired:
    """The field that holds an access's transport, which is made when it is first read.

    Nothing can be put there but a transport of ours, or what makes one.
    """

    @overload
    def __get__(self, access: None, owner: type[Access]) -> NoReturn: ...
    @overload
    def __get__(self, access: Access, owner: type[Access]) -> PairedTransport: ...
    def __get__(self, access: Access | None, owner: type[Access]) -> PairedTransport:
        if access is None:  # by this a dataclass learns that there is no default
            raise AttributeError("transport")
        pairing: Pairing = vars(access)["transport"]
        return pairing.transport

    def __set__(self, access: Access, given: PairedTransport | Pairing) -> None:
        vars(access)["transport"] = given if isinstance(given, Pairing) else Pairing(_own(given))


def _own(given: object) -> Callable[[], PairedTransport]:
    from ocibroker.transport import PairedTransport

    if not isinstance(given, PairedTransport):
        raise TransportRefused(
            f"an access cannot hold a {type(given).__name__}", culprit="transport", hint="ask a broker for one"
        )
    return lambda: given


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach ``target``: as whom, and over which transport. There is none without a transport.

    ``provider`` is none where no rule and no claim fitted, and no other tool's login either; ``why`` says what
    decided. ``tls`` is the broker's policy for the host, as data and for libraries of other kinds. ``identity`` is
    what the credential is bound to, as the provider declares it: a profile and a region, an account; no secret.
    """

    target: Target
    origin: Origin
    credential: Credential | Anonymous
    provider: str | None
    why: str
    tls: TLSPolicy
    identity: tuple[str, ...] = ()
    transport: _Paired = _Paired()

    def client(self, **settings: Any) -> httpx.Client:  # noqa: ANN401  # httpx's own settings
        """Return an httpx client on the registry's base URL that authenticates by itself.

        It borrows the broker's connections; closing it closes none. ``settings`` are httpx's that decide
        neither trust nor route (``headers``, ``timeout`` in seconds, …); another one is a
        :class:`~ocibroker.errors.UsageError`. Its errors are :class:`~ocibroker.errors.OcibrokerError`.
        """
        from ocibroker.transport import make_client

        return make_client(self.transport, str(self.origin), settings)

    def async_client(self, **settings: Any) -> httpx.AsyncClient:  # noqa: ANN401  # httpx's own settings
        """Return the same for an event loop."""
        from ocibroker.transport import make_async_client

        return make_async_client(self.transport, str(self.origin), settings)

    def public_client(self, **settings: Any) -> httpx.Client:  # noqa: ANN401  # httpx's own settings
        """Return an httpx client without credential, for HTTPS URLs on any host, each trusted by its own policy.

        For what a manifest or an index of this registry names elsewhere: nobody there gets the credential.
        """
        from ocibroker.transport import make_client

        return make_client(self.transport.public(), "", settings)

    def headers(self) -> dict[str, str]:
        """Return the ``Authorization`` header as of now, for a client of another kind; empty for anonymous access.

        Raises :class:`~ocibroker.errors.CannotCarry` for an identity token.
        """
        proof = authorization(self.credential)
        return {} if proof is None else {"Authorization": proof}
