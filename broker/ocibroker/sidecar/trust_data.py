"""How a host is reached and trusted, as data that a program in any language can follow."""

from __future__ import annotations

import hashlib
from typing import Final, cast

import msgspec

from ocibroker.api import TLSData
from ocibroker.sidecar.shelf import Shelf
from ocibroker.tls import Material, TLSPolicy

_MOST: Final = 1024
_MOST_BYTES: Final = 8 * 1024 * 1024


class TrustData:
    """Encodes each material once: it is by far the longest part of an answer."""

    def __init__(self) -> None:
        self._encoded: Shelf[str, TLSData] = Shelf(_MOST, _MOST_BYTES)

    def of(self, material: Material) -> TLSData:
        """Return what is told of ``material``: encoded already, which makes no difference to an encoder."""
        known = self._encoded.get(material.digest)
        if known is None:
            text = msgspec.json.encode(tls_data(material.policy, material.authorities))
            known = cast("TLSData", msgspec.Raw(text))
            self._encoded.put(material.digest, known, len(text))
        return known


def tls_data(policy: TLSPolicy, authorities: tuple[str, ...]) -> TLSData:
    """Return the data of ``policy``, whose ``ca`` holds ``authorities``. Keys and passwords stay where they are."""
    proxy = policy.proxy
    data = TLSData(
        host=policy.host,
        digest="",
        ca="".join(authorities),
        ca_only=policy.ca_only,
        roots=[] if policy.ca_only or policy.insecure else [str(path) for path in policy.roots.named],
        min_version=policy.min_version,
        client_cert=str(policy.client_cert) if policy.client_cert else None,
        client_key=str(policy.client_key) if policy.client_key else None,
        proxy=str(proxy) if proxy else None,
        proxy_auth=bool(proxy and proxy.username),
        insecure=policy.insecure,
        plain_http=policy.plain_http,
    )
    digest = hashlib.sha256(msgspec.json.encode(data)).hexdigest()
    return msgspec.structs.replace(data, digest=digest)
