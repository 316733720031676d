"""Who may make a TLS context or a client: two rooms, so that no connection goes its own way."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.house import Module, called, imported, modules, plugins

MAKERS = {
    "ssl.SSLContext": "tls",
    "ssl.create_default_context": "tls",
    "ssl.wrap_socket": "nobody",
    "ssl._create_unverified_context": "nobody",
    "ssl._create_default_https_context": "nobody",
    "ssl._create_stdlib_context": "nobody",
    "truststore.SSLContext": "tls",
    "truststore.inject_into_ssl": "nobody",
    "httpx.Client": "transport",
    "httpx.AsyncClient": "transport",
    "httpx.HTTPTransport": "transport",
    "httpx.AsyncHTTPTransport": "transport",
    "httpx.create_ssl_context": "nobody",
    **dict.fromkeys(map("httpx.{}".format, ("request", "stream", "get", "head", "post", "put", "patch")), "nobody"),
    **{
        f"httpcore.{kind}{pool}": "transport"
        for kind in ("", "Async")
        for pool in ("ConnectionPool", "HTTPConnection", "HTTPProxy", "SOCKSProxy", "HTTP11Connection")
    },
    "httpcore.request": "nobody",
    "httpcore.stream": "nobody",
    "urllib.request.urlopen": "nobody",
    "http.client.HTTPSConnection": "nobody",
    "http.client.HTTPConnection": "nobody",
    "socket.create_connection": "nobody",
    "asyncio.open_connection": "nobody",
}
"""What makes a connection possible, and the only room that may call it."""

SERVER = "ocibroker.sidecar.certificates"
"""The one module that makes a server's context."""

OURS = [module for module in (*modules(), *plugins()) if module.room != "testing"]
"""All but the parts for tests, which hold servers."""


@pytest.mark.acceptance(3, 7)
@pytest.mark.parametrize("module", OURS, ids=str)
def test_only_its_room_makes_a_context_or_a_client(module: Module) -> None:
    made = {name: MAKERS[name] for name in called(module.tree) if name in MAKERS}
    room = "tls" if module.name == SERVER else module.room
    assert {name: maker for name, maker in made.items() if maker != room} == {}


def test_the_sidecar_makes_contexts_for_servers_only() -> None:
    (module,) = (module for module in OURS if module.name == SERVER)
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    kinds = [ast.unparse(node.args[0]) for node in calls if ast.unparse(node.func) == "ssl.SSLContext"]
    assert kinds == ["ssl.PROTOCOL_TLS_SERVER"]


@pytest.mark.parametrize(
    ("library", "rooms"),
    [("httpcore", {"transport"}), ("truststore", {"tls"}), ("ssl", {"tls", "transport"})],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_library_stays_behind_its_seam(library: str, rooms: set[str]) -> None:
    users = [one for one in OURS if library in {name.partition(".")[0] for name in imported(one.tree)}]
    assert {one.room for one in users if one.name != SERVER} <= rooms


def test_only_the_probe_looks_without_verifying() -> None:
    """It sends nothing: tests/doctor/test_examination.py shows it."""
    maker = "ocibroker.tls.unverified.unverified_context"
    assert {one.name for one in OURS if maker in {*called(one.tree)}} == {"ocibroker.transport.probe"}


def test_the_makers_are_found_where_they_are() -> None:
    made = {(name, module.room) for module in OURS for name in called(module.tree) if name in MAKERS}
    assert ("ssl.SSLContext", "tls") in made
    assert {("httpx.Client", "transport"), ("httpcore.ConnectionPool", "transport")} <= made
