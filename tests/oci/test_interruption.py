"""Interrupted after every chunk: no half file, and the next run completes."""

from __future__ import annotations

import itertools
import json
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from ocibroker.errors import OcibrokerError
from ocibroker.oci import Halt, pull
from ocibroker.oci.download import ATTEMPTS
from ocibroker.oci.media_type import HELM_CHART, HELM_CONFIG, HELM_PROVENANCE
from tests.oci.shop import Hasty, Shop, opened
from tests.oci.stock import Blob, artifact, image, index, noise

CONFIG = Blob(json.dumps({"name": "app", "version": "1"}).encode(), media_type=HELM_CONFIG)
CHART = artifact(
    Blob(noise(23), media_type=HELM_CHART), Blob(noise(11, "signed"), media_type=HELM_PROVENANCE), config=CONFIG
)
FILES = artifact(Blob(noise(17, "one"), "one"), Blob(noise(29, "two"), "two"), Blob(noise(5, "three"), "three"))
BOTH = {"linux/amd64": image(noise(19, "x")), "linux/arm64": image(noise(7, "y"), architecture="arm64")}
LARGEST = max(len(blob) for one in (CHART, FILES, *BOTH.values()) for blob in one.blobs)


def a_chart(shop: Shop) -> str:
    return shop.push(CHART)


def files(shop: Shop) -> str:
    return shop.push(FILES)


def a_layout(shop: Shop) -> str:
    for number, one in enumerate(BOTH.values()):
        shop.push(one, str(number))
    return shop.push(index(BOTH), "both")


Stocked = Callable[[Shop], str]


@pytest.fixture(scope="module", params=[a_chart, files, a_layout])
def stocked(request: pytest.FixtureRequest) -> Stocked:
    given: Stocked = request.param
    return given


@pytest.fixture
def reference(stocked: Stocked, shop: Shop) -> str:
    return stocked(shop)


@pytest.fixture(scope="module")
def whole(
    stocked: Stocked, tls: ssl.SSLContext, password: str, roots: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What an undisturbed pull writes."""
    with opened(tmp_path_factory.mktemp("undisturbed"), tls, password, roots) as shop:
        shop.pull(stocked(shop))
        return shop.everything


class TestTheServerBreaksOff:
    @pytest.mark.parametrize("length", range(LARGEST))
    def test_for_good_after_so_many_bytes(
        self, shop: Shop, reference: str, whole: dict[str, bytes], length: int
    ) -> None:
        shop.registry.cuts[:] = [length, *[0] * 10 * ATTEMPTS]
        with pytest.raises(OcibrokerError):
            shop.pull(reference)
        assert shop.files.items() <= whole.items()
        shop.registry.cuts.clear()
        shop.pull(reference)
        assert shop.everything == whole

    @pytest.mark.parametrize("length", range(1, LARGEST, 3))
    def test_again_and_again_after_so_many_bytes(self, shop: Shop, length: int) -> None:
        reference = shop.push(FILES)
        shop.registry.cuts[:] = [length] * LARGEST
        shop.pull(reference)
        assert shop.everything == {"one": noise(17, "one"), "two": noise(29, "two"), "three": noise(5, "three")}


class Stopped(Hasty):
    """Says stop when it was asked so often."""

    def __init__(self, above: Halt | None = None, after: int = 0) -> None:
        super().__init__(above)
        self._left = [after]

    def check(self) -> None:
        super().check()
        if self._above is None:
            self._left[0] -= 1
            if self._left[0] < 0:
                self.now()
                super().check()


def test_stopped_at_every_look(shop: Shop, reference: str, whole: dict[str, bytes]) -> None:
    looks = itertools.count()
    for after in looks:
        try:
            pull(shop.broker, reference, shop.folder, halt=Stopped(after=after))
            break
        except OcibrokerError:
            assert shop.files.items() <= whole.items()
            assert shop.partials == {}
    assert next(looks) > 3
    assert shop.everything == whole
