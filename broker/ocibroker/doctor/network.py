"""The way to a host: its policy's files, its name, its proxy, a connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ocibroker.doctor.bench import Bench
from ocibroker.doctor.finding import Finding, failed, fine, warned
from ocibroker.errors import OcibrokerError
from ocibroker.origin import Origin
from ocibroker.tls import TLSPolicy
from ocibroker.transport.pool import Line

POLICY: Final = "tls.policy"
NAME, PROXY, CONNECT = "network.name", "network.proxy", "network.connect"


def way(bench: Bench, origin: Origin) -> Line | Finding:
    """Return the way to ``origin``, or what is wrong with the files of its policy."""
    try:
        return bench.probe.line(origin)
    except OcibrokerError as error:
        return failed(
            POLICY, "the files of the host's [[tls]] cannot be used", error, cure=error.hint or _mend(error)
        )


def policy_of(bench: Bench, origin: Origin) -> TLSPolicy | None:
    """Return the host's policy, its files unread; none where the password of its client key cannot be had."""
    try:
        return bench.probe.policies.policy(origin)
    except OcibrokerError:
        return None


def policy_finding(policy: TLSPolicy) -> Finding:
    """Return how the host is trusted, loud where that is weakened."""
    source = policy.sources.get("entry") or "no [[tls]] entry matches"
    if policy.plain_http:
        return warned(POLICY, "PLAIN HTTP: nothing is encrypted", f"plain_http ({source})", "serve it over HTTPS")
    if policy.insecure:
        return warned(POLICY, "INSECURE: nothing is verified", f"insecure ({source})", "use ca in its place")
    added = f"{', '.join(map(str, policy.ca))}{' alone' if policy.ca_only else ', and'} " if policy.ca else ""
    roots = "" if policy.ca_only else f"the system's roots ({policy.roots.source})"
    return fine(POLICY, f"trusted: {added}{roots}; {source}".replace(" ;", ";"))


def findings(bench: Bench, near: Origin, policy: TLSPolicy) -> Iterator[Finding]:
    """Yield the proxy, the name of who is dialled, and a connection to them, as far as that goes."""
    yield fine(PROXY, f"{policy.proxy}, by {policy.proxy.source}" if policy.proxy else "none")
    try:
        addresses = bench.probe.addresses(near)
    except OcibrokerError as error:
        yield failed(NAME, f"{near.host} has no address", error)
        return
    yield fine(NAME, f"{near.host} is {', '.join(addresses)}")
    try:
        bench.probe.connect(near)
    except OcibrokerError as error:
        yield failed(CONNECT, f"{near} takes no connection", error)
        return
    yield fine(CONNECT, f"{near} takes connections")


def _mend(error: OcibrokerError) -> str:
    return f"correct {error.culprit}, or what names it"
