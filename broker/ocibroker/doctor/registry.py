"""What a registry answers to somebody without a credential: that it is one, what it asks for, what time it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from ocibroker.auth import Challenge, Realms, parse_challenges
from ocibroker.doctor.bare import ask
from ocibroker.doctor.bench import Bench
from ocibroker.doctor.finding import Finding, failed, fine, skipped, warned
from ocibroker.doctor.handshake import HANDSHAKE
from ocibroker.errors import ConnectionFailed, OcibrokerError, RegistryRefused, TLSFailed
from ocibroker.origin import Origin

ANSWER, CHALLENGE, REALM, CLOCK = "registry.answer", "registry.challenge", "registry.realm", "clock.skew"
_API: Final = "/v2/"
_NO_REGISTRY: Final = frozenset({404, 405, 410})
_SKEW, _TOO_MUCH = timedelta(seconds=60), timedelta(seconds=300)
"""What cloud services forgive is five minutes."""


@dataclass(frozen=True, slots=True)
class Met:
    """What was found, and how to go on: ``asks`` none is a host that is no registry, or that cannot be reached.

    ``endpoint`` is the token endpoint where it is trusted and elsewhere.
    """

    findings: tuple[Finding, ...]
    asks: tuple[Challenge, ...] | None = None
    endpoint: Origin | None = None


def meet(bench: Bench, origin: Origin, realms: tuple[str, ...]) -> Met:
    """Return what ``origin`` says; ``realms`` are the token endpoints that its rule allows."""
    try:
        response = ask(origin, _API, bench.wire)
    except OcibrokerError as error:
        # With TLS 1.3 a server says only after the handshake that it wants a certificate.
        step = HANDSHAKE if isinstance(error, TLSFailed) else ANSWER
        return Met((failed(step, f"{origin} does not answer", error, cure=error.hint or "see what listens there"),))
    clock = tuple(_clock(bench, response))
    if (flaw := _flaw(origin, response)) is not None:
        return Met((flaw, *clock))
    answered = fine(ANSWER, f"{_API} answers {response.status_code}")
    if response.status_code != httpx.codes.UNAUTHORIZED:
        return Met((answered, fine(CHALLENGE, "none: it asks nobody who they are"), *clock), asks=())
    met = _challenged(origin, realms, response)
    return Met((answered, *met.findings, *clock), met.asks, met.endpoint)


def _flaw(origin: Origin, response: httpx.Response) -> Finding | None:
    status = response.status_code
    what = f"{_API} answers {status}"
    if status in _NO_REGISTRY or response.is_redirect:
        cause = f"{origin} is no OCI registry, or it is below another path"
        return warned(
            ANSWER, what, cause, "nothing, if it is a server of git, charts or files; else correct the host"
        )
    if response.is_success or status == httpx.codes.UNAUTHORIZED:
        return None
    return failed(ANSWER, what, _refusal(origin, status))


def _refusal(origin: Origin, status: int) -> OcibrokerError:
    where = str(origin)
    if status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        return ConnectionFailed("the proxy asks for a login", culprit=where, hint="put user:password@ into its URL")
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return ConnectionFailed(f"answered {status}", culprit=where, hint="try again later")
    return RegistryRefused(f"answered {status} to everybody", culprit=where, hint="see who may connect to it")


def _challenged(origin: Origin, realms: tuple[str, ...], response: httpx.Response) -> Met:
    try:
        challenges = parse_challenges(response.headers.get_list("www-authenticate"))
    except OcibrokerError as error:
        cure = "have the registry, or the proxy before it, send a well-formed WWW-Authenticate"
        return Met((failed(CHALLENGE, "what it asks for cannot be read", error, cure=cure),))
    if not {one.scheme for one in challenges} & {"basic", "bearer"}:
        why = RegistryRefused("asks for a login in no way that registries have", culprit=str(origin))
        cure = "have the registry ask by Basic or Bearer"
        return Met((failed(CHALLENGE, "401 without a usable challenge", why, cure=cure),))
    asked = fine(CHALLENGE, f"asks for {', '.join(_described(one) for one in challenges)}")
    bearer = next((one for one in challenges if one.scheme == "bearer"), None)
    if bearer is None:
        return Met((asked, skipped(REALM, "there is no token endpoint")), challenges)
    return _realm(origin, realms, bearer, Met((asked,), challenges))


def _realm(origin: Origin, realms: tuple[str, ...], bearer: Challenge, met: Met) -> Met:
    try:
        url = Realms(origin, realms).check(bearer.parameters.get("realm", ""))
    except OcibrokerError as error:
        cure = error.hint or "have the registry name a token endpoint of its own"
        why = failed(REALM, "nothing is sent to the token endpoint that it names", error, cure=cure)
        return Met((*met.findings, why), met.asks)
    place = Origin.parse(str(url))
    trusted = "the registry itself" if place == origin else "listed in realms, or known"
    found = (*met.findings, fine(REALM, f"{place}: {trusted}"))
    return Met(found, met.asks, None if place == origin else place)


def _described(challenge: Challenge) -> str:
    service = challenge.parameters.get("service", "")
    return f"{challenge.scheme.capitalize()} for {service}" if service else challenge.scheme.capitalize()


def _clock(bench: Bench, response: httpx.Response) -> Iterator[Finding]:
    try:
        served = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, OverflowError):
        yield skipped(CLOCK, "the answer has no date")
        return
    ahead = bench.clock.now() - served.replace(tzinfo=served.tzinfo or UTC)
    side = "ahead of" if ahead > timedelta() else "behind"
    what = f"this clock is {abs(ahead).total_seconds():.0f} s {side} that of the registry"
    if abs(ahead) <= _SKEW:
        yield fine(CLOCK, what)
        return
    cause, cure = "one of the two clocks is wrong", "have both set by NTP: compare `date -u`"
    if abs(ahead) > _TOO_MUCH:
        yield failed(CLOCK, what, ConnectionFailed(cause, hint=cure))
    else:
        yield warned(CLOCK, what, cause, cure)
