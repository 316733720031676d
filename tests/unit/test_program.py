"""Which programs are asked, and that none of them is ourselves."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ocibroker.errors import ConfigurationError
from ocibroker.helper_protocol import NESTED, OURS
from ocibroker.program import chosen_program, is_ours
from tests.architecture.house import ROOT


def test_our_executables_are_those_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-scripts"]
    assert {*project["project"]["scripts"], *shared.values()} == OURS


@pytest.mark.parametrize("name", sorted(OURS))
def test_none_of_them_is_asked_by_whatever_name_it_is_linked(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    (tmp_path / "docker-credential-else").symlink_to(name)
    for path in (tmp_path / name, tmp_path / "docker-credential-else"):
        assert is_ours(path)
        with pytest.raises(ConfigurationError, match="is ocibroker itself"):
            chosen_program(path, {})


def test_another_is_asked_unless_it_has_started_us(tmp_path: Path) -> None:
    program = tmp_path / "docker-credential-pass"
    program.touch()
    assert chosen_program(program, {}) == program
    with pytest.raises(ConfigurationError, match=NESTED):
        chosen_program(program, {NESTED: "1"})


def test_a_folder_that_everybody_may_write_holds_no_program_to_ask(tmp_path: Path) -> None:
    program = tmp_path / "open" / "docker-credential-pass"
    program.parent.mkdir()
    program.touch(mode=0o755)
    program.parent.chmod(0o777)
    with pytest.raises(ConfigurationError, match="can be written by everybody"):
        chosen_program(program, {})
