"""A broker with the configuration of all front ends, whose clock stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ocibroker import Broker
from tests.frontends.neighbours import CONFIGURATION, Tokens
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import Plugin


@pytest.fixture(scope="module")
def still() -> HandClock:
    return HandClock()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, still: HandClock) -> Iterator[Broker]:
    path = tmp_path_factory.mktemp("frontends") / "config.toml"
    path.touch(mode=0o600)
    path.write_text(CONFIGURATION)
    with Broker.from_config(path, environ={}, plugins=[Plugin(Tokens())], clock=still) as broker:
        yield broker
