"""The status page: one document of HTML, without a script, and with nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from types import MappingProxyType
from typing import Final

from ocibroker.api.status import ProviderStatus, Status, Verdict
from ocibroker.sidecar.status.facts import Fact, ending, facts, moment
from ocibroker.sidecar.status.html import Markup, Node, element, raw_text
from ocibroker.sidecar.status.style import STYLE
from ocibroker.sidecar.status.target_card import badge, command, failure_facts, target_card
from ocibroker.sidecar.status.view import EVERY, View
from ocibroker.sidecar.status.words import clock_time, counted, mebibytes, span

CONTENT_TYPE: Final = "text/html; charset=utf-8"

_KINDS: Final = MappingProxyType({"ok": "ok", "degraded": "warn", "down": "bad"})
_PARTS: Final = (
    *("Targets", "Providers", "Listeners", "Certificates", "Cache"),
    *("Configuration", "Process", "Timeline", "Actions"),
)
_DIGITS: Final = 16
_NO_CERTIFICATES: Final = element("p", "None: the configuration names no certificate and no authority.")


def page(status: Status, view: View) -> str:
    """Return the document."""
    shown = element("main", _verdict(status), _sections(status, view))
    body = (_head(status, view), shown, _foot(status))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="refresh", content=str(EVERY)) if view.refreshing else None,
        element("title", f"{status.verdict.standing.upper()}: ocibroker"),
        raw_text("style", STYLE),
    )
    return f"<!DOCTYPE html>\n{element('html', head, element('body', body), lang='en').text}\n"


def _head(status: Status, view: View) -> Markup:
    turn = "Stop loading it again" if view.refreshing else f"Load it again every {EVERY} s"
    links = [("#targets", "To the targets"), (view.link(refreshing=not view.refreshing), turn)]
    return element(
        "header",
        element("h1", "ocibroker"),
        element("p", "As of ", element("time", clock_time(status.at), datetime=status.at.isoformat())),
        _navigation("Page", [*links, *((f"#{part.lower()}", part) for part in _PARTS[1:])]),
    )


def _navigation(name: str, links: Iterable[tuple[str, str]]) -> Markup:
    items = [element("li", element("a", text, href=to)) for to, text in links]
    return element("nav", element("ul", items), aria_label=name)


def _verdict(status: Status) -> Markup:
    said: Verdict = status.verdict
    lasted = span((status.at - said.since).total_seconds())
    return element(
        "div",
        element("strong", said.standing.upper()),
        element("p", element("bdi", said.reason)),
        element("p", "Since ", element("time", clock_time(said.since)), f", for {lasted}."),
        element("p", element("b", "What to do: "), element("bdi", said.cure)) if said.cure else None,
        class_=f"verdict {_KINDS[said.standing]}",
    )


def _sections(status: Status, view: View) -> Iterator[Markup]:
    socket = next((one.address for one in status.listeners if one.name == "socket"), "")
    cards = [target_card(one, status.at, socket) for one in status.targets]
    nothing = (
        None if cards else element("p", "None: prefetch in the configuration names those that are kept fresh.")
    )
    yield _section("Targets", _counts(status), nothing, element("ul", cards), _pages(status, view))
    yield _section("Providers", element("ul", map(_provider, status.providers)))
    yield _section("Listeners", [element("div", facts(one), class_="card") for one in _listeners(status)])
    yield _section("Certificates", facts(_certificates(status)) if status.certificates else _NO_CERTIFICATES)
    yield _section("Cache", facts(_cache(status)))
    yield _section("Configuration", facts(_configuration(status)))
    yield _section("Process", facts(_process(status)))
    yield _section("Timeline", _timeline(status))
    yield _section("Actions", *_actions(socket))


def _section(title: str, *parts: Node | Iterable[Node]) -> Markup:
    name = title.lower()
    return element("section", element("h2", title, id=name), *parts, aria_labelledby=name)


def _counts(status: Status) -> Markup | None:
    if not status.states:
        return None
    pairs = ((badge(state), f" {count} ") for state, count in status.states.items())
    return element("p", chain.from_iterable(pairs))


def _pages(status: Status, view: View) -> Markup | None:
    if status.pages == 1:
        return None
    at, last = status.page, status.pages
    near = ((1, "First"), (at - 1, "Previous"), (at + 1, "Next"), (last, "Last"))
    links = [(f"{view.link(page=to)}#targets", text) for to, text in near if 1 <= to <= last and to != at]
    said = element("p", f"Page {at} of {last}, the worst first.")
    return element("div", said, _navigation("Pages of targets", links))


def _provider(one: ProviderStatus) -> Markup:
    said = (f"{one.distribution} {one.version}", "built in" if one.built_in else "", _record(one), _slowest(one))
    known = f" {', '.join(filter(None, said))}" if one.distribution else ""
    wrong = one.broken or "; ".join(f"{source} does not answer in time" for source in one.silent)
    if one.stuck:
        wrong = "; ".join(filter(None, (wrong, f"{one.stuck} fetches hang")))
    word = element("span", "broken" if one.broken else "silent", class_="badge bad")
    return element(
        "li",
        element("b", one.name),
        element("span", known, class_="quiet"),
        (" ", word, " ", element("bdi", wrong)) if wrong else None,
    )


def _record(one: ProviderStatus) -> str:
    return f"RECORD {one.record[:_DIGITS]}…" if one.record else ""


def _slowest(one: ProviderStatus) -> str:
    return "" if one.p99 is None else f"p99 of its fetches {one.p99:.2g} s"


def _listeners(status: Status) -> Iterator[list[Fact]]:
    for one in status.listeners:
        mode = f"mode {one.mode}, owner {one.owner}" if one.mode else None
        tls = "TLS" if one.tls else None
        yield [
            (one.name, one.address),
            ("who may ask", one.callers),
            ("file", mode),
            ("encrypted", tls),
            ("connections", str(one.connections)),
        ]


def _certificates(status: Status) -> Iterator[Fact]:
    for one in status.certificates:
        yield f"{one.role} {one.name}", ending(one.ends_at, status.at)


def _cache(status: Status) -> Iterator[Fact]:
    yield "store", status.cache.store
    yield "what is wrong", status.cache.trouble
    yield "sealed with key", status.cache.key
    yield "remembered", str(status.cache.entries)
    answers = status.cache.answers
    yield "callers got", counted(answers)
    if total := sum(answers.values()):
        yield "hits", f"{100 * answers.get('hit', 0) / total:.1f} %"


def _configuration(status: Status) -> Iterator[Fact]:
    said = status.configuration
    yield "file", said.path or "none"
    yield "generation", str(said.generation)
    yield "serves since", moment(said.since, status.at)
    yield "INSECURE", ", ".join(said.insecure)
    if said.failure:
        yield from failure_facts(said.failure)


def _process(status: Status) -> Iterator[Fact]:
    said = status.process
    most = f" of {said.files_most}" if said.files_most else ""
    yield "version", f"{said.version}, Python {said.python}"
    yield "process", str(said.pid)
    yield "started", moment(said.since, status.at)
    yield "memory", mebibytes(said.memory) if said.memory else None
    yield "open files", f"{'unknown' if said.files is None else said.files}{most}"
    yield "threads", str(said.threads)
    yield "event loop", f"late by {1000 * said.loop_lag:.0f} ms"
    until = f" until {clock_time(said.log_level_until)}" if said.log_level_until else ""
    yield "log", f"{said.log_level}{until}; {said.log_dropped} lines dropped, {said.log_suppressed} repeated"
    skewed = {name: seconds for name, seconds in said.clock_skew.items() if abs(seconds) >= 1}
    yield "clocks ahead of ours", ", ".join(f"{name} {seconds:+.0f} s" for name, seconds in skewed.items())
    yield "turned away", counted(said.denied)


def _timeline(status: Status) -> Markup:
    if not status.timeline:
        return element("p", "Nothing has changed so far.")
    return element(
        "ol", [_change(one.event, one.text, one.times, moment(one.at, status.at)) for one in status.timeline]
    )


def _change(event: str, text: str, times: int, at: Markup | None) -> Markup:
    again = f" ({times} times)" if times > 1 else ""
    return element("li", at, " ", element("code", event), " ", element("bdi", text), again)


def _actions(socket: str) -> Iterator[Markup]:
    yield element(
        "p",
        "This page changes nothing, and has no buttons: what a browser can send, somebody else's page can make "
        "it send. What changes something is asked for on the Unix socket, by root or the user who serves:",
    )
    yield command(socket, "reload", "")
    yield command(socket, "drain", "")
    yield command(socket, "resume", "")
    yield command(socket, "log-level", '{"level": "debug", "seconds": 300}')
    yield element("p", "Each target above has its own. All are logged, with who has asked.")
    yield element("p", "For a report to somebody else, without a secret in it:")
    yield element("pre", "ocibroker doctor --bundle FILE")


def _foot(status: Status) -> Markup:
    text = f"/status.json?page={status.page} is the same for programs; ocibroker status, for a terminal."
    return element("footer", element("p", text, class_="quiet"))
