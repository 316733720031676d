"""A fetch ends when its deadline passes, whoever is silent."""

from __future__ import annotations

import threading
import time

import pytest

from ocibroker.errors import DeadlineExceeded
from tests.azure.emulator import Azure
from tests.plugins.acr.asking import ENTRA, HOST, failure, user
from tests.transport.brokers import Desk
from tests.transport.raw_server import raw, silent

pytestmark = pytest.mark.acceptance(34)


PATIENCE = 5.0


@pytest.mark.parametrize("silence", [ENTRA, HOST])
def test_a_service_that_is_silent(silence: str, azure: Azure, desk: Desk) -> None:
    with raw(silent) as server:

        def route(host: str, port: int) -> tuple[str, int]:
            return ("127.0.0.1", server.port) if host == silence else azure.route(host, port)

        broker, begun = desk.broker(environ=user(azure, "alice"), route=route), time.monotonic()
        assert isinstance(failure(broker, deadline=0.5), DeadlineExceeded)
        for thread in threading.enumerate():
            if thread.name.startswith("ocibroker-"):
                thread.join(PATIENCE)
                assert not thread.is_alive()
        assert time.monotonic() - begun < PATIENCE
