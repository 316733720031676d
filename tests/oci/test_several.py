"""Several artifacts at once: each fails for itself, and all are stopped together."""

from __future__ import annotations

import threading

import pytest

from ocibroker.errors import RegistryRefused
from ocibroker.oci import Halt, Pulled, pull_many
from ocibroker.testing import CannedResponse
from tests.oci.recorded import Recorded
from tests.oci.shop import Shop
from tests.oci.stock import Blob, artifact, image, noise

STOPPED = "was stopped before it was complete"


def test_one_that_stops_its_own_layers_stops_nobody_elses(shop: Shop) -> None:
    bad = [Blob(noise(100, f"bad-{number}"), f"bad-{number}") for number in range(20)]
    good = [Blob(noise(100, f"good-{number}"), f"good-{number}") for number in range(20)]
    references = [shop.push(artifact(*bad), "bad"), shop.push(artifact(*good), "good")]
    shop.registry.responses[shop.blob_path(bad[0].content)] = CannedResponse(403)
    refused, pulled = pull_many(shop.broker, references, shop.folder, halt=shop.halt)
    assert isinstance(refused, RegistryRefused)
    assert isinstance(pulled, Pulled)
    assert shop.everything == {blob.title: blob.content for blob in good}


def test_what_is_stopped_before_it_begins_asks_nobody(shop: Shop) -> None:
    references = [shop.push(artifact(Blob(b"one", "one"))), shop.push(image(b"layer"), "image")]
    halt = Halt()
    halt.now()
    outcomes = pull_many(shop.broker, references, shop.folder, halt=halt)
    assert [str(outcome) for outcome in outcomes] == [STOPPED, STOPPED]
    assert (len(shop.registry.requests), shop.everything) == (0, {})


def test_stopping_ends_every_one_and_leaves_nothing(shop: Shop) -> None:
    halt = Halt()

    class Stopping(Recorded):
        def advance(self, name: str, count: int) -> None:
            super().advance(name, count)
            if count:
                halt.now()

    references = [shop.push(artifact(Blob(noise(1000, tag), tag)), tag) for tag in "abcdefgh"]
    outcomes = pull_many(shop.broker, references, shop.folder, progress=Stopping(), halt=halt)
    assert {str(outcome) for outcome in outcomes} == {STOPPED}
    assert shop.everything == {}


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_what_is_no_error_of_ours_ends_all_of_them(shop: Shop, error: type[BaseException]) -> None:
    class Raising(Recorded):
        def begin(self, name: str, size: int) -> None:
            raise error

    references = [shop.push(artifact(Blob(noise(1000, tag), tag)), tag) for tag in "abcdefgh"]
    with pytest.raises(error):
        pull_many(shop.broker, references, shop.folder, progress=Raising())
    assert shop.everything == {}
    assert [one for one in threading.enumerate() if one.name == "ocibroker-pull"] == []
