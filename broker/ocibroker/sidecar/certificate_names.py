"""Which callers a certificate's names stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ocibroker.errors import ConfigurationError

_SPIFFE = "uri:spiffe://"


def names_in(certificate: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the ``dns:…`` and ``uri:…`` names of what ``SSLObject.getpeercert`` returns; none of no certificate.

    A SPIFFE id counts only where it is the only URI
    (https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#2-spiffe-id).
    """
    said = (certificate or {}).get("subjectAltName", ())
    names = {f"dns:{value.lower()}" for kind, value in said if kind == "DNS"}
    uris = [f"uri:{value}" for kind, value in said if kind == "URI"]
    return frozenset(names | {uri for uri in uris if len(uris) == 1 or not uri.startswith(_SPIFFE)})


def allowed_names(allow: Iterable[str]) -> frozenset[str]:
    """Return the same of a setting's ``dns:NAME``, ``uri:URI`` and ``spiffe://…``.

    Raises :class:`~ocibroker.errors.ConfigurationError` for anything else.
    """
    return frozenset(map(_allowed, allow))


def _allowed(text: str) -> str:
    kind, _, value = text.partition(":")
    if value and kind == "dns":
        return text.lower()
    if value and kind == "uri":
        return text
    if kind == "spiffe" and value.startswith("//"):
        return f"uri:{text}"
    hint = "write dns:NAME, uri:URI or spiffe://…"
    raise ConfigurationError("is no name of a certificate", culprit=f"sidecar.tcp.allow: {text}", hint=hint)
