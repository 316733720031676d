"""A sidecar's status for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ocibroker.cli.facts import Fact, fact_table, listing

if TYPE_CHECKING:
    from datetime import datetime

    from ocibroker.api.status import CacheStatus, ProviderStatus, Status, TargetStatus
    from ocibroker.cli.terminal import Terminal

_LATEST: Final = 10
"""Changes that are shown; the page and the JSON have more."""


def show(found: Status, terminal: Terminal) -> None:
    """Hold the verdict, the targets of the page, and the rest in short."""
    terminal.show(fact_table(_verdict(found)))
    if found.targets:
        terminal.say("")
        terminal.show(listing(_HEADINGS, (_row(one, found.at) for one in found.targets)))
    if found.pages > 1:
        terminal.say(f"page {found.page} of {found.pages}, the worst first: --page shows others")
    terminal.say("")
    terminal.show(fact_table(_house(found)))


_HEADINGS: Final = ("state", "target", "identity", "expires", "renewed", "in 5 min", "last error")


def _row(one: TargetStatus, now: datetime) -> tuple[str, ...]:
    failure = one.failure
    said = f"{failure.type}: {failure.message}" if failure else ""
    hint = f" ({failure.hint})" if failure and failure.hint else ""
    weak = " INSECURE" if one.tls and (one.tls.insecure or one.tls.plain_http) else ""
    times = (_when(one.expires_at, now), _when(one.renewed_at, now))
    return (f"{one.state}{weak}", one.target, ", ".join(one.identity), *times, _served(one), said + hint)


def _served(one: TargetStatus) -> str:
    from ocibroker.sidecar.status.words import counted

    return counted(one.served)


def _when(moment: datetime | None, now: datetime) -> str:
    from ocibroker.sidecar.status.words import when

    return when(moment, now) if moment else ""


def _verdict(found: Status) -> Iterator[Fact]:
    from ocibroker.sidecar.status.words import clock_time, span

    said = found.verdict
    yield Fact(said.standing.upper(), said.reason, loud=said.standing != "ok")
    yield Fact("since", clock_time(said.since), f"for {span((found.at - said.since).total_seconds())}")
    if said.cure:
        yield Fact("what to do", said.cure)


def _more(one: ProviderStatus) -> str:
    p99 = "" if one.p99 is None else f"p99 of its fetches {one.p99:.2g} s"
    return ", ".join(filter(None, ("built in" if one.built_in else "", p99, one.record, one.broken)))


def _certificates(found: Status) -> dict[str, datetime]:
    peers = {f"of {peer.host}": peer.ends_at for one in found.targets for peer in one.peers}
    return {**{f"{one.role} {one.name}": one.ends_at for one in found.certificates}, **peers}


def _house(found: Status) -> Iterator[Fact]:
    from ocibroker.sidecar.status.words import when

    for listener in found.listeners:
        yield Fact("listener", f"{listener.name} at {listener.address}", listener.callers)
    for one in found.providers:
        if one.p99 is not None or one.record or one.broken:
            yield Fact("provider", f"{one.name}: {one.distribution} {one.version}", _more(one))
    yield _cache(found.cache)
    config, process = found.configuration, found.process
    yield Fact(
        "configuration", f"generation {config.generation}, {config.path or 'no file'}", when(config.since, found.at)
    )
    yield Fact("process", f"{process.pid}, {process.version}", f"started {when(process.since, found.at)}")
    yield from _warnings(found)
    for change in found.timeline[:_LATEST]:
        yield Fact(change.event, change.text, when(change.at, found.at))


def _cache(said: CacheStatus) -> Fact:
    from ocibroker.sidecar.status.words import counted

    key = f"; sealed with key {said.key}" if said.key else ""
    wrong = f"; what is wrong: {said.trouble}" if said.trouble else ""
    return Fact("cache", f"{said.entries} in {said.store}", f"callers got: {counted(said.answers)}{key}{wrong}")


def _warnings(found: Status) -> Iterator[Fact]:
    from ocibroker.sidecar.status.words import ended, when

    config = found.configuration
    for name, at in _certificates(found).items():
        if word := ended(at, found.at):
            yield Fact(word, f"certificate {name}", when(at, found.at), loud=True)
    if config.insecure:
        yield Fact("INSECURE", ", ".join(config.insecure), loud=True)
    if config.failure:
        yield Fact("ERROR", f"{config.failure.culprit}: {config.failure.message}", config.failure.hint, loud=True)
