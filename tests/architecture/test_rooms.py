"""The house stands: a room imports only from rooms below it."""

from __future__ import annotations

import itertools

import pytest

from tests.architecture.house import Module, imported, modules

ROOMS = (
    # values
    "lazily",
    "errors",
    "version",
    "clock",
    "host",
    "origin",
    "secret",
    "secret_text",
    "encryption_key",
    "ssh_key",
    "trust",
    "url_path",
    "target",
    "credential",
    "helper_protocol",
    "json_answer",
    "json_web_token",
    "quiet",
    "tracing",
    "line",
    "events",
    # parts that everything may stand on
    "deadline",
    "folders",
    "ownership",
    "writing",
    "filelock",
    "atomic",
    "watch",
    "scratch",
    "audit",
    "guarded_folder",
    "child",
    "program",
    "pod",
    "socket_place",
    "socket_trouble",
    "peer_user",
    "sidecar_probe",
    "identity",
    "kept",
    "reference",
    "references",
    "secret_field",
    "pattern",
    "authfile",
    "login_places",
    # the pair
    "tls",
    "transport",
    "auth",
    "access",
    "git_credential",
    # the contract
    "claim",
    "request",
    "fetch_request",
    "kept_login",
    "login_provider",
    "http_answer",
    "token_service",
    "credential_helper",
    "hookspecs",
    "leased",
    "secret_source",
    "stored_secret",
    "provider",
    "providers",
    # what a broker is made of
    "rule",
    "config",
    "cache",
    "means",
    "asked",
    "supplies",
    "fetching",
    "selection",
    "choosing",
    "errands",
    "footing",
    "trusted_connections",
    "footings",
    "inquiry",
    "outlook",
    "demand",
    "known",
    "fetches",
    "answers",
    "credential_source",
    "exchanging",
    "inquiries",
    "given",
    "pairs",
    "explanation",
    "recall",
    "way",
    "children",
    "api",
    "remote",
    "upkeep",
    "broker",
    "oci",
    "bundle",
    "setup",
    "doctor",
    # what uses it
    "__init__",
    "frontends",
    "sidecar",
    "cli",
    "__main__",
    "testing",
)
"""From the ground up."""

DESIGNED = (
    {"errors"},
    {"target", "credential", "secret"},
    {"tls"},
    {"transport"},
    {"auth"},
    {"access"},
    {"hookspecs"},
    {"providers"},
    {"config"},
    {"cache"},
    {"broker"},
    {"oci"},
    {"bundle"},
    {"frontends"},
    {"sidecar"},
    {"cli"},
    {"testing"},
)
"""The same as the design lists it (section 8): the rooms that it names, in its order."""


def rooms_of(module: Module) -> set[str]:
    """Return the rooms that ``module`` imports from; a name of the package itself is not a room."""
    below = (name.split(".") for name in imported(module.tree) if name.split(".")[0] == "ocibroker")
    return {parts[1] if len(parts) > 1 and parts[1] in ROOMS else "__init__" for parts in below}


def test_every_module_has_a_room_and_every_room_a_module() -> None:
    assert {module.room for module in modules()} == set(ROOMS)
    assert len(ROOMS) == len(set(ROOMS))


@pytest.mark.parametrize("module", modules(), ids=str)
def test_a_room_imports_only_from_rooms_below_it(module: Module) -> None:
    below = {*ROOMS[: ROOMS.index(module.room)], module.room}
    assert rooms_of(module) <= below


def test_the_rooms_stand_as_they_were_designed() -> None:
    places = [{ROOMS.index(room) for room in row} for row in DESIGNED]
    assert all(max(lower) < min(upper) for lower, upper in itertools.pairwise(places))


@pytest.mark.parametrize("module", [one for one in modules() if one.room == "transport"], ids=str)
def test_the_transport_handles_no_credential_but_by_the_steps_of_an_authentication(module: Module) -> None:
    named = {"credential", "secret"} & rooms_of(module)
    assert not named or module.name == "ocibroker.transport.steps"
