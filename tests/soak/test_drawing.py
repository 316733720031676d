"""The curves are a picture that any reader of SVG shows, in light and in dark, and that runs nothing."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.soak.drawing import Panel, drawing
from tests.soak.made import evidence
from tests.soak.objectives import objectives
from tests.soak.page import report, written
from tests.soak.pictures import picture

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*points: tuple[float, float], **said: object) -> ElementTree.Element:
    panel = Panel("a <title>", {"one": points}, **said)  # type: ignore[arg-type]
    return ElementTree.fromstring(drawing("a picture", 60.0, [panel], [(10.0, 20.0), (30.0, 30.0)]))


def test_it_is_well_formed_and_holds_nothing_that_runs_or_is_fetched() -> None:
    tree = drawn((0.0, 1.0), (1.0, 2.0))
    assert {one.tag.removeprefix(SVG) for one in tree.iter()} <= {"svg", "title", "style", "rect", "text", "path"}
    assert not [name for one in tree.iter() for name in one.attrib if name.startswith("on") or "href" in name]
    assert "prefers-color-scheme: dark" in (tree.findtext(f"{SVG}style") or "")


def test_each_fault_has_a_beginning_and_an_end_and_a_number() -> None:
    tree = drawn((0.0, 1.0))
    bands = [one for one in tree.iter(f"{SVG}rect") if one.get("class") == "band"]
    assert [round(float(one.get("width", "0"))) for one in bands] == [147, 2]
    assert {"1", "2", "a <title>"} <= {one.text for one in tree.iter(f"{SVG}text")}


def test_a_curve_is_broken_where_nothing_was_seen() -> None:
    tree = drawn((0.0, 1.0), (1.0, 2.0), (30.0, 1.0), (31.0, 1.0))
    path = next(one for one in tree.iter(f"{SVG}path") if one.get("class") == "curve c0")
    assert (path.get("d") or "").count("M") == 2


def test_what_is_larger_is_higher_in_either_scale() -> None:
    for logarithmic in (False, True):
        panel = Panel("p", {"one": [(0.0, 0.5), (1.0, 900.0)]}, bound=5.0, logarithmic=logarithmic)
        heights = [panel.height(value) for value in (0.5, 5.0, 900.0)]
        assert heights == sorted(heights)
        assert 0 <= heights[0] <= heights[-1] <= 1
        assert 2 <= len(panel.ticks()) <= 6


@pytest.mark.e2e  # it tells the versions of the clients
def test_a_report_stands_between_its_marks_and_nowhere_else() -> None:
    run = evidence()
    page = written(
        "before\n<!-- written by `make soak`: begin -->\nold\n<!-- end -->\nafter\n",
        report(run, [*objectives(run)], "make soak"),
    )
    assert page.startswith("before\n")
    assert page.endswith("<!-- end -->\nafter\n")
    assert ("old" in page, "| expired tokens served" in page) == (False, True)
    ElementTree.fromstring(picture(run))
