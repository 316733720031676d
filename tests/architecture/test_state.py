"""No module holds state: two brokers in one process share nothing but code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.house import Module, modules, plugins

MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)
MAKERS = {
    "list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque", "ChainMap", "Queue",
    "SimpleQueue", "WeakKeyDictionary", "WeakValueDictionary", "WeakSet", "local", "ContextVar", "Lock", "RLock",
    "SimpleNamespace", "count", "cycle", "iter",
}  # fmt: skip
CACHES = {"cache", "lru_cache", "cached_property", "singledispatch"}

CONVENTIONS = {"__all__": "what Python itself reads", "_HOME": "types is not imported with the package"}
"""Names that may be bound to a list or a dictionary, and why."""


def last_name(node: ast.expr) -> str:
    """Return ``c`` of ``a.b.c``, ``a.b.c(…)`` and ``a.b.c[…]``."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Return the statements that run at import, those below ``if`` and ``try`` included."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            for part in ("body", "orelse", "finalbody"):
                yield from statements(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from statements(handler.body)


def mutable(value: ast.expr | None) -> bool:
    return isinstance(value, MUTABLE) or (isinstance(value, ast.Call) and last_name(value) in MAKERS)


def state(tree: ast.Module) -> Iterator[str]:
    """Return what holds state at the level of the module, and functions that remember."""
    for node in statements(tree.body):
        if isinstance(node, ast.Assign | ast.AnnAssign) and mutable(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {last_name(target) for target in targets} - CONVENTIONS.keys()
            yield from (f"{name} in line {node.lineno}" for name in names)
        elif isinstance(node, ast.AugAssign):
            yield f"an assignment in line {node.lineno}"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            remembers = any(last_name(decorator) in CACHES for decorator in node.decorator_list)
            yield from [f"{node.name} in line {node.lineno}"] if remembers else []
    yield from (f"global in line {node.lineno}" for node in ast.walk(tree) if isinstance(node, ast.Global))


@pytest.mark.parametrize("module", [*modules(), *plugins()], ids=str)
def test_no_module_holds_state(module: Module) -> None:
    assert list(state(module.tree)) == []


@pytest.mark.parametrize(
    "source",
    [
        "x = []",
        "x: Final = {}",
        "x = {1, 2}",
        "x = [y for y in z]",
        "x = dict(y=1)",
        "x: Final = collections.defaultdict(list)",
        "x: Final = threading.local()",
        "x = y = {}",
        "if z:\n    x = []",
        "try:\n    pass\nexcept ImportError:\n    x = {}",
        "x = ()\nx += (1,)",
        "@functools.lru_cache(7)\ndef f(): ...",
        "@cache\ndef f(): ...",
        "def f():\n    global x\n    x = 1",
    ],
)
def test_state_is_noticed(source: str) -> None:
    assert list(state(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "x = ()",
        "x: Final = frozenset({1, 2})",
        "x: Final = MappingProxyType({1: 2})",
        "x: Final = re.compile('x')",
        "x = logging.getLogger('x')",
        "__all__ = ['x']",
        "def f():\n    x = []",
        "class C:\n    x: list[str] = []",
    ],
)
def test_what_cannot_change_is_no_state(source: str) -> None:
    assert list(state(ast.parse(source))) == []
