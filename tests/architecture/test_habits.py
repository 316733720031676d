"""Habits that a reviewer would otherwise have to ask for."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.house import Module, beside, imported, modules, plugins

UNDONE = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X)\b")
PATCHES = {"setattr", "delattr", "setitem", "delitem", "syspath_prepend"}
WRITTEN = [*beside("tests"), *beside("examples")]
EVERYTHING = [*modules(), *plugins(), *WRITTEN]


@pytest.mark.parametrize("module", EVERYTHING, ids=str)
def test_nothing_is_left_for_later(module: Module) -> None:
    assert not UNDONE.findall(module.path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", WRITTEN, ids=str)
def test_nothing_is_patched(module: Module) -> None:
    libraries = {name for name in imported(module.tree) if {"mock", "pytest_mock"} & set(name.split("."))}
    assert not libraries
    patched = [
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in PATCHES
        and isinstance(node.value, ast.Name)
        and node.value.id in {"monkeypatch", "mocker", "mp"}
    ]
    assert not patched


@pytest.mark.parametrize("module", [*modules(), *plugins()], ids=str)
def test_a_module_says_what_it_is(module: Module) -> None:
    assert ast.get_docstring(module.tree)


@pytest.mark.parametrize("module", [*modules(), *plugins()], ids=str)
def test_nothing_knows_that_it_is_under_test(module: Module) -> None:
    if module.room != "testing":
        names = {name.partition(".")[0] for name in imported(module.tree)}
        assert not names & {"pytest", "unittest", "hypothesis", "trustme"}
