"""The page as a pure function: nothing that was not made here becomes markup."""

from __future__ import annotations

import html
import json
import shlex
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.sidecar.status.html import LONGEST, element
from ocibroker.sidecar.status.page import page
from ocibroker.sidecar.status.view import View
from ocibroker.sidecar.status.words import clock_time, counted, ended, span, when
from tests.architecture.house import called, modules
from tests.status import samples

VOID = {"meta"}


class Outline(HTMLParser):
    """Elements with the names of their attributes, and whether each was ended in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def outline(text: str) -> list[tuple[str, tuple[str, ...]]]:
    parser = Outline()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser.found


@given(st.text())
def test_whatever_a_text_is_the_page_has_the_same_elements(text: str) -> None:
    shown = page(samples.hostile(f"x{text}"), View())
    assert outline(shown) == outline(page(samples.hostile("x"), View()))


@given(st.text())
def test_a_text_or_attribute_is_never_markup_and_steers_nobody_s_eye(text: str) -> None:
    made = element("p", text, title=text).text
    assert outline(made) == [("p", ("title",))]
    assert made.isprintable()


def test_markup_is_made_in_one_place() -> None:
    made = {one.name for one in modules() for name in called(one.tree) if name.endswith(".status.html.Markup")}
    assert made == set()


def test_a_long_text_is_cut() -> None:
    assert len(element("p", "x" * 10**6).text) < LONGEST + 20


@pytest.mark.parametrize("count", [0, 1, 12])
def test_it_is_well_formed(count: int) -> None:
    found = outline(page(samples.status(samples.targets(count)), View()))
    assert {name for name, _ in found} & {"script", "img", "link", "form", "iframe"} == set()
    assert not any(name.startswith("on") or name == "style" for _, names in found for name in names)


def test_the_end_of_a_peer_s_certificate_is_told_as_those_of_the_configuration_are() -> None:
    text = page(samples.status((samples.target(1, "stale"),)), View())
    end = '<span>in 2 d <time datetime="2026-03-16T09:26:53+00:00">2026-03-16 09:26:53 UTC</time></span>'
    said = f'<dd>{end} <span class="badge warn">ends soon</span>'
    assert (
        f'<dt>certificate of api.ecr.eu-west-1.amazonaws.com</dt>{said}<span class="quiet">, seen 6 h ago</span>'
        in text
    )
    assert "certificate of" not in page(samples.status((samples.target(1, "fresh"),)), View())


@pytest.mark.parametrize(
    ("days", "word"), [(-1, "expired"), (0, "expired"), (1, "ends soon"), (6.9, "ends soon"), (7, ""), (90, "")]
)
def test_a_word_for_the_end_of_a_certificate(days: float, word: str) -> None:
    assert ended(samples.later(days=days), samples.NOW) == word


def test_an_action_is_a_command_that_a_shell_takes_as_it_is_meant() -> None:
    text = page(samples.status((samples.target(1, "fresh"),)), View())
    name = samples.target(1, "fresh").target
    body = html.escape(shlex.quote(json.dumps({"target": name})))
    said = f"curl --unix-socket /run/ocibroker/broker.sock -H &#x27;Ocibroker-Request: 1&#x27; --data {body}"
    assert f"{said} http://ocibroker/v1/admin/refresh" in text


@pytest.mark.parametrize(
    ("query", "view"),
    [
        (b"", View()),
        (b"page=7", View(7)),
        (b"page=0", View(1)),
        (b"page=-1", View(1)),
        (b"page=9999999", View(1)),
        ("page=\u0663".encode(), View(1)),
        (b"page=x&refresh=off", View(1, refreshing=False)),
        (b"refresh=off&page=2", View(2, refreshing=False)),
        (b"&".join([b"a=1"] * 999), View()),
        (b"\xff", View()),
    ],
)
def test_what_a_query_says_wrongly_it_does_not_say(query: bytes, view: View) -> None:
    assert View.of(query) == view


@given(st.binary())
def test_any_query_is_a_view(query: bytes) -> None:
    assert View.of(query).page >= 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3601, "1 h"),
        (12000, "3 h 20 min"),
        (90061, "1 d 1 h"),
    ],
)
def test_a_span_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words
    assert when(samples.NOW + timedelta(seconds=seconds), samples.NOW) == (f"in {words}" if seconds else "now")
    assert when(samples.NOW - timedelta(seconds=seconds), samples.NOW) == (f"{words} ago" if seconds else "now")


def test_other_words() -> None:
    assert clock_time(samples.NOW) == "2026-03-14 09:26:53 UTC"
    assert (counted({"hit": 2, "error": 0}), counted({})) == ("2 hit", "none")
