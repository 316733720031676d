"""What the command offers is what there is."""

from __future__ import annotations

import pytest

from ocibroker.cli.setup import Tool
from ocibroker.setup import TOOLS
from ocibroker.setup.settings import Settings
from tests.setup.household import Household


def test_every_tool_has_a_planner_and_the_reverse() -> None:
    assert [*Tool] == [*TOOLS]


@pytest.mark.parametrize("tool", TOOLS)
def test_where_nothing_is_configured_nothing_is_written(tool: str) -> None:
    assert TOOLS[tool](Settings(environ={"HOME": "/home/a"}), lambda _: None).files == ()


def test_each_has_a_journal_of_its_own(house: Household) -> None:
    house.configure("registry.test", tls="registry.test")
    before = house.tree
    for tool in ("docker", "podman", "helm", "git"):
        house.apply(tool)
    for tool in ("git", "docker", "helm", "podman"):
        assert house.setup(tool).code == 0
        assert house.undo(tool).code == 0
    assert house.tree == before
