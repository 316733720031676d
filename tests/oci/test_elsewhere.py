"""Blobs on other hosts: what a manifest names there, and where the registry sends its clients.

Whatever it is, nobody there gets the credential.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocibroker.errors import ConnectionFailed, IntegrityError, NotFound, OcibrokerError, OriginRefused, TLSFailed
from ocibroker.oci.download import ATTEMPTS
from ocibroker.testing import Authority, CannedResponse
from ocibroker.testing.request import Request
from tests.oci.shop import REPOSITORY, Shop
from tests.oci.stock import Blob, artifact, digest, noise
from tests.transport.answering_server import AnsweringServer, answering
from tests.transport.brokers import rule
from tests.transport.canary import Canary

BODY = noise(1000)
OTHER = "files.test"


@dataclass
class Store:
    """As S3 answers: whoever shows a second proof of identity beside the URL's own is sent away.

    ``cuts`` are for the next answers: they end after so many bytes.
    """

    cuts: list[int]

    def answer(self, request: Request) -> CannedResponse:
        if "Authorization" in request.headers:
            return CannedResponse(400, {}, b"Only one auth mechanism allowed")
        start = int(re.findall(r"bytes=(\d+)-", request.headers.get("Range", "bytes=0-"))[0])
        headers = {"Content-Length": str(len(BODY) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        end = start + self.cuts.pop(0) if self.cuts else len(BODY)
        return CannedResponse(206 if start else 200, headers, BODY[start:end])


@dataclass(frozen=True)
class Elsewhere:
    """A store on another host, whose authority only the host's own entry trusts."""

    shop: Shop
    server: AnsweringServer
    store: Store
    ca: Path

    @property
    def url(self) -> str:
        return f"https://{OTHER}:{self.server.port}/signed/{digest(BODY)}"

    def trusted(self, password: str) -> Shop:
        text = rule(self.shop.registry.address, password=password)
        text += f'[[tls]]\nmatch = "{OTHER}:{self.server.port}"\nca = ["{self.ca}"]\n'
        broker = self.shop.desk.broker(text)
        return Shop(self.shop.registry, broker, self.shop.desk, self.shop.folder)

    def push(self, *urls: str, keep: bool = False) -> str:
        """Push an artifact whose layer the registry does not have, unless it is to ``keep`` it."""
        stocked = artifact(Blob(BODY, "app.bin", urls=urls or (self.url,)))
        if not keep:
            stocked = type(stocked)(stocked.manifest, stocked.media_type, stocked.blobs[:1])
        return self.shop.push(stocked)


@pytest.fixture
def elsewhere(shop: Shop, tmp_path: Path) -> Iterator[Elsewhere]:
    other, store = Authority(), Store([])
    with answering(store.answer, other.server_context(OTHER)) as server:
        yield Elsewhere(shop, server, store, other.write(tmp_path / "other"))


Found = Callable[[Elsewhere], str]


def by_urls(elsewhere: Elsewhere) -> str:
    return elsewhere.push()


def by_redirect(elsewhere: Elsewhere) -> str:
    elsewhere.shop.registry.redirects[f"/v2/{REPOSITORY}/blobs"] = f"https://{OTHER}:{elsewhere.server.port}"
    return elsewhere.push()


each_way = pytest.mark.parametrize("found", [by_urls, by_redirect])


@each_way
class TestEachWay:
    @pytest.mark.acceptance(23)
    def test_the_credential_is_never_seen_there(
        self, elsewhere: Elsewhere, canary: Canary, password: str, found: Found
    ) -> None:
        reference = found(elsewhere)
        elsewhere.trusted(password).pull(reference)
        sent = [f"{one.path} {one.query_string} {one.headers!r} {one.body!r}" for one in elsewhere.server.requests]
        assert elsewhere.shop.everything == {"app.bin": BODY}
        assert sent
        assert [canary.hits(text) for text in sent if canary.hits(text)] == []
        assert elsewhere.server.saw("Authorization") == elsewhere.server.saw("Cookie") == []

    def test_a_broken_connection_is_taken_up_there(self, elsewhere: Elsewhere, password: str, found: Found) -> None:
        reference = found(elsewhere)
        elsewhere.store.cuts[:] = [100, 300]
        elsewhere.trusted(password).pull(reference)
        assert elsewhere.server.saw("Range") == ["bytes=100-", "bytes=400-"]
        assert elsewhere.shop.everything == {"app.bin": BODY}

    def test_the_next_run_goes_on_there(self, elsewhere: Elsewhere, password: str, found: Found) -> None:
        reference, shop = found(elsewhere), elsewhere.trusted(password)
        elsewhere.store.cuts[:] = [100, *[0] * ATTEMPTS]
        with pytest.raises(ConnectionFailed):
            shop.pull(reference)
        elsewhere.store.cuts.clear()
        shop.pull(reference)
        assert (elsewhere.server.saw("Range")[-1], shop.everything) == ("bytes=100-", {"app.bin": BODY})

    def test_that_host_is_trusted_by_its_own_entry_and_no_other(self, elsewhere: Elsewhere, found: Found) -> None:
        with pytest.raises(TLSFailed) as caught:
            elsewhere.shop.pull(found(elsewhere))
        assert OTHER in caught.value.culprit
        assert (elsewhere.server.requests, elsewhere.shop.files) == ([], {})


class TestURLs:
    def test_the_registrys_own_copy_comes_first(self, elsewhere: Elsewhere, password: str) -> None:
        elsewhere.trusted(password).pull(elsewhere.push(keep=True))
        assert (elsewhere.server.requests, elsewhere.shop.everything) == ([], {"app.bin": BODY})

    def test_the_next_is_tried_where_one_has_nothing(self, elsewhere: Elsewhere, password: str) -> None:
        gone = "https://gone.test:1/x"
        elsewhere.trusted(password).pull(elsewhere.push(gone, elsewhere.url))
        assert elsewhere.shop.everything == {"app.bin": BODY}

    @pytest.mark.parametrize(
        ("url", "refusal"),
        [
            ("http://files.test/x", OriginRefused),
            ("https://169.254.169.254/latest/meta-data/", OriginRefused),
            ("https://[fd00:ec2::254]/", OriginRefused),
            ("https://100.100.100.200/", OriginRefused),
            ("file:///etc/passwd", OriginRefused),
            ("ftp://files.test/x", OriginRefused),
            ("//files.test/x", OriginRefused),
            ("/etc/passwd", OriginRefused),
            ("", OriginRefused),
            ("https://[::1", IntegrityError),
            ("https://files.test:99999999/x", OcibrokerError),
            ("https://a\nb/", IntegrityError),
            ("https:///x", OcibrokerError),
            ("https://alice:wonder@files.test/x", OriginRefused),
            ("https://alice@files.test/x", OriginRefused),
        ],
    )
    def test_what_is_no_download_over_https_is_refused(
        self, elsewhere: Elsewhere, password: str, url: str, refusal: type[OcibrokerError]
    ) -> None:
        with pytest.raises(refusal):
            elsewhere.trusted(password).pull(elsewhere.push(url))
        assert elsewhere.shop.everything == {}

    def test_a_redirect_there_is_checked_like_the_url(
        self, elsewhere: Elsewhere, password: str, authority: Authority
    ) -> None:
        away = CannedResponse(302, {"Location": "http://plain.test/x"})
        with ExitStack() as running:
            server = running.enter_context(answering(lambda _: away, authority.server_context("away.test")))
            with pytest.raises(OcibrokerError, match="from HTTPS to HTTP"):
                elsewhere.trusted(password).pull(elsewhere.push(f"https://away.test:{server.port}/x"))

    def test_one_with_a_password_is_not_asked_and_the_next_is(self, elsewhere: Elsewhere, password: str) -> None:
        url = elsewhere.url.replace("https://", "https://alice:wonder@")
        elsewhere.trusted(password).pull(elsewhere.push(url, elsewhere.url))
        assert (len(elsewhere.server.requests), elsewhere.server.saw("Authorization")) == (1, [])
        assert elsewhere.shop.everything == {"app.bin": BODY}

    def test_what_is_nowhere_is_not_found(self, elsewhere: Elsewhere) -> None:
        stocked = artifact(Blob(BODY, "app.bin"))
        with pytest.raises(NotFound):
            elsewhere.shop.pull(elsewhere.shop.push(type(stocked)(stocked.manifest, blobs=stocked.blobs[:1])))
