"""One target on the page: a line, and behind it all that is known."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from ocibroker.api.status import Failure, TargetStatus, TargetTLS, TokenState
from ocibroker.sidecar.status.facts import Fact, ending, facts, moment
from ocibroker.sidecar.status.html import Markup, Node, element
from ocibroker.sidecar.status.token_state import LACKING
from ocibroker.sidecar.status.words import counted, when

MEANING: Final[Mapping[TokenState, str]] = MappingProxyType(
    {
        "failing": "no credential: the last fetch failed",
        "expired": "no credential: it has ended",
        "nobody": "no credential: nobody knows this target",
        "waiting": "no credential yet",
        "stale": "valid, and its renewal fails",
        "due": "valid, and being renewed",
        "fresh": "valid",
        "static": "valid, does not expire",
        "anonymous": "access without a credential",
    }
)


def target_card(one: TargetStatus, now: datetime, socket: str) -> Markup:
    """Return the target, opened where something is wrong with it; ``socket`` is where actions are asked for."""
    grave = one.state in LACKING or one.state == "stale"
    line = element(
        "summary", badge(one.state), element("b", element("bdi", one.target)), _ends(one, now), _weak(one.tls)
    )
    return element("li", element("details", line, facts(_facts(one, now, socket)), open=grave))


def badge(state: TokenState) -> Markup:
    """Return the state's word, in its colour; the word says all."""
    kind = "warn" if state in {"waiting", "stale", "due"} else "bad" if state in LACKING else "ok"
    return element("span", state, class_=f"badge {kind}")


def _ends(one: TargetStatus, now: datetime) -> Node:
    if one.expires_at is None:
        return element("span", MEANING[one.state], class_="quiet")
    verb = "expires" if one.expires_at > now else "expired"
    renewal = f", renewed {when(one.renewed_at, now)}" if one.renewed_at else ""
    return element("span", f"{verb} {when(one.expires_at, now)}{renewal}", class_="quiet")


def _weak(tls: TargetTLS | None) -> Node:
    if tls is None or not (tls.insecure or tls.plain_http):
        return None
    return element("span", "INSECURE", class_="badge bad")


def _facts(one: TargetStatus, now: datetime, socket: str) -> Iterator[Fact]:
    yield "state", MEANING[one.state] if one.expires_at else None
    yield "identity", ", ".join(one.identity) or "none"
    yield "provider", f"{one.provider or 'none'} ({one.because})" if one.because else one.provider
    for name, at in (
        ("fetched", one.fetched_at),
        ("expires", one.expires_at),
        ("renewed", one.renewed_at),
        ("not asked until", one.paused_until),
    ):
        yield name, moment(at, now)
    if one.failures:
        yield "failures", f"{one.failures} in a row"
    if one.failure:
        yield from failure_facts(one.failure)
    yield "in the last 5 min", counted(one.served)
    yield "endpoint", one.origin
    yield "realms", ", ".join(one.realms)
    yield from _trust(one.tls)
    for peer in one.peers:
        seen = element("span", f", seen {when(peer.seen_at, now)}", class_="quiet")
        yield f"certificate of {peer.host}", [*ending(peer.ends_at, now), seen]
    yield "do", [_command(action, one.target, socket) for action in ("refresh", "evict")]


def failure_facts(failure: Failure) -> Iterator[Fact]:
    """Return what went wrong, and what to do."""
    lead = f"{failure.culprit}: {failure.message}" if failure.culprit else failure.message
    yield "last error", [element("code", failure.type), " ", element("bdi", lead)]
    yield "request id", failure.request_id
    yield "cure", failure.hint


def _trust(tls: TargetTLS | None) -> Iterator[Fact]:
    if tls is None:
        return
    if tls.plain_http:
        yield "PLAIN HTTP", "nothing is encrypted, the credential travels in the clear"
    if tls.insecure:
        yield "INSECURE", "the server's certificate is not verified"
    trusted = [*tls.authorities, *([f"the system's roots: {tls.roots}"] if tls.roots else [])]
    yield "trusted", ", ".join(trusted) or "none"
    yield "client certificate", tls.client_cert
    yield "proxy", tls.proxy
    yield "TLS from", tls.min_version


def _command(action: str, target: str, socket: str) -> Markup:
    return command(socket, action, json.dumps({"target": target}))


def command(socket: str, action: str, body: str) -> Markup:
    """Return how an action is asked for, as a shell takes it."""
    place, url = shlex.quote(socket), f"http://ocibroker/v1/admin/{action}"
    asking = f"curl --unix-socket {place} -H 'Ocibroker-Request: 1' --data {shlex.quote(body)} {url}"
    return element("pre", asking)
