"""What goes wrong around the sidecar, one after the other: each is a block, and over when it ends."""

from __future__ import annotations

import signal
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from ocibroker.testing import Authority
from tests.sidecar.served import until
from tests.soak.scene import Scene
from tests.soak.weather import Kind

_PATIENCE: Final = 60.0
_ARRIVED: Final = 0.5
"""Seconds for which a request is under way that was sent before."""
_NOTICED: Final = 2.0
"""Seconds within which a file that was exchanged is noticed."""


@contextmanager
def weather(kind: Kind, scene: Scene) -> Iterator[None]:
    scene.fleet.town.weather.kind = kind
    yield
    scene.fleet.town.weather.kind = "fair"


@contextmanager
def revoked(scene: Scene) -> Iterator[None]:
    """The identity of one registry is not accepted any more."""
    denied = scene.fleet.town.aws.iam.denied
    denied.add("user/doomed")
    yield
    denied.discard("user/doomed")


@contextmanager
def killed(scene: Scene) -> Iterator[None]:
    """The sidecar is killed, and started again as soon as all that it had sent has arrived."""
    scene.duty.kill()
    scene.pause(_ARRIVED)
    scene.duty.follow()
    yield


@contextmanager
def own_certificate_exchanged(scene: Scene) -> Iterator[None]:
    address = ("127.0.0.1", scene.fleet.port)
    before = ssl.get_server_certificate(address)
    scene.fleet.exchange_own()
    yield
    until(lambda: ssl.get_server_certificate(address) != before, _PATIENCE)


@contextmanager
def authority_exchanged(scene: Scene) -> Iterator[None]:
    """First both are trusted, then the token service shows the new one's certificate, then the old one goes."""
    fleet, new = scene.fleet, Authority()
    fleet.trust(fleet.authority, new)
    scene.pause(_NOTICED)
    fleet.show(new)
    fleet.trust(new)
    yield


@contextmanager
def reloaded(scene: Scene) -> Iterator[None]:
    """``SIGHUP``, with a configuration that is another and in order."""
    metric = scene.duty.sidecar.metric
    before = metric("ocibroker_config_generation")
    scene.fleet.configure("ready = 'all'\n")
    scene.duty.process.send_signal(signal.SIGHUP)
    yield
    until(lambda: metric("ocibroker_config_generation") > before, _PATIENCE)


@contextmanager
def reloaded_badly(scene: Scene) -> Iterator[None]:
    """``SIGHUP``, with a configuration that nobody can obey, and later with one that is in order again."""
    successful = partial(scene.duty.sidecar.metric, "ocibroker_config_last_reload_successful")
    scene.fleet.configure("colour = 1\n")
    scene.duty.process.send_signal(signal.SIGHUP)
    until(lambda: successful() == 0, _PATIENCE)
    yield
    scene.fleet.configure()
    scene.duty.process.send_signal(signal.SIGHUP)
    until(lambda: successful() == 1, _PATIENCE)
