"""Where Google's token services are: what may receive a key, a token or a refresh token.

A credential file names URLs. google-auth sends secrets to whatever it names, and says that its user should check
them first: https://cloud.google.com/docs/authentication/external/externally-sourced-credentials. Here a file may
choose among the addresses of the service that is meant, and nothing else.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:@[A-Za-z0-9][A-Za-z0-9.-]*)?", re.ASCII)
"""A service account's e-mail or number: nothing that could change a URL around it."""

_GENERATE: Final = ":generateAccessToken"
_ACCOUNTS: Final = "/v1/projects/-/serviceAccounts/"


def endpoint(service: str, universe: str, path: str) -> str:
    """Return the global address of ``service``."""
    return f"https://{service}.{universe}{path}"


def is_endpoint(url: str, service: str, universe: str, path: str) -> bool:
    """Whether ``url`` is an address of ``service``: the global one, a region's, or one of Private Service Connect.

    https://cloud.google.com/iam/docs/reference/sts/rest, https://cloud.google.com/vpc/docs/about-accessing-google-apis-endpoints
    """
    hosts = (
        rf"{service}|{_LABEL}\.{service}|{service}\.{_LABEL}|{_LABEL}-{service}|{service}-{_LABEL}\.p"
        rf"|{service}\.{_LABEL}\.rep"
    )
    return bool(re.fullmatch(rf"https://(?:{hosts})\.{re.escape(universe)}{re.escape(path)}", url, re.ASCII))


def is_account(name: str) -> bool:
    """Whether ``name`` is a service account's e-mail or number by its looks."""
    return bool(_ACCOUNT.fullmatch(name))


def generate_url(account: str, universe: str) -> str:
    """Return where a token of a service account is asked for."""
    return endpoint("iamcredentials", universe, f"{_ACCOUNTS}{account}{_GENERATE}")


def account_in(url: str, universe: str) -> str:
    """Return whose token is asked for at ``url``; nothing where it is not the address of that service."""
    account = url.rpartition("/")[2].removesuffix(_GENERATE)
    path = f"{_ACCOUNTS}{account}{_GENERATE}"
    return account if is_account(account) and is_endpoint(url, "iamcredentials", universe, path) else ""


def may_give_tokens(url: str) -> bool:
    """Whether a subject token may be asked for there: over TLS, or in the clear on this machine and its link."""
    try:
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme, parts.hostname) == ("http", "localhost"):
            return True
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return False
    return parts.scheme == "http" and (address.is_link_local or address.is_loopback)
