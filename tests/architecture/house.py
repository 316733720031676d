"""The sources as they are installed: from a checkout, or from a wheel."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ocibroker
from ocibroker.providers import BUILT_IN

PACKAGE = Path(ocibroker.__file__).parent
TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
"""The checkout, or what was unpacked of the source distribution: without ``broker/`` and ``plugins/`` then."""


@dataclass(frozen=True)
class Module:
    """A module by its full name, and what it says."""

    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), self.path.name)

    @property
    def room(self) -> str:
        """The module or package right below ``ocibroker`` that it belongs to; the package itself is one too."""
        return self.name.partition(".")[2].partition(".")[0] or "__init__"

    def __str__(self) -> str:
        return self.name


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of the package; the template that a wheel carries is somebody else's to be."""
    template = PACKAGE / "plugin_template"
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if template not in path.parents]
    return tuple(Module(_name(path), path) for path in paths)


@cache
def plugins() -> tuple[Module, ...]:
    """Return every module of the plugins that come with the package: a plugin is a module or a package."""
    folder = plugin_folder()
    paths = [*folder.glob("ocibroker_*.py"), *folder.glob("ocibroker_*/*.py")]
    return tuple(Module(_dotted_path(path.relative_to(folder)), path) for path in sorted(paths))


def plugin_folder() -> Path:
    """Return where the built-in plugins lie: ``plugins/`` in a checkout, beside the package in a wheel."""
    spec = importlib.util.find_spec(BUILT_IN["basic"])
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def beside(folder: str) -> tuple[Module, ...]:
    """Return every module below a folder that lies beside the tests, or the tests themselves."""
    return tuple(Module(str(path.relative_to(ROOT)), path) for path in sorted((ROOT / folder).rglob("*.py")))


def imported(tree: ast.AST) -> Iterator[str]:
    """Return the full name of everything that is imported anywhere below ``tree``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative imports hide where they lead"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def called(tree: ast.Module) -> Iterator[str]:
    """Return the full name of everything imported that is called, as ``httpx.Client``, whatever it is bound to."""
    bound = dict(_bindings(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _dotted(node.func)):
            first, _, rest = name.partition(".")
            if first in bound:
                yield f"{bound[first]}.{rest}".rstrip(".")


def imported_at_once(node: ast.AST) -> Iterator[str]:
    """Return what is imported when the module is: not what its functions import."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield from imported(child)
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imported_at_once(child)


def _bindings(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def _name(path: Path) -> str:
    return _dotted_path("ocibroker" / path.relative_to(PACKAGE))


def _dotted_path(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
