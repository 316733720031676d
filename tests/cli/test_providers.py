"""`ocibroker providers`: what is built in, what is installed, and what of it may answer."""

import json
from typing import Any

from tests.cli import acme
from tests.cli.desk import Desk, Outcome
from tests.cli.neighbourhood import Neighbourhood

ENABLED = "[plugins]\nenable = ['acme']\n"
BY_RULE = "[[registry]]\nmatch = 'acme.test'\nprovider = 'acme'\n"


def listed(outcome: Outcome) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in json.loads(outcome.stdout)}


def test_the_built_in_ones_are_listed_with_their_module(desk: Desk) -> None:
    found = listed(desk.run("providers", "--output", "json"))
    assert {"anonymous", "basic"} <= set(found)
    assert found["basic"]["state"] == "built-in"
    assert found["basic"]["distribution"] == "ocibroker"
    assert found["basic"]["module"] == "ocibroker_basic"


def test_people_get_a_table(desk: Desk) -> None:
    lines = desk.run("providers").stdout.splitlines()
    assert lines[0].split() == ["name", "state", "distribution", "version", "module", "reason"]
    assert any(line.split()[:3] == ["basic", "built-in", "ocibroker"] for line in lines)


def test_what_is_only_installed_is_listed_and_not_imported(neighbourhood: Neighbourhood) -> None:
    found = listed(neighbourhood.process("providers", "-o", "json"))["acme"]
    assert found == {
        "name": "acme",
        "state": "not enabled",
        "distribution": "acme-registry",
        "version": "4.2",
        "module": "ocibroker_acme",
        "reason": None,
    }
    assert not neighbourhood.imported


def test_the_configuration_enables_it(neighbourhood: Neighbourhood) -> None:
    for text in (ENABLED, BY_RULE):
        neighbourhood.desk.configure(text)
        assert listed(neighbourhood.process("providers", "-o", "json"))["acme"]["state"] == "enabled"
    assert neighbourhood.imported


def test_what_cannot_be_imported_is_broken_with_the_reason(desk: Desk) -> None:
    desk.configure(ENABLED)
    packages = acme.install(desk.home / "packages", module="raise SystemExit('canary')")
    outcome = Neighbourhood(desk, packages).process("providers", "-o", "json")
    found = listed(outcome)
    assert (outcome.code, found["acme"]["state"], found["basic"]["state"]) == (0, "broken", "built-in")
    assert "cannot be imported: SystemExit" in found["acme"]["reason"]
    assert "canary" not in outcome.everything


def test_a_name_that_two_distributions_offer_is_broken(desk: Desk) -> None:
    desk.configure(ENABLED)
    acme.install(desk.home / "packages")
    packages = acme.install(desk.home / "packages", distribution="another-acme")
    outcome = Neighbourhood(desk, packages).process("providers", "-o", "json")
    both = [one for one in json.loads(outcome.stdout) if one["name"] == "acme"]
    assert [one["distribution"] for one in both] == ["acme-registry", "another-acme"]
    assert all("acme-registry and another-acme" in one["reason"] for one in both)


def test_it_answers_while_the_configuration_is_wrong(desk: Desk) -> None:
    desk.configure("[[registry]]\nmatch = 'a.test'\nprovider = 'acme'\n")
    outcome = desk.run("providers", "-o", "json")
    assert outcome.code == 0
    assert "basic" in listed(outcome)
    assert outcome.stderr.startswith("ocibroker: only the built-in providers, since ")
    assert "acme: is not installed" in outcome.stderr
