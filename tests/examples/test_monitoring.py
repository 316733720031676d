"""The alerts and the dashboard: promtool accepts them, each alert is shown to sound, and every metric exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.manual import ROOT, rows, section

RULES = ROOT / "examples" / "prometheus" / "ocibroker.rules.yml"
TESTS = RULES.with_name("ocibroker.test.yml")
DASHBOARD = ROOT / "examples" / "grafana" / "ocibroker.json"
TABLE = rows(section(ROOT / "docs" / "sidecar.md", "## Metrics"))
"""Which another test keeps equal to what the code has."""

PROMETHEUS = {"up", "process_resident_memory_bytes", "process_open_fds"}
"""What any Prometheus client tells, and Prometheus itself."""

_WORDS = {"by", "and", "on", "le", "time", "abs", "sum", "min", "max", "rate", "increase", "histogram_quantile"}


def alerts() -> list[dict[str, Any]]:
    document = yaml.safe_load(RULES.read_text())
    found: list[dict[str, Any]] = [rule for group in document["groups"] for rule in group["rules"]]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def expressions() -> list[str]:
    shown = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [*(rule["expr"] for rule in alerts()), *shown]


def metrics_in(expression: str) -> set[str]:
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\b(?:by|on) ?\([^)]*\)", "", expression)
    return {name for name in re.findall(r"[a-z_]{2,}", bare) if name not in _WORDS}


def labels_in(expression: str) -> set[str]:
    return set(re.findall(r"(\w+)(?:!?=~?)\"", expression)) | {
        label for group in re.findall(r"\b(?:by|on) ?\(([^)]*)\)", expression) for label in group.split(", ")
    }


def known(metric: str) -> str:
    base = re.sub(r"_(?:bucket|sum|count)$", "", metric)
    return base if base in TABLE else metric


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_and_label_exists(expression: str) -> None:
    named = {known(metric) for metric in metrics_in(expression)}
    assert named
    assert named - PROMETHEUS <= {*TABLE}
    labels = {label for name in named & {*TABLE} for label in re.findall(r"`(\w+)`", TABLE[name][1])}
    assert labels_in(expression) <= labels | {"instance", "job", "le"}


def test_the_dashboard_shows_every_metric_there_is() -> None:
    shown = {
        known(metric) for panel in panels() for target in panel["targets"] for metric in metrics_in(target["expr"])
    }
    assert {*TABLE} - shown == set()


def test_no_two_panels_lie_on_one_another() -> None:
    cells = [
        (x, y)
        for panel in panels()
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    assert all({"summary", "description"} == {*rule["annotations"]} for rule in alerts())
    assert {rule["labels"]["severity"] for rule in alerts()} == {"critical", "warning", "info"}


def test_each_alert_is_shown_to_sound_and_to_be_silent() -> None:
    cases = [case for test in yaml.safe_load(TESTS.read_text())["tests"] for case in test["alert_rule_test"]]
    names = {rule["alert"] for rule in alerts()}
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == names
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == names


@pytest.fixture
def promtool() -> str:
    if found := shutil.which("promtool"):
        return found
    if os.environ.get("OCIBROKER_E2E") == "required":
        pytest.fail("promtool is not installed: apt-get install prometheus")
    pytest.skip("promtool is not installed: apt-get install prometheus")


@pytest.mark.e2e
@pytest.mark.parametrize(
    "command", [("check", "rules", RULES), ("test", "rules", TESTS)], ids=lambda words: words[0]
)
def test_promtool_is_content(promtool: str, command: tuple[str | Path, ...]) -> None:
    done = subprocess.run([promtool, *command], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
