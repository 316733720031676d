"""The status page in a real browser: what it shows, to whom, and what it never does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocibroker.api.status import Status
from tests.e2e.requirement import executable
from tests.status import samples
from tests.status.browser import Browser, Tab
from tests.status.shown import shown
from tests.transport.brokers import Desk

pytestmark = pytest.mark.e2e

PICTURES = Path(__file__).parents[2] / "docs" / "images"
ANEW = "OCIBROKER_PICTURES"
"""Set, the pictures of the manual are made anew: fonts differ from machine to machine, so a build must not."""

TAB, ENTER = ("Tab", 9), ("Enter", 13)

CONTRASTS = """
(() => {
  const rgb = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => [r, g, b].map(v => linear(v / 255))
    .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
  const back = node => { for (; node; node = node.parentElement) {
    const found = rgb(getComputedStyle(node).backgroundColor);
    if (found[3] === 1) return found; } return [255, 255, 255]; };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || node.closest('style') || !node.checkVisibility()) continue;
    const style = getComputedStyle(node), [a, b] = [light(rgb(style.color)), light(back(node))];
    found.push({text: walk.currentNode.data.slice(0, 40), ratio: (Math.max(a, b) + .05) / (Math.min(a, b) + .05)});
  }
  return found;
})()
"""
FOCUSED = """
(() => { const one = document.activeElement; if (one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  return {at: [...document.querySelectorAll('a, summary')].indexOf(one), outline: style.outlineStyle !== 'none' &&
    parseFloat(style.outlineWidth) >= 2, seen: box.height > 0 && box.top < innerHeight && box.bottom > 0}; })()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = executable("chromium", "apt-get install chromium")
    with Browser.started(program, tmp_path_factory.mktemp("profile")) as one:
        yield one


@dataclass
class Shown:
    """A tab, and where the sidecar of the test is."""

    tab: Tab
    desk: Desk
    folder: Path

    def page(self, status: Status | Callable[[int], Status], query: str = "?refresh=off") -> list[str]:
        """Open it and return what it asked for, the address left out."""
        make = status if callable(status) else lambda _: status
        with shown(self.desk.broker(), self.folder, make) as address:
            self.tab.open(f"http://{address}/{query}")
            asked = [url for url in self.tab.requested if not url.startswith(f"http://{address}/{query}")]
        assert self.tab.complaints == []
        return asked


@pytest.fixture
def page(browser: Browser, desk: Desk, folder: Path) -> Iterator[Shown]:
    tab = browser.tab()
    tab.size(1000, 800)
    yield Shown(tab, desk, folder)
    tab.close()


@pytest.mark.parametrize("count", [0, 1, 100, 10_000])
def test_however_many_there_are_a_page_shows_a_hundred_and_nothing_comes_from_elsewhere(
    page: Shown, count: int
) -> None:
    targets = samples.targets(count)
    assert page.page(lambda number: samples.status(targets, page=number), "?page=1&refresh=off") == []
    assert page.tab.value("document.querySelectorAll('details').length") == min(count, 100)
    assert page.tab.value("document.scripts.length") == 0
    assert ("Page 1 of 100" in page.tab.value("document.body.innerText")) == (count == 10_000)


def test_every_state_has_its_word(page: Shown) -> None:
    page.page(samples.status(samples.targets(len(samples.STATES))))
    shown_words = page.tab.value(
        "[...document.querySelectorAll('summary .badge:first-child')].map(one => one.innerText)"
    )
    assert shown_words == list(samples.STATES)


@pytest.mark.parametrize("text", samples.HOSTILE, ids=lambda text: ascii(text[:20]))
def test_hostile_text_in_every_field_is_text(page: Shown, text: str) -> None:
    assert page.page(samples.hostile(text)) == []
    assert page.tab.value("document.title") == "DOWN: ocibroker"
    made = "[...document.querySelectorAll('script, img, svg, iframe, form, [onerror], [onload], [style]')].length"
    assert page.tab.value(made) == 0
    assert page.tab.value("document.querySelectorAll('style').length") == 1
    assert page.tab.value("[...document.links].every(one => one.origin === location.origin)")
    page.tab.size(360, 700, phone=True)
    assert page.tab.value("document.documentElement.scrollWidth") <= 360


def test_by_the_keyboard_everything_is_reached_in_its_order_and_left_again(page: Shown) -> None:
    page.page(samples.status(samples.targets(12)))
    count, order = page.tab.value("document.querySelectorAll('a, summary').length"), []
    for _ in range(count):
        page.tab.press(*TAB)
        focused = page.tab.value(FOCUSED)
        assert focused["outline"]
        assert focused["seen"]
        order.append(focused["at"])
    assert order == list(range(count))
    page.tab.press(*TAB)
    assert (page.tab.value(FOCUSED) or {"at": 0})["at"] == 0


def test_a_target_is_opened_by_the_keyboard(page: Shown) -> None:
    page.page(samples.status((samples.target(1, "fresh"),)))
    page.tab.value("document.querySelector('summary').focus()")
    assert not page.tab.value("document.querySelector('details').open")
    page.tab.press(*ENTER)
    assert page.tab.value("document.querySelector('details').open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(page: Shown, scheme: str) -> None:
    page.tab.scheme(scheme)
    page.page(samples.status(samples.targets(len(samples.STATES))))
    page.tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = page.tab.value(CONTRASTS)
    assert len(found) > 100
    assert [one for one in found if one["ratio"] < 4.5] == []
    dark = page.tab.value("getComputedStyle(document.documentElement).backgroundColor") == "rgb(20, 20, 24)"
    assert dark == (scheme == "dark")


@pytest.mark.parametrize("width", [360, 480, 1000, 2000])
def test_nothing_has_to_be_scrolled_sideways(page: Shown, width: int) -> None:
    page.tab.size(width, 700, phone=width < 600)
    page.page(samples.status(samples.targets(12)))
    assert page.tab.value("document.documentElement.scrollWidth") <= width


def test_it_loads_itself_again_until_told_not_to(page: Shown) -> None:
    asked = "document.querySelector('meta[http-equiv=refresh]')?.content"
    page.page(samples.status(), "")
    assert page.tab.value(asked) == "10"
    page.page(samples.status(), "?refresh=off")
    assert page.tab.value(asked) is None


def test_another_page_can_neither_open_nor_embed_it(page: Shown, browser: Browser) -> None:
    """Of another origin: a browser says so in what it sends."""
    with shown(page.desk.broker(), page.folder, lambda _: samples.status()) as address:
        elsewhere = address.replace("127.0.0.1", "localhost")
        page.tab.open(f"http://{elsewhere}/")
        assert "ocibroker" in page.tab.value("document.title")
        page.tab.value(f"location.href = 'http://{address}/'")
        browser.wait("Page.frameNavigated", page.tab.session)
        page.tab.browser.events.clear()
        browser.wait("Page.loadEventFired", page.tab.session)
        assert "browser_refused" in page.tab.value("document.body.innerText")


@pytest.mark.skipif(ANEW not in os.environ, reason=f"makes the manual's pictures anew only with {ANEW}=1")
@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [("status", "light", 900), ("status-dark", "dark", 900), ("status-phone", "light", 360)],
)
def test_the_pictures_of_the_manual(page: Shown, name: str, scheme: str, width: int) -> None:
    page.tab.scheme(scheme)
    page.tab.size(width, 900 if width > 400 else 720, phone=width < 400)
    targets = (
        samples.target(0, "failing"),
        samples.target(4, "stale"),
        *(samples.target(at, "fresh") for at in (5, 6)),
    )
    page.page(samples.status(targets))
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / f"{name}.png").write_bytes(page.tab.picture())
