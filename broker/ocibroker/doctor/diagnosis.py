"""Why a certificate is refused, and what to do: told by what was presented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ocibroker.doctor.known_authorities import KnownAuthority
from ocibroker.origin import Origin
from ocibroker.tls.certificate import Certificate
from ocibroker.transport.probe import Refusal


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Both are empty where there is nothing better to say than the error does."""

    cause: str = ""
    cure: str = ""


def diagnosed(
    chain: Sequence[Certificate], refusal: Refusal, now: datetime, known: Sequence[KnownAuthority]
) -> Diagnosis:
    """Return what is wrong with ``chain``, which a host presented and a handshake refused."""
    if not chain:
        return Diagnosis()
    return (
        _over(chain, now)
        or (_misnamed(chain[0], refusal.whom) if "for another" in refusal.error.message else None)
        or _untrusted(chain, refusal.whom, known)
    )


def _over(chain: Sequence[Certificate], now: datetime) -> Diagnosis | None:
    for one in chain:
        if one.ends < now:
            ended = f"the certificate of {one.subject} ended {one.ends:%Y-%m-%dT%H:%M:%SZ}"
            return Diagnosis(ended, "renew it on the server; if that is right already, correct this clock")
        if one.begins > now:
            begins = f"the certificate of {one.subject} begins {one.begins:%Y-%m-%dT%H:%M:%SZ}"
            return Diagnosis(begins, f"correct this clock, which says {now:%Y-%m-%dT%H:%M:%SZ}, or the server's")
    return None


def _misnamed(leaf: Certificate, whom: Origin) -> Diagnosis:
    names = ", ".join(leaf.names) or "no host at all"
    cure = f"use a name that it is for, or have the server's certificate issued for {whom.host} too"
    return Diagnosis(f"the certificate is for {names}, and not for {whom.host}", cure)


def _untrusted(chain: Sequence[Certificate], whom: Origin, known: Sequence[KnownAuthority]) -> Diagnosis:
    last = _last(chain)
    elsewhere = next((one for one in known if one.certificate.subject == last.issuer), None)
    if elsewhere is not None:
        return _elsewhere(last, whom, elsewhere)
    add = f'add the certificate of {last.issuer} to ca of a [[tls]] entry with match = "{whom.authority}"'
    if last.self_issued:
        return Diagnosis(f"the chain ends in {last.issuer}, which is not trusted here", add)
    return Diagnosis(
        f"the issuer {last.issuer} of {last.subject} is neither trusted here nor sent along by the server",
        f"{add}; if it is an intermediate, have the server send it along with its own",
    )


def _elsewhere(last: Certificate, whom: Origin, known: KnownAuthority) -> Diagnosis:
    entry = known.entry
    return Diagnosis(
        f"the issuer {last.issuer} is trusted for {entry.pattern.text} ({entry.source}), not for {whom.authority}",
        f'add a [[tls]] entry with match = "{whom.authority}" and ca = ["{known.path}"]',
    )


def _last(chain: Sequence[Certificate]) -> Certificate:
    """Return the last that the chain leads to from its first: a server may send what does not belong to it."""
    last, left = chain[0], [*chain[1:]]
    while not last.self_issued and (issuer := next((one for one in left if one.subject == last.issuer), None)):
        left.remove(issuer)
        last = issuer
    return last
