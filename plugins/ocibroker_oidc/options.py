"""What a rule may say of where the token comes from, and of who exchanges it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ocibroker.provider import SERVICE_ACCOUNT, Options, SecretRef

SourceName = Literal["token", "github-actions", "kubernetes", "google", "caller"]
ExchangeName = Literal["rfc8693", "quay", "dockerhub", "artifactory", "chainguard", "cloudsmith"]


class OidcOptions(Options, frozen=True, kw_only=True):
    """``source`` gives an identity token for ``audience``, and ``exchange`` a credential for it.

    ``token`` is where a token is kept. ``service_account`` is ``namespace/name`` of whom a token is requested for
    at the API server, by whom ``credentials`` are for. ``url`` is where it is exchanged, ``username`` the user that
    goes with what is got, and ``parameters`` are what the exchange needs beside them. The client's id and secret
    are for ``rfc8693``.
    """

    exchange: ExchangeName
    source: SourceName = "token"
    token: SecretRef | None = None
    audience: str = ""
    service_account: str = ""
    credentials: Path = SERVICE_ACCOUNT
    url: str = ""
    username: str = ""
    client_id: str = ""
    client_secret: SecretRef | None = None
    parameters: dict[str, str] = {}  # noqa: RUF012  # msgspec copies it

    def __post_init__(self) -> None:
        from ocibroker_oidc.exchanges import EXCHANGES, audience_of

        self._check_source()
        if self.source == "google" and not audience_of(self):
            raise ValueError(f"the source google needs audience: the exchange {self.exchange} has none of its own")
        if self.url and not self.url.startswith("https://"):
            raise ValueError("url is no https:// URL: a token would be sent in the clear")
        if (self.client_id or self.client_secret) and self.exchange != "rfc8693":
            raise ValueError("client_id and client_secret are for the exchange rfc8693 only")
        if self.client_secret and not self.client_id:
            raise ValueError("client_secret needs client_id")
        if flaw := EXCHANGES[self.exchange].flaw(self):
            raise ValueError(flaw)

    def _check_source(self) -> None:
        if (self.source == "token") != (self.token is not None):
            raise ValueError("token is for the source token, which needs it")
        if (self.source == "kubernetes") != bool(self.service_account):
            raise ValueError("service_account is for the source kubernetes, which needs it")
        if self.service_account:
            from ocibroker_oidc.service_account import check_account

            check_account(self.service_account)
