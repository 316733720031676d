"""Our own plugins come in by the door that everybody's do."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import distribution

import pytest

from ocibroker.hookspecs import PROJECT
from ocibroker.providers import BUILT_IN
from ocibroker.testing import ProviderContract
from tests.architecture.house import ROOT, Module, imported, imported_at_once, plugins

CONTRACT = "ocibroker.provider"


def own(module: Module) -> str:
    """Return the plugin that the module is, or is a part of."""
    return module.name.partition(".")[0]


def test_the_built_in_plugins_are_those_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"][PROJECT] == BUILT_IN


def test_the_built_in_plugins_are_those_of_the_installed_distribution() -> None:
    points = distribution("ocibroker").entry_points.select(group=PROJECT)
    assert {point.name: point.value for point in points} == BUILT_IN


def test_the_built_in_plugins_are_those_that_lie_there() -> None:
    assert {own(module) for module in plugins()} == set(BUILT_IN.values())


@pytest.mark.parametrize("module", plugins(), ids=str)
def test_a_plugin_imports_nothing_of_ours_but_the_contract(module: Module) -> None:
    ours = {name for name in imported(module.tree) if name.startswith("ocibroker")}
    assert {name for name in ours if not name.startswith((f"{CONTRACT}.", f"{own(module)}."))} == set()


@pytest.mark.parametrize("module", plugins(), ids=str)
def test_a_plugin_imports_sdks_inside_its_functions_only(module: Module) -> None:
    first = {name.partition(".")[0] for name in imported_at_once(module.tree)}
    assert first <= sys.stdlib_module_names | {"ocibroker", own(module)}


@pytest.mark.parametrize("module", plugins(), ids=str)
def test_a_plugin_has_its_tests(module: Module) -> None:
    suite = import_module(f"tests.plugins.test_{own(module).removeprefix('ocibroker_')}")
    named = [kind for kind in vars(suite).values() if isinstance(kind, type) and kind.__name__.startswith("Test")]
    assert any(issubclass(kind, ProviderContract) for kind in named)


def test_the_contract_imports_no_sdk_and_exports_what_it_says() -> None:
    code = f"import sys, {CONTRACT} as contract; [getattr(contract, name) for name in contract.__all__]; "
    code += "print({*sys.modules} & {'httpx', 'boto3', 'botocore', 'google', 'azure', 'msal'} or 'none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "none\n"
