"""A blob on its way: verified while it streams, resumed where it broke, bounded, and alone at its place."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ocibroker.errors import ConnectionFailed, IntegrityError, OcibrokerError, RegistryRefused, WriteFailed
from ocibroker.oci import Halt, pull
from ocibroker.oci.artifact import BLOBS
from ocibroker.oci.download import ATTEMPTS, LONGEST_PAUSE
from ocibroker.oci.filename import RESERVED
from ocibroker.testing import Authority, CannedResponse
from tests.oci.recorded import Recorded
from tests.oci.shop import HOST, Hasty, Shop
from tests.oci.stock import Blob, artifact, digest, noise
from tests.transport.answering_server import answering

BODY = noise(1000)
FILE = artifact(Blob(BODY, "app.bin"))


@pytest.fixture
def reference(shop: Shop) -> str:
    return shop.push(FILE)


def left_half(shop: Shop, reference: str, length: int = 400) -> Path:
    """Break off a pull for good after ``length`` bytes, and return what it has left."""
    shop.registry.cuts[:] = [length, *[0] * ATTEMPTS]
    with pytest.raises(ConnectionFailed):
        shop.pull(reference)
    shop.registry.cuts.clear()
    shop.registry.requests.take()
    (partial,) = (shop.folder / RESERVED).iterdir()
    return partial


class TestResuming:
    def test_it_goes_on_where_the_connection_broke_and_fetches_no_byte_twice(
        self, shop: Shop, reference: str
    ) -> None:
        shop.registry.cuts[:] = [100, 250, 1]
        shop.pull(reference)
        assert shop.ranges(BODY) == ["", "bytes=100-", "bytes=350-", "bytes=351-"]
        assert shop.everything == {"app.bin": BODY}

    def test_breaks_that_follow_progress_never_wear_it_out(self, shop: Shop, reference: str) -> None:
        shop.registry.cuts[:] = [10] * 50
        shop.pull(reference)
        assert shop.files == {"app.bin": BODY}

    def test_the_pauses_grow_at_random_and_are_bounded(self, shop: Shop, reference: str) -> None:
        left_half(shop, reference)
        bounds = [min(LONGEST_PAUSE, 0.1 * 2**failures) for failures in range(1, ATTEMPTS)]
        assert all(0 <= pause <= bound for pause, bound in zip(shop.halt.pauses, bounds, strict=True))
        assert len(set(shop.halt.pauses)) > 1

    def test_without_progress_it_gives_up_and_the_next_run_goes_on(self, shop: Shop, reference: str) -> None:
        partial = left_half(shop, reference)
        assert (shop.files, partial.read_bytes()) == ({}, BODY[:400])
        shop.pull(reference)
        assert shop.ranges(BODY) == ["bytes=400-"]
        assert shop.everything == {"app.bin": BODY}

    @pytest.mark.parametrize("status", [500, 502, 503, 408, 429])
    def test_a_server_that_is_busy_is_asked_again(self, shop: Shop, reference: str, status: int) -> None:
        shop.registry.responses[shop.blob_path(BODY)] = CannedResponse(status)
        with pytest.raises(ConnectionFailed, match=f"answered {status}"):
            shop.pull(reference)
        assert len(shop.ranges(BODY)) == ATTEMPTS

    @pytest.mark.parametrize("status", [400, 403, 404, 410, 416])
    def test_a_refusal_is_final(self, shop: Shop, reference: str, status: int) -> None:
        shop.registry.responses[shop.blob_path(BODY)] = CannedResponse(status)
        with pytest.raises(RegistryRefused):
            shop.pull(reference)
        assert (len(shop.ranges(BODY)), shop.everything) == (1, {})

    def test_a_server_that_ignores_the_range_is_read_from_the_start(self, shop: Shop, reference: str) -> None:
        left_half(shop, reference)
        shop.registry.responses[shop.blob_path(BODY)] = CannedResponse(200, {}, BODY)
        shop.pull(reference)
        assert shop.everything == {"app.bin": BODY}

    @pytest.mark.parametrize(
        "said",
        ["bytes 300-999/1000", "bytes 401-999/1000", "", "bytes */1000", "lines 400-999/1000", "bytes x-y/z"],
    )
    def test_another_range_than_was_asked_for_is_refused(self, shop: Shop, reference: str, said: str) -> None:
        left_half(shop, reference)
        headers = {"Content-Range": said} if said else {}
        shop.registry.responses[shop.blob_path(BODY)] = CannedResponse(206, headers, BODY[400:])
        with pytest.raises(IntegrityError, match="another range"):
            shop.pull(reference)
        assert shop.everything == {}

    @pytest.mark.parametrize("spoilt", [b"x" * 400, b"x" * 1000, b"x" * 2000], ids=["short", "full", "long"])
    def test_a_spoilt_beginning_is_thrown_away(self, shop: Shop, reference: str, spoilt: bytes) -> None:
        left_half(shop, reference).write_bytes(spoilt)
        shop.pull(reference)
        assert shop.everything == {"app.bin": BODY}

    def test_a_beginning_that_turns_out_to_be_complete_needs_no_request(self, shop: Shop, reference: str) -> None:
        left_half(shop, reference).write_bytes(BODY)
        shop.pull(reference)
        assert (shop.ranges(BODY), shop.everything) == ([], {"app.bin": BODY})


class TestVerifying:
    def test_more_than_was_promised_is_refused_before_it_is_written(self, shop: Shop, reference: str) -> None:
        bounded = Recorded()
        shop.registry.responses[shop.blob_path(BODY)] = CannedResponse(200, {}, BODY + b"x" * 5_000_000)
        with pytest.raises(IntegrityError, match="longer than the manifest says"):
            shop.pull(reference, progress=bounded)
        assert (bounded.counts["app.bin"] <= len(BODY), shop.everything) == (True, {})

    @pytest.mark.parametrize("sent", [b"x" * 1000, BODY[:-1] + b"x"])
    def test_a_wrong_digest_is_refused_at_once(self, shop: Shop, reference: str, sent: bytes) -> None:
        shop.registry.responses[shop.blob_path(BODY)] = CannedResponse(200, {}, sent)
        with pytest.raises(IntegrityError, match="not what its digest says") as caught:
            shop.pull(reference)
        assert caught.value.culprit.endswith(digest(BODY))
        assert (len(shop.ranges(BODY)), shop.everything) == (1, {})

    def test_what_ends_too_soon_is_asked_for_again_and_never_published(self, shop: Shop, reference: str) -> None:
        shop.registry.responses[shop.blob_path(BODY)] = CannedResponse(200, {}, BODY[:-1])
        with pytest.raises(ConnectionFailed, match="ended before it was complete"):
            shop.pull(reference)
        assert shop.files == {}

    def test_a_compressed_answer_is_refused(self, shop: Shop, reference: str) -> None:
        headers = {"Content-Encoding": "gzip"}
        shop.registry.responses[shop.blob_path(BODY)] = CannedResponse(200, headers, b"\x1f\x8b" + b"x" * 998)
        with pytest.raises(IntegrityError):
            shop.pull(reference)

    def test_sha512_is_verified_too(self, shop: Shop) -> None:
        strong = f"sha512:{hashlib.sha512(BODY).hexdigest()}"
        reference = shop.push(artifact(Blob(BODY, "app.bin", says=(("digest", strong),))))
        path = f"/v2/team/app/blobs/{strong}"
        shop.registry.responses[path] = CannedResponse(200, {}, BODY)
        shop.pull(reference)
        assert shop.files == {"app.bin": BODY}
        shop.registry.responses[path] = CannedResponse(200, {}, BODY[::-1])
        (shop.folder / "app.bin").unlink()
        with pytest.raises(IntegrityError):
            shop.pull(reference)

    def test_an_empty_file_is_a_file(self, shop: Shop) -> None:
        shop.pull(shop.push(artifact(Blob(b"", "empty"))))
        assert shop.everything == {"empty": b""}

    def test_a_file_that_is_already_right_is_not_fetched_again(self, shop: Shop, reference: str) -> None:
        shop.pull(reference)
        shop.registry.requests.take()
        shop.pull(reference)
        assert shop.ranges(BODY) == []

    def test_a_file_that_is_wrong_is_replaced(self, shop: Shop, reference: str) -> None:
        shop.pull(reference)
        (shop.folder / "app.bin").write_bytes(BODY[::-1])
        shop.pull(reference)
        assert shop.everything == {"app.bin": BODY}


class Held(Recorded):
    """Stands still once content has begun to arrive, until it may ``go``."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived, self.go = threading.Event(), threading.Event()

    def advance(self, name: str, count: int) -> None:
        super().advance(name, count)
        if count:
            self.arrived.set()
            assert self.go.wait(10)


class Impatient(Halt):
    """Stops instead of waiting."""

    def pause(self, seconds: float) -> None:
        self.now()
        self.check()


class TestProgress:
    def test_it_adds_up_also_where_it_began_anew(self, shop: Shop, reference: str) -> None:
        left_half(shop, reference).write_bytes(b"x" * 700)
        seen = Recorded()
        shop.pull(reference, progress=seen)
        assert (seen.counts, seen.ended) == ({"app.bin": len(BODY)}, ["app.bin"])

    def test_what_it_raises_ends_the_pull(self, shop: Shop, reference: str) -> None:
        class Broken(Recorded):
            def advance(self, name: str, count: int) -> None:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            shop.pull(reference, progress=Broken())
        assert shop.everything == {}


def symlinked(place: Path, outside: Path) -> None:
    place.symlink_to(outside)


def hard_linked(place: Path, outside: Path) -> None:
    place.hardlink_to(outside)


def a_fifo(place: Path, outside: Path) -> None:
    os.mkfifo(place)


def a_folder(place: Path, outside: Path) -> None:
    place.mkdir()


@pytest.mark.skipif(os.name != "posix", reason="needs links and fifos")
class TestPlanted:
    @pytest.mark.parametrize("plant", [symlinked, hard_linked, a_fifo, a_folder])
    def test_nothing_is_written_through_what_stands_in_its_place(
        self, shop: Shop, reference: str, tmp_path: Path, plant: Callable[[Path, Path], None]
    ) -> None:
        place, outside = left_half(shop, reference), tmp_path / "outside"
        outside.write_bytes(b"mine")
        place.unlink()
        plant(place, outside)
        with pytest.raises(WriteFailed) as caught:
            shop.pull(reference)
        assert caught.value.culprit == str(place)
        assert (outside.read_bytes(), shop.files) == (b"mine", {})

    def test_the_folder_of_partials_is_not_a_link(self, shop: Shop, reference: str, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        shop.folder.mkdir()
        (shop.folder / RESERVED).symlink_to(elsewhere)
        with pytest.raises(WriteFailed, match="not a folder of ours"):
            shop.pull(reference)
        assert list(elsewhere.iterdir()) == []

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user: run as root")
    def test_the_folder_of_partials_is_no_other_users(self, shop: Shop, reference: str) -> None:
        (shop.folder / RESERVED).mkdir(parents=True)
        os.chown(shop.folder / RESERVED, 12345, 12345)
        with pytest.raises(WriteFailed, match="not a folder of ours"):
            shop.pull(reference)

    def test_a_link_under_the_final_name_is_replaced_and_not_followed(
        self, shop: Shop, reference: str, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside"
        outside.write_bytes(BODY)  # even where it holds the right bytes
        shop.folder.mkdir()
        (shop.folder / "app.bin").symlink_to(outside)
        shop.pull(reference)
        assert not (shop.folder / "app.bin").is_symlink()
        assert (shop.files["app.bin"], outside.read_bytes()) == (BODY, BODY)

    def test_a_folder_under_the_final_name_is_an_error(self, shop: Shop, reference: str) -> None:
        (shop.folder / "app.bin").mkdir(parents=True)
        with pytest.raises(WriteFailed, match="cannot be written"):
            shop.pull(reference)

    def test_nobody_else_may_look_into_the_folder_of_partials(self, shop: Shop, reference: str) -> None:
        assert left_half(shop, reference).parent.stat().st_mode & 0o777 == 0o700


class TestSeveral:
    def test_never_more_than_so_many_at_once_and_always_several(self, shop: Shop, authority: Authority) -> None:
        layers = [Blob(noise(100, str(number)), f"file-{number}") for number in range(12)]
        full, gate = Busy(BLOBS), authority.server_context("blobs.test")
        bodies = {layer.digest: layer.content for layer in layers}
        with answering(lambda request: full.serve(bodies[request.path.rpartition("/")[2]]), gate) as blobs:
            shop.registry.redirects["/v2/team/app/blobs"] = f"https://blobs.test:{blobs.port}"
            shop.pull(shop.push(artifact(*layers)))
        assert (full.most, len(shop.files)) == (BLOBS, 12)

    def test_one_that_fails_stops_the_others_and_nothing_is_published(self, shop: Shop) -> None:
        layers = [Blob(noise(100 + number, str(number)), f"file-{number}") for number in range(40)]
        reference = shop.push(artifact(*layers))
        shop.registry.responses[shop.blob_path(layers[39].content)] = CannedResponse(403)
        with pytest.raises(RegistryRefused):
            shop.pull(reference)
        asked = [one for one in shop.registry.requests.take() if "/blobs/" in one.path]
        assert (shop.everything, len(asked) < len(layers)) == ({}, True)

    def test_one_that_breaks_leaves_what_the_others_have(self, shop: Shop) -> None:
        good, bad = Blob(noise(2000, "good"), "good"), Blob(BODY, "bad")
        reference = shop.push(artifact(good, bad))
        shop.registry.responses[shop.blob_path(BODY)] = CannedResponse(503)
        with pytest.raises(ConnectionFailed):
            shop.pull(reference)
        assert (shop.files, good.content in shop.partials.values()) == ({}, True)
        shop.registry.responses.clear()
        shop.registry.requests.take()
        shop.pull(reference)
        assert (shop.ranges(good.content), shop.everything) == ([], {"good": good.content, "bad": BODY})

    def test_the_same_content_under_two_names_is_two_files(self, shop: Shop) -> None:
        shop.pull(shop.push(artifact(Blob(BODY, "one"), Blob(BODY, "two"))))
        assert shop.everything == {"one": BODY, "two": BODY}

    def test_a_run_that_is_stopped_takes_nothing_from_another(self, shop: Shop, reference: str) -> None:
        held = Held()
        with ThreadPoolExecutor() as pool:
            first = pool.submit(pull, shop.broker, reference, shop.folder, progress=held)
            assert held.arrived.wait(10)
            with pytest.raises(OcibrokerError, match="was stopped"):
                pull(shop.broker, reference, shop.folder, halt=Impatient())
            held.go.set()
            assert first.result(10).files == (shop.folder / "app.bin",)
        assert shop.everything == {"app.bin": BODY}

    def test_two_runs_for_the_same_folder_both_succeed(self, shop: Shop, reference: str) -> None:
        outcomes: list[object] = []

        def run() -> None:
            try:
                outcomes.append(pull(shop.broker, reference, shop.folder, halt=Hasty()).files)
            except Exception as error:  # noqa: BLE001
                outcomes.append(error)

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes == [(shop.folder / "app.bin",)] * 8
        assert shop.everything == {"app.bin": BODY}


class Busy:
    """Answers when ``crowd`` requests are there at once; ``most`` is how many ever were."""

    def __init__(self, crowd: int) -> None:
        self._changed = threading.Condition()
        self._crowd, self._here, self.most = crowd, 0, 0

    def serve(self, body: bytes) -> CannedResponse:
        with self._changed:
            self._here += 1
            self.most = max(self.most, self._here)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self.most >= self._crowd, 10)
            self._changed.wait(0.01)  # long enough for one too many to be seen
            self._here -= 1
        return CannedResponse(200, {}, body)


def test_the_host_of_the_registry_is_named_by_what_is_refused(shop: Shop) -> None:
    with pytest.raises(RegistryRefused) as caught:
        shop.pull(f"{shop.registry.address}/team/nothing:1")
    assert caught.value.culprit == f"{shop.registry.address}/team/nothing:1"
    assert HOST in str(caught.value)
