"""What everybody may have: fetched from any host over HTTPS, with that host's own trust and nobody's credential."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from ocibroker import Anonymous, Basic, Target
from ocibroker.errors import ConnectionFailed, OcibrokerError, OriginRefused, RegistryRefused, TLSFailed, UsageError
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from tests.transport.answering_server import AnsweringServer, answering, by_path
from tests.transport.brokers import Desk, rule
from tests.transport.canary import Canary

HOST, OTHER = "registry.test", "files.test"


@dataclass(frozen=True)
class Place:
    """A private registry, and a server on another host."""

    registry: EmbeddedRegistry
    other: AnsweringServer
    desk: Desk
    canary: Canary

    @property
    def url(self) -> str:
        return f"https://{OTHER}:{self.other.port}"

    def client(self, **settings: object) -> httpx.Client:
        text = rule(self.registry.address, password=self.canary.ascii.reveal())
        access = self.desk.broker(text).access(f"{self.registry.address}/app")
        assert isinstance(access.credential, Basic)
        return access.public_client(**settings)


@pytest.fixture
def place(authority: Authority, desk: Desk) -> Iterator[Place]:
    canary = Canary()
    answers = {
        "/here": CannedResponse(200, {"Set-Cookie": "session=1"}, b"here"),
        "/on": CannedResponse(302, {"Location": "/here"}),
        "/down": CannedResponse(302, {"Location": f"http://{OTHER}/here"}),
        "/metadata": CannedResponse(302, {"Location": "https://169.254.169.254/"}),
        "/challenge": CannedResponse(401, {"WWW-Authenticate": f'Bearer realm="https://{HOST}/token",service="x"'}),
        "/basic": CannedResponse(401, {"WWW-Authenticate": 'Basic realm="x"'}),
    }
    users = {"alice": canary.ascii.reveal()}
    with (
        EmbeddedRegistry(tls=authority.server_context(HOST), users=users, host=HOST) as registry,
        answering(by_path(answers), authority.server_context(OTHER)) as other,
    ):
        yield Place(registry, other, desk, canary)


class TestPublicClient:
    @pytest.mark.parametrize("path", ["/here", "/on", "/challenge", "/basic", "/missing"])
    def test_no_credential_goes_along_whatever_the_host_asks_for(self, place: Place, path: str) -> None:
        headers = {"Authorization": f"Bearer {place.canary.ascii.reveal()}", "X-Token": place.canary.ascii.reveal()}
        with place.client(headers=headers) as http:
            http.get(place.url + "/here")
            http.get(place.url + path)
        assert place.canary.hits(repr([one.headers for one in place.other.requests])) == []
        assert place.other.saw("Authorization") == place.other.saw("X-Token") == place.other.saw("Cookie") == []
        assert len(place.registry.requests) == 0

    def test_not_even_to_the_registry_itself(self, place: Place) -> None:
        with place.client() as http:
            assert http.get(f"{place.registry.url}/v2/").status_code == 401
        assert [one.headers.get("Authorization") for one in place.registry.requests] == [None]

    def test_a_challenge_is_not_answered(self, place: Place) -> None:
        with place.client() as http:
            assert http.get(f"{place.url}/challenge").status_code == 401
        assert len(place.other.requests) == 1

    def test_a_range_goes_along(self, place: Place) -> None:
        with place.client() as http:
            http.get(f"{place.url}/on", headers={"Range": "bytes=5-"})
        assert place.other.saw("Range") == ["bytes=5-"] * 2

    @pytest.mark.parametrize(
        "url",
        [
            "http://files.test/x",
            "https://169.254.169.254/",
            "https://100.100.100.200/",
            "https://[fd00:ec2::254]/",
            "https://0.0.0.0/",
            "https://alice:wonder@files.test/x",
            "https://alice@files.test/x",
            "ftp://files.test/x",
            "file:///etc/passwd",
            "/relative",
        ],
    )
    def test_what_is_no_download_over_https_is_refused(self, place: Place, url: str) -> None:
        with place.client() as http, pytest.raises(OriginRefused):
            http.get(url)

    @pytest.mark.parametrize("path", ["/down", "/metadata"])
    def test_a_redirect_there_is_refused(self, place: Place, path: str) -> None:
        with place.client() as http, pytest.raises(OcibrokerError, match="redirects to"):
            http.get(place.url + path)

    def test_a_host_is_trusted_by_its_own_entry(self, place: Place) -> None:
        stranger = Authority()
        with answering(by_path({}), stranger.server_context("strange.test")) as server:
            with place.client() as http, pytest.raises(TLSFailed):
                http.get(f"https://strange.test:{server.port}/")
            assert server.requests == []

    def test_its_settings_decide_neither_trust_nor_route(self, place: Place) -> None:
        with pytest.raises(UsageError, match="verify"):
            place.client(verify=False)

    def test_closing_it_leaves_the_brokers_connections(self, place: Place) -> None:
        text = rule(place.registry.address, password=place.canary.ascii.reveal())
        access = place.desk.broker(text).access(f"{place.registry.address}/app")
        access.public_client().close()
        with access.client() as http:
            assert http.get("/v2/").status_code == 200


class TestPresent:
    def test_a_credential_of_the_callers_own_is_used_and_no_provider_asked(self, place: Place) -> None:
        broker = place.desk.broker(rule(place.registry.address, password="another"))
        access = broker.present(f"{place.registry.address}/app", Basic(username="alice", secret=place.canary.ascii))
        with access.client() as http:
            assert http.get("/v2/").status_code == 200
        assert (access.provider, access.why) == (None, "the caller's own")

    def test_nothing_of_it_is_remembered(self, place: Place) -> None:
        broker = place.desk.broker(rule(place.registry.address, password="another"))
        target = f"{place.registry.address}/app"
        broker.present(target, Basic(username="alice", secret=place.canary.ascii))
        credential = broker.access(target).credential
        assert isinstance(credential, Basic)
        assert credential.secret.reveal() == "another"

    def test_one_that_the_registry_refuses_is_an_error_and_not_tried_for_ever(self, place: Place) -> None:
        broker = place.desk.broker()
        wrong = Basic(username="alice", secret=Canary().ascii)
        with (
            broker.present(f"{place.registry.address}/app", wrong).client() as http,
            pytest.raises(RegistryRefused),
        ):
            http.get("/v2/")
        sent = [one for one in place.registry.requests if "Authorization" in one.headers]
        assert len(sent) <= 2

    def test_it_is_bound_to_its_origin_like_any_other(self, place: Place) -> None:
        broker = place.desk.broker()
        access = broker.present(f"{place.registry.address}/app", Basic(username="alice", secret=place.canary.ascii))
        with access.client() as http, pytest.raises(OriginRefused):
            http.get(f"{place.url}/here")
        assert place.other.requests == []

    def test_it_may_be_nobodys(self, place: Place) -> None:
        broker = place.desk.broker(rule(place.registry.address))
        access = broker.present(f"{place.registry.address}/app", Anonymous(reason="to see what it says"))
        with access.client() as http, pytest.raises(RegistryRefused):
            http.get("/v2/")
        assert all("Authorization" not in one.headers for one in place.registry.requests)

    def test_a_closed_broker_gives_none(self, place: Place) -> None:
        broker = place.desk.broker()
        broker.close()
        with pytest.raises(UsageError, match="closed"):
            broker.present(place.registry.address, Anonymous(reason="closed"))

    def test_plain_http_is_allowed_by_an_entry_only(self, place: Place) -> None:
        with pytest.raises(ConnectionFailed, match="plain HTTP is not allowed"):
            place.desk.broker().present(Target.from_url("http://x.test/app"), Anonymous(reason="nobody"))
