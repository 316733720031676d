"""From what is said beside the configuration to an entry."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ocibroker.errors import TLSConfigurationError
from ocibroker.pattern import Pattern
from ocibroker.scratch import Scratch
from ocibroker.tls.entry import TLSEntry
from ocibroker.tls.policy import TLSPolicy
from ocibroker.trust import Trust

_PARTS: Final = ("ca", "client_cert", "client_key", "insecure", "plain_http")


def entrusted(host: str, trust: Trust, scratch: Scratch) -> TLSEntry:
    """Return the entry for ``host``, as ``host[:port]``; text of authorities is kept in ``scratch``.

    Raises :class:`~ocibroker.errors.TLSConfigurationError` for parts that contradict each other, and for text that
    is no certificate; it names the source.
    """
    try:
        policy = TLSPolicy(
            host=host,
            ca=_authorities(host, trust, scratch),
            client_cert=trust.client_cert,
            client_key=trust.client_key,
            insecure=trust.insecure,
            plain_http=trust.plain_http,
            sources=MappingProxyType({part: trust.source for part in _PARTS if getattr(trust, part)}),
        )
    except TLSConfigurationError as error:
        failure = TLSConfigurationError(error.message, culprit=trust.source, hint=error.hint)
    else:
        return TLSEntry(Pattern.parse(host), policy, trust.source)
    raise failure


def _authorities(host: str, trust: Trust, scratch: Scratch) -> tuple[Path, ...]:
    if trust.ca is None or isinstance(trust.ca, Path):
        return (trust.ca,) if trust.ca else ()
    from ocibroker.tls.pem import read_certificates  # here, since few have text

    path = scratch.write(f"ca-{hashlib.sha256(trust.ca.encode()).hexdigest()}.pem", trust.ca)
    read_certificates(path, host)  # at once: the name of the file would tell nobody anything
    return (path,)
