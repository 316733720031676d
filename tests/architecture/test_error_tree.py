"""One tree of errors, drawn where it is planted."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

import pytest

from ocibroker import errors
from ocibroker.errors import OcibrokerError
from tests.architecture.house import Module, modules, plugins

LINE = re.compile(r" {4}(?P<branch>(?:│   |    |├── |└── )*)(?P<name>[A-Z]\w+)(?:  +(?P<why>\S.*))?")
STRAYS = {
    "ocibroker.frontends.keyring": "what the library keyring expects of its backends",
    "ocibroker.sidecar.stand_in": "what stops a front end until its answer is there, and goes no further",
    "ocibroker.testing.distribution_error": "the embedded registry's answers to its own clients",
}


def drawn() -> Iterator[tuple[str, str]]:
    """Return each error of the drawing with its parent's name."""
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := LINE.fullmatch(line):
            del above[len(found["branch"]) // 4 :]
            yield found["name"], above[-1] if above else "Exception"
            above.append(found["name"])


def planted() -> dict[str, str]:
    """Return each error of the module with its parent's name."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BaseException)]
    return {kind.__name__: " and ".join(base.__name__ for base in kind.__bases__) for kind in kinds}


def test_the_drawing_is_the_tree() -> None:
    assert dict(drawn()) == planted()
    assert len(list(drawn())) == len(planted())


@pytest.mark.parametrize("name", planted())
def test_an_error_is_documented_and_takes_culprit_and_hint(name: str) -> None:
    kind: type[OcibrokerError] = getattr(errors, name)
    assert kind.__doc__
    assert str(kind("went wrong", culprit="registry.example.com", hint="try it again")) == (
        "registry.example.com: went wrong (try it again)"
    )


@pytest.mark.parametrize("module", [*modules(), *plugins()], ids=str)
def test_no_error_grows_elsewhere(module: Module) -> None:
    exceptions = {name for name, value in vars(builtins).items() if _raisable(value)} | planted().keys()
    strays = {
        node.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and exceptions & {_last(base) for base in node.bases}
    }
    assert not strays or module.name == "ocibroker.errors" or module.name in STRAYS


def _raisable(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _last(base: ast.expr) -> str:
    return ast.unparse(base).rpartition(".")[2]
