"""What ``import ocibroker`` gives, and what it costs."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys

import pytest

import ocibroker
from tests.architecture.house import Module, modules

LAZY = [module for module in modules() if "\n_HOME = {" in module.path.read_text("utf-8")]
"""The modules whose names are imported when they are first used."""


def homes_for_checkers(module: Module) -> dict[str, str]:
    """Return where a type checker finds each exported name."""
    (block,) = (
        node
        for node in module.tree.body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert len(imports) == len(block.body)
    package = importlib.import_module(module.name).__package__
    return {
        alias.name: str(node.module).removeprefix(f"{package}.")
        for node in imports
        for alias in node.names
        if alias.asname is None
    }


def test_the_exports_are_few_and_sorted() -> None:
    assert ocibroker.__all__ == sorted(set(ocibroker.__all__))
    assert len(ocibroker.__all__) <= 15


@pytest.mark.parametrize("name", ocibroker.__all__)
def test_an_export_is_the_object_at_its_home(name: str) -> None:
    home = importlib.import_module(f"ocibroker.{ocibroker._HOME[name]}")
    assert getattr(ocibroker, name) is getattr(home, name)
    assert name in dir(ocibroker)


def test_the_package_is_lazy_and_so_are_the_rooms_that_a_cached_answer_does_not_need() -> None:
    rooms = ("auth", "config", "provider", "providers", "tls", "transport")
    assert [module.name for module in LAZY] == ["ocibroker", *(f"ocibroker.{room}" for room in rooms)]


@pytest.mark.parametrize("module", LAZY, ids=str)
def test_type_checkers_see_the_same_exports(module: Module) -> None:
    lazy = importlib.import_module(module.name)
    assert homes_for_checkers(module) == lazy._HOME
    assert set(lazy._HOME) == set(lazy.__all__)
    for name in lazy.__all__:
        home = importlib.import_module(f"{lazy.__package__}.{lazy._HOME[name]}")
        assert getattr(lazy, name) is getattr(home, name)


@pytest.mark.parametrize("module", LAZY, ids=str)
def test_nothing_is_called_as_a_module_beside_it(module: Module) -> None:
    """Importing that module would put it in the other's place."""
    lazy = importlib.import_module(module.name)
    beside = {one.name.rpartition(".")[2] for one in modules() if one.name.rpartition(".")[0] == module.name}
    assert set(lazy._HOME) & beside == set()


@pytest.mark.parametrize("module", LAZY, ids=str)
def test_what_is_not_exported_is_an_attribute_error(module: Module) -> None:
    with pytest.raises(AttributeError, match=f"module '{module.name}' has no attribute 'Brocker'"):
        getattr(importlib.import_module(module.name), "Brocker")  # noqa: B009  # mypy would refuse the attribute


def fresh(code: str) -> set[str]:
    """Return the modules that ``code`` adds to those of a fresh interpreter."""
    added = "print(json.dumps([*{*sys.modules} - before]))"
    program = f"import json, sys; before = {{*sys.modules}}; {code}; {added}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_import_of_the_package_imports_nothing_else() -> None:
    assert fresh("import ocibroker") == {"ocibroker"}


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("OcibrokerError", {"ssl", "httpx", "msgspec", "pluggy"}),
        ("Secret", {"ssl", "httpx", "msgspec", "pluggy"}),
        ("Target", {"ssl", "httpx", "msgspec", "pluggy"}),
        ("Basic", {"ssl", "httpx", "msgspec", "pluggy"}),
        ("TLSPolicy", {"ssl", "httpx", "msgspec", "pluggy"}),
    ],
)
def test_a_value_is_imported_without_what_it_does_not_need(name: str, without: set[str]) -> None:
    assert fresh(f"from ocibroker import {name}") & without == set()


def test_a_name_is_looked_up_once() -> None:
    found = fresh("import ocibroker; ocibroker.Secret; assert 'Secret' in vars(ocibroker)")
    assert "ocibroker.secret" in found
