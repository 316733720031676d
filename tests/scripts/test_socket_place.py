"""The library and the helper, which cannot import it, look for the sidecar in the same places."""

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from ocibroker.sidecar_probe import Answering, who_answers
from ocibroker.socket_place import socket_places
from tests.scripts.helper import Helper, answering, module
from tests.transport.raw_server import raw_unix

RUN = Path("/run/ocibroker/broker.sock")
TEXTS = some.text(some.characters(exclude_characters="\0", codec="utf-8"))
PATHS = some.none() | some.just("relative") | TEXTS.map(lambda text: f"/{text}")


@pytest.mark.parametrize(
    ("environ", "places"),
    [
        ({}, (RUN,)),
        ({"XDG_RUNTIME_DIR": "/run/user/7"}, (Path("/run/user/7/ocibroker/broker.sock"), RUN)),
        ({"XDG_RUNTIME_DIR": "relative"}, (RUN,)),
        ({"OCIBROKER_SOCKET": "/s", "XDG_RUNTIME_DIR": "/run/user/7"}, (Path("/s"),)),
        ({"OCIBROKER_SOCKET": ""}, (RUN,)),
        ({"OCIBROKER_SOCKET": "off", "XDG_RUNTIME_DIR": "/run/user/7"}, ()),
    ],
)
def test_the_environment_says_where_it_may_be(environ: dict[str, str], places: tuple[Path, ...]) -> None:
    assert socket_places(environ) == places


@given(named=PATHS | some.sampled_from(["off", ""]), runtime=PATHS)
@example(named=None, runtime="/")
@example(named=None, runtime="/run/user/1000//")
def test_both_look_in_the_same_places(named: str | None, runtime: str | None) -> None:
    variables = {"OCIBROKER_SOCKET": named, "XDG_RUNTIME_DIR": runtime}
    environ = {name: value for name, value in variables.items() if value is not None}
    places = module().candidates({os.fsencode(name): os.fsencode(value) for name, value in environ.items()})
    assert tuple(Path(os.fsdecode(place)) for place in places) == socket_places(environ)


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"OCIBROKER_SOCKET": "off"}, "OCIBROKER_SOCKET is off"),
        ({"OCIBROKER_NESTED": "1"}, "OCIBROKER_NESTED is set"),
    ],
)
def test_what_keeps_a_helper_from_asking_is_told(environ: dict[str, str], why: str, place: Path) -> None:
    surroundings = {"XDG_RUNTIME_DIR": str(place.parents[1]), **environ}
    with raw_unix(answering(), place) as server:
        assert who_answers(surroundings) == Answering(None, why)
        assert server.connections == 0


def test_the_sidecar_is_told_and_asked_nothing(helper: Helper, place: Path) -> None:
    with raw_unix(answering(), place) as server:
        assert who_answers(helper.surroundings) == Answering(str(place), f"it runs as uid {os.geteuid()}")
    assert server.received == b""
