"""The handshake with a host, and what it presents where it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from ocibroker.doctor.bench import Bench
from ocibroker.doctor.diagnosis import diagnosed
from ocibroker.doctor.finding import Finding, failed, fine, skipped, warned
from ocibroker.doctor.known_authorities import configured_authorities
from ocibroker.doctor.network import PROXY
from ocibroker.origin import Origin
from ocibroker.tls import TLSPolicy
from ocibroker.tls.certificate import Certificate
from ocibroker.tls.pem import read_certificates
from ocibroker.transport.pool import Line
from ocibroker.transport.probe import Refusal
from ocibroker.transport.sight import Handshake

HANDSHAKE, CERTIFICATE = "tls.handshake", "tls.certificate"
_SOON: Final = timedelta(days=14)


def findings(bench: Bench, line: Line) -> Iterator[Finding]:
    """Yield how the handshake went, and for how long it will go on like that."""
    seen = bench.probe.handshake(line)
    if isinstance(seen, Refusal):
        yield from _refused(bench, line, seen)
        return
    yield fine(HANDSHAKE, f"{seen.version}{_anchored(line.material.policy, seen)}")
    if seen.chain:
        yield _certificate(bench, seen.chain)


def unverified(bench: Bench, origin: Origin) -> Iterator[Finding]:
    """Yield what a host presents that cannot be verified, since the files of its own policy are broken."""
    if presented := bench.probe.presented(origin):
        yield skipped(CERTIFICATE, f"presented, and not verified: {_told(presented[0])}")


def _refused(bench: Bench, line: Line, refusal: Refusal) -> Iterator[Finding]:
    what = f"the handshake with {refusal.whom} failed"
    step = HANDSHAKE if refusal.whom == line.origin else PROXY
    if not refusal.certificate:
        yield failed(step, what, refusal.error)
        return
    presented = bench.probe.presented(refusal.whom, line)
    why = diagnosed(presented, refusal, bench.clock.now(), [*configured_authorities(bench.config)])
    if bench.complete:
        yield failed(step, what, refusal.error, cause=why.cause, cure=why.cure)
    else:  # its [[tls]] is not known, and may be all that is missing
        yield warned(step, what, why.cause or refusal.error.message, "mend the configuration, and look again")
    if presented:
        yield skipped(CERTIFICATE, f"presented, and not verified: {_told(presented[0])}")


def _certificate(bench: Bench, chain: tuple[Certificate, ...]) -> Finding:
    first = min(chain, key=lambda one: one.ends)
    if first.ends - bench.clock.now() < min(_SOON, (first.ends - first.begins) / 5):
        ends = f"{first.subject} ends {first.ends:%Y-%m-%d}"
        return warned(CERTIFICATE, _told(chain[0]), ends, "renew it on the server")
    return fine(CERTIFICATE, _told(chain[0]))


def _told(certificate: Certificate) -> str:
    names = ", ".join(certificate.names) or certificate.subject
    return f"for {names}, issued by {certificate.issuer}, until {certificate.ends:%Y-%m-%d}"


def _anchored(policy: TLSPolicy, seen: Handshake) -> str:
    """Return by whom it was verified, as the rest of a sentence."""
    if seen.anchor is None:
        return ", not verified" if policy.insecure else ""
    for path in policy.ca:
        if any(seen.anchor.is_the_one_in(pem) for pem in read_certificates(path, policy.host)):
            return f", verified by {seen.anchor.subject} of {path}"
    return f", verified by {seen.anchor.subject} of the system's roots ({policy.roots.source})"
