"""Where the configuration is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocibroker.config.where import find


def made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_the_users_file_comes_before_the_systems(tmp_path: Path) -> None:
    system = made(tmp_path / "etc" / "config.toml")
    assert find({"HOME": str(tmp_path)}, system=system) == system
    users = made(tmp_path / ".config" / "ocibroker" / "config.toml")
    assert find({"HOME": str(tmp_path)}, system=system) == users


def test_a_named_file_is_returned_even_if_it_is_not_there(tmp_path: Path) -> None:
    assert find({"OCIBROKER_CONFIG": "/nowhere/config.toml"}, system=tmp_path) == Path("/nowhere/config.toml")


@pytest.mark.parametrize("home", ["/" + "x" * 300, "/dev/null"], ids=["cannot be looked at", "is no folder"])
def test_a_home_that_cannot_be_entered_holds_no_settings(home: str, tmp_path: Path) -> None:
    system = made(tmp_path / "config.toml")
    assert find({"HOME": home}, system=system) == system
