"""The embedded registry answers as the specifications say; httpx is the client."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry, Issued, chart

ALICE = {"alice": "wonder"}
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
Client = Callable[[EmbeddedRegistry], httpx.Client]


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.server_context("localhost", "127.0.0.1")


@pytest.fixture
def client(authority: Authority) -> Iterator[Client]:
    context = ssl.create_default_context(cadata=authority.pem)
    with httpx.Client(verify=context, trust_env=False) as unbound:

        def bind(registry: EmbeddedRegistry) -> httpx.Client:
            unbound.base_url = httpx.URL(registry.url)
            return unbound

        yield bind


@pytest.fixture
def registry(tls: ssl.SSLContext) -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry(tls=tls) as running:
        yield running


@pytest.fixture
def http(registry: EmbeddedRegistry, client: Client) -> httpx.Client:
    return client(registry)


def bearer(client: httpx.Client, *scopes: str, user: str = "alice", password: str = "wonder") -> dict[str, str]:
    answer = client.get("/token", params={"service": "x", "scope": list(scopes)}, auth=(user, password))
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['token']}"}


def refused(response: httpx.Response, status: int, code: str) -> bool:
    return response.status_code == status and response.json()["errors"][0]["code"] == code


class TestBlobs:
    def test_a_monolithic_post_is_read_back(self, http: httpx.Client) -> None:
        digest = sha256(b"hello")
        pushed = http.post("/v2/team/app/blobs/uploads/", params={"digest": digest}, content=b"hello")
        assert (pushed.status_code, pushed.headers["Docker-Content-Digest"]) == (201, digest)
        pulled = http.get(pushed.headers["Location"])
        assert (pulled.content, pulled.headers["Docker-Content-Digest"]) == (b"hello", digest)

    def test_head_says_how_long_the_blob_is_and_sends_none(
        self, registry: EmbeddedRegistry, http: httpx.Client
    ) -> None:
        registry.push("app", "1", b"{}", MANIFEST_TYPE, [b"hello"])
        answer = http.head(f"/v2/app/blobs/{sha256(b'hello')}")
        assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "5", b"")

    def test_post_then_put(self, http: httpx.Client) -> None:
        session = http.post("/v2/app/blobs/uploads/")
        assert session.status_code == 202
        put = http.put(session.headers["Location"], params={"digest": sha256(b"hello")}, content=b"hello")
        assert put.status_code == 201
        assert http.get(put.headers["Location"]).content == b"hello"
        assert refused(http.get(session.headers["Location"]), 404, "BLOB_UPLOAD_UNKNOWN")

    def test_chunks_arrive_in_order_or_are_refused(self, http: httpx.Client) -> None:
        where = http.post("/v2/app/blobs/uploads/").headers["Location"]
        first = http.patch(where, content=b"hel", headers={"Content-Range": "0-2"})
        assert (first.status_code, first.headers["Range"]) == (202, "0-2")
        skipping = http.patch(where, content=b"lo", headers={"Content-Range": "4-5"})
        assert refused(skipping, 416, "BLOB_UPLOAD_INVALID")
        assert skipping.headers["Range"] == "0-2"
        http.patch(where, content=iter([b"l", b"o"]), headers={"Content-Range": "3-4"})  # chunked coding
        assert (http.get(where).status_code, http.get(where).headers["Range"]) == (204, "0-4")
        assert http.put(where, params={"digest": sha256(b"hello")}).status_code == 201

    def test_an_upload_is_cancelled(self, http: httpx.Client) -> None:
        where = http.post("/v2/app/blobs/uploads/").headers["Location"]
        assert http.delete(where).status_code == 204
        assert refused(http.put(where, content=b""), 404, "BLOB_UPLOAD_UNKNOWN")

    @pytest.mark.parametrize("digest", [sha256(b"other"), "sha256:short", "md5:x", ""])
    def test_a_wrong_digest_is_refused(self, http: httpx.Client, digest: str) -> None:
        where = http.post("/v2/app/blobs/uploads/").headers["Location"]
        assert refused(http.put(where, params={"digest": digest}, content=b"hello"), 400, "DIGEST_INVALID")

    def test_sha512(self, http: httpx.Client) -> None:
        digest = f"sha512:{hashlib.sha512(b'hello').hexdigest()}"
        http.post("/v2/app/blobs/uploads/", params={"digest": digest}, content=b"hello")
        assert http.get(f"/v2/app/blobs/{digest}").content == b"hello"

    @pytest.mark.parametrize(
        ("asked", "content", "span"),
        [
            ("bytes=0-1", b"he", "bytes 0-1/5"),
            ("bytes=3-", b"lo", "bytes 3-4/5"),
            ("bytes=-2", b"lo", "bytes 3-4/5"),
            ("bytes=1-99", b"ello", "bytes 1-4/5"),
        ],
    )
    def test_a_range(
        self, registry: EmbeddedRegistry, http: httpx.Client, asked: str, content: bytes, span: str
    ) -> None:
        registry.push("app", "1", b"{}", MANIFEST_TYPE, [b"hello"])
        part = http.get(f"/v2/app/blobs/{sha256(b'hello')}", headers={"Range": asked})
        assert (part.status_code, part.content, part.headers["Content-Range"]) == (206, content, span)

    @pytest.mark.parametrize(("asked", "status"), [("bytes=5-", 416), ("bytes=-", 200), ("lines=1-2", 200)])
    def test_a_range_that_is_none(
        self, registry: EmbeddedRegistry, http: httpx.Client, asked: str, status: int
    ) -> None:
        registry.push("app", "1", b"{}", MANIFEST_TYPE, [b"hello"])
        assert http.get(f"/v2/app/blobs/{sha256(b'hello')}", headers={"Range": asked}).status_code == status

    def test_a_blob_is_mounted_or_else_an_upload_begins(
        self, registry: EmbeddedRegistry, http: httpx.Client
    ) -> None:
        registry.push("one", "1", b"{}", MANIFEST_TYPE, [b"hello"])
        digest = sha256(b"hello")
        assert refused(http.get(f"/v2/two/blobs/{digest}"), 404, "NAME_UNKNOWN")
        elsewhere = {"mount": digest, "from": "three"}
        assert http.post("/v2/two/blobs/uploads/", params=elsewhere).status_code == 202
        mounted = http.post("/v2/two/blobs/uploads/", params={"mount": digest, "from": "one"})
        assert mounted.status_code == 201
        assert http.get(mounted.headers["Location"]).content == b"hello"

    def test_a_deleted_blob_is_unknown(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        registry.push("app", "1", b"{}", MANIFEST_TYPE, [b"hello"])
        where = f"/v2/app/blobs/{sha256(b'hello')}"
        assert http.delete(where).status_code == 202
        assert refused(http.get(where), 404, "BLOB_UNKNOWN")


class TestCuts:
    @pytest.fixture
    def blob(self, registry: EmbeddedRegistry) -> str:
        registry.push("app", "1", b"{}", MANIFEST_TYPE, [b"0123456789"])
        return f"/v2/app/blobs/{sha256(b'0123456789')}"

    def test_each_ends_one_answer_and_its_connection(
        self, registry: EmbeddedRegistry, http: httpx.Client, blob: str
    ) -> None:
        registry.cuts[:] = [4, 0]
        with http.stream("GET", blob) as answer:
            parts = answer.iter_raw()
            assert (next(parts), answer.headers["content-length"]) == (b"0123", "10")
            with pytest.raises(httpx.RemoteProtocolError):
                next(parts)
        with pytest.raises(httpx.RemoteProtocolError):
            http.get(blob)
        assert http.get(blob).content == b"0123456789"

    def test_only_what_carries_a_blob_uses_one_up(
        self, registry: EmbeddedRegistry, http: httpx.Client, blob: str
    ) -> None:
        registry.cuts[:] = [4]
        http.head(blob)
        http.get("/v2/app/manifests/1")
        http.get(f"/v2/app/blobs/{sha256(b'other')}")
        assert registry.cuts == [4]

    def test_one_that_is_longer_than_the_body_cuts_nothing(
        self, registry: EmbeddedRegistry, http: httpx.Client, blob: str
    ) -> None:
        registry.cuts[:] = [10]
        assert (http.get(blob).content, registry.cuts) == (b"0123456789", [])


class TestManifests:
    def test_push_by_tag_pull_by_digest(self, http: httpx.Client) -> None:
        content = json.dumps({"schemaVersion": 2}).encode()
        pushed = http.put("/v2/app/manifests/1.0", content=content, headers={"Content-Type": "application/x"})
        digest = pushed.headers["Docker-Content-Digest"]
        assert (pushed.status_code, digest) == (201, sha256(content))
        pulled = http.get(f"/v2/app/manifests/{digest}")
        assert (pulled.content, pulled.headers["Content-Type"]) == (content, "application/x")
        assert http.head("/v2/app/manifests/1.0").headers["Docker-Content-Digest"] == digest

    def test_without_a_content_type_the_manifest_names_its_own(self, http: httpx.Client) -> None:
        http.put("/v2/app/manifests/1.0", content=b'{"mediaType": "application/y"}')
        assert http.get("/v2/app/manifests/1.0").headers["Content-Type"] == "application/y"

    @pytest.mark.parametrize(
        ("path", "content", "code"),
        [
            ("/v2/app/manifests/1.0", b"garbage", "MANIFEST_INVALID"),
            ("/v2/app/manifests/-bad", b"{}", "MANIFEST_INVALID"),
            (f"/v2/app/manifests/{sha256(b'other')}", b"{}", "DIGEST_INVALID"),
            ("/v2/App/manifests/1.0", b"{}", "NAME_INVALID"),
        ],
    )
    def test_what_is_wrong_is_refused(self, http: httpx.Client, path: str, content: bytes, code: str) -> None:
        assert refused(http.put(path, content=content), 400, code)

    def test_delete_by_tag_and_by_digest(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        digest = registry.push("app", "1", b"{}", MANIFEST_TYPE)
        registry.push("app", "2", b"{}", MANIFEST_TYPE)
        assert http.delete("/v2/app/manifests/1").status_code == 202
        assert refused(http.get("/v2/app/manifests/1"), 404, "MANIFEST_UNKNOWN")
        assert http.delete(f"/v2/app/manifests/{digest}").status_code == 202
        assert refused(http.get("/v2/app/manifests/2"), 404, "MANIFEST_UNKNOWN")


class TestListings:
    def test_tags_by_pages(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        for tag in ("c", "a", "b"):
            registry.push("team/app", tag, b"{}", MANIFEST_TYPE)
        assert http.get("/v2/team/app/tags/list").json() == {"name": "team/app", "tags": ["a", "b", "c"]}
        page = http.get("/v2/team/app/tags/list?n=2")
        assert page.json()["tags"] == ["a", "b"]
        rest = http.get(page.links["next"]["url"])
        assert (rest.json()["tags"], rest.links) == (["c"], {})

    @pytest.mark.parametrize(("n", "status"), [("0", 200), ("x", 400), ("-1", 400)])
    def test_page_sizes(self, registry: EmbeddedRegistry, http: httpx.Client, n: str, status: int) -> None:
        registry.push("app", "1", b"{}", MANIFEST_TYPE)
        assert http.get("/v2/app/tags/list", params={"n": n}).status_code == status

    def test_the_catalogue(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        registry.push("b", "1", b"{}", MANIFEST_TYPE)
        registry.push("a", "1", b"{}", MANIFEST_TYPE)
        assert http.get("/v2/_catalog").json() == {"repositories": ["a", "b"]}

    def test_unknown_paths_and_methods(self, http: httpx.Client) -> None:
        assert refused(http.get("/v2/app/tags/list"), 404, "NAME_UNKNOWN")
        assert refused(http.get("/elsewhere"), 404, "NAME_UNKNOWN")
        assert refused(http.put("/v2/"), 405, "UNSUPPORTED")


class TestBasic:
    @pytest.fixture
    def registry(self, tls: ssl.SSLContext) -> Iterator[EmbeddedRegistry]:
        with EmbeddedRegistry(tls=tls, users=ALICE, realm="looking-glass") as running:
            yield running

    def test_the_challenge(self, http: httpx.Client) -> None:
        answer = http.get("/v2/")
        assert refused(answer, 401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="looking-glass"'

    def test_the_right_password_only(self, http: httpx.Client) -> None:
        assert http.get("/v2/", auth=("alice", "wonder")).status_code == 200
        assert http.get("/v2/", auth=("alice", "wrong")).status_code == 401
        assert http.get("/v2/", auth=("bob", "wonder")).status_code == 401

    @pytest.mark.parametrize("header", ["Basic %", "Basic /w==", "Bearer x"])
    def test_garbage_is_refused(self, http: httpx.Client, header: str) -> None:
        assert http.get("/v2/", headers={"Authorization": header}).status_code == 401

    def test_a_rotated_password(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        registry.rotate("alice", "new")
        assert http.get("/v2/", auth=("alice", "wonder")).status_code == 401
        assert http.get("/v2/", auth=("alice", "new")).status_code == 200
        with pytest.raises(KeyError):
            registry.rotate("bob", "new")

    def test_there_is_no_token_endpoint(self, http: httpx.Client) -> None:
        assert http.get("/token", auth=("alice", "wonder")).status_code == 404

    def test_auth_none_asks_nobody(self, tls: ssl.SSLContext, client: Client) -> None:
        with EmbeddedRegistry(tls=tls, users=ALICE, auth="none") as registry:
            assert client(registry).get("/v2/").status_code == 200


class TestToken:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def registry(self, tls: ssl.SSLContext, clock: Clock) -> Iterator[EmbeddedRegistry]:
        identity = {"identity": "alice"}
        with EmbeddedRegistry(
            tls=tls, users=ALICE, auth="token", refresh_tokens=identity, clock=clock, token_life=60
        ) as running:
            running.push("team/app", "1", b"{}", MANIFEST_TYPE)
            yield running

    def test_the_challenge_names_realm_service_and_scope(
        self, registry: EmbeddedRegistry, http: httpx.Client
    ) -> None:
        address = registry.address
        expected = f'Bearer realm="https://{address}/token",service="{address}"'
        assert http.get("/v2/").headers["WWW-Authenticate"] == expected
        pull = http.get("/v2/team/app/manifests/1")
        assert pull.headers["WWW-Authenticate"] == f'{expected},scope="repository:team/app:pull"'
        push = http.post("/v2/team/app/blobs/uploads/?mount=x&from=base")
        both = "repository:team/app:pull,push repository:base:pull"
        assert push.headers["WWW-Authenticate"] == f'{expected},scope="{both}"'

    def test_a_password_by_get(self, http: httpx.Client) -> None:
        scopes = ["repository:team/app:pull", "repository:other:pull"]
        answer = http.get("/token", params={"scope": scopes}, auth=("alice", "wonder")).json()
        assert answer["token"] == answer["access_token"]
        assert (answer["expires_in"], answer["issued_at"]) == (60, "2023-11-14T22:13:20Z")
        headers = {"Authorization": f"Bearer {answer['token']}"}
        assert http.get("/v2/team/app/manifests/1", headers=headers).content == b"{}"

    @pytest.mark.parametrize("auth", [None, ("alice", "wrong")])
    def test_nobody_else_gets_one(self, http: httpx.Client, auth: tuple[str, str] | None) -> None:
        assert refused(http.get("/token", auth=auth), 401, "UNAUTHORIZED")

    @pytest.mark.parametrize(
        "grant",
        [
            {"grant_type": "password", "username": "alice", "password": "wonder"},
            {"grant_type": "refresh_token", "refresh_token": "identity"},
        ],
        ids=lambda grant: grant["grant_type"],
    )
    def test_a_grant_by_post(self, http: httpx.Client, grant: dict[str, str]) -> None:
        scope = "repository:team/app:pull repository:other:push"
        answer = http.post("/token", data=grant | {"client_id": "me", "service": "x", "scope": scope}).json()
        headers = {"Authorization": f"Bearer {answer['access_token']}"}
        assert http.get("/v2/team/app/manifests/1", headers=headers).status_code == 200
        assert answer["scope"] == scope

    @pytest.mark.parametrize(
        ("form", "error"),
        [
            ({"grant_type": "password", "username": "alice", "password": "wonder"}, "invalid_request"),
            ({"client_id": "me", "grant_type": "authorization_code"}, "unsupported_grant_type"),
            ({"client_id": "me", "grant_type": "password", "username": "alice"}, "invalid_grant"),
            ({"client_id": "me", "grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
            (
                {"client_id": "me", "grant_type": "refresh_token", "refresh_token": "identity", "scope": "x"},
                "invalid_scope",
            ),
        ],
    )
    def test_a_post_that_is_refused(self, http: httpx.Client, form: dict[str, str], error: str) -> None:
        answer = http.post("/token", data=form)
        assert (answer.status_code, answer.json()["error"]) == (400, error)

    def test_an_offline_token_is_an_identity_token(self, http: httpx.Client) -> None:
        by_get = http.get("/token?offline_token=true", auth=("alice", "wonder")).json()
        password = {"grant_type": "password", "username": "alice", "password": "wonder"}
        by_post = http.post("/token", data=password | {"client_id": "me", "access_type": "offline"}).json()
        for answer in (by_get, by_post):
            grant = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"], "client_id": "me"}
            assert http.post("/token", data=grant).status_code == 200

    @pytest.mark.parametrize(
        ("method", "path", "scope"),
        [
            ("GET", "/v2/team/app/manifests/1", "repository:team/other:pull"),
            ("GET", "/v2/team/app/manifests/1", "repository:team/app:push"),
            ("POST", "/v2/team/app/blobs/uploads/", "repository:team/app:pull"),
            ("POST", "/v2/team/app/blobs/uploads/?mount=x&from=base", "repository:team/app:pull,push"),
            ("DELETE", "/v2/team/app/manifests/1", "repository:team/app:pull,push"),
            ("GET", "/v2/_catalog", "repository:team/app:pull"),
        ],
    )
    def test_a_scope_that_does_not_suffice(self, http: httpx.Client, method: str, path: str, scope: str) -> None:
        answer = http.request(method, path, headers=bearer(http, scope))
        assert answer.status_code == 401
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]

    def test_a_scope_that_suffices(self, http: httpx.Client) -> None:
        everything = bearer(http, "repository:team/app:*", "registry:catalog:*")
        assert http.delete("/v2/team/app/manifests/1", headers=everything).status_code == 202
        assert http.get("/v2/_catalog", headers=everything).status_code == 200

    def test_an_expired_token_is_refused(self, http: httpx.Client, clock: Clock) -> None:
        headers = bearer(http, "repository:team/app:pull")
        clock.now += 59
        assert http.get("/v2/team/app/manifests/1", headers=headers).status_code == 200
        clock.now += 1
        answer = http.get("/v2/team/app/manifests/1", headers=headers)
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]

    def test_a_revoked_token_is_refused(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        headers = bearer(http)
        assert http.get("/v2/", headers=headers).status_code == 200
        registry.revoke()
        assert http.get("/v2/", headers=headers).status_code == 401

    def test_a_password_does_not_open_the_registry_itself(self, http: httpx.Client) -> None:
        assert http.get("/v2/", auth=("alice", "wonder")).status_code == 401

    def test_a_registry_that_knows_no_post(self, tls: ssl.SSLContext, client: Client) -> None:
        with EmbeddedRegistry(tls=tls, users=ALICE, auth="token", post_grant=False) as registry:
            http = client(registry)
            assert refused(http.post("/token", data={"client_id": "me"}), 405, "UNSUPPORTED")
            assert "refresh_token" not in http.get("/token?offline_token=true", auth=("alice", "wonder")).json()
            assert http.get("/v2/", headers=bearer(http)).status_code == 200

    def test_a_public_registry_gives_anonymous_tokens(self, tls: ssl.SSLContext, client: Client) -> None:
        with EmbeddedRegistry(tls=tls, auth="token") as registry:
            http = client(registry)
            token = http.get("/token").json()["token"]
            assert http.get("/v2/", headers={"Authorization": f"Bearer {token}"}).status_code == 200
            assert http.get("/v2/").status_code == 401
            assert http.get("/token", auth=("alice", "wonder")).status_code == 401

    def test_a_hostile_realm(self, tls: ssl.SSLContext, client: Client) -> None:
        with EmbeddedRegistry(tls=tls, users=ALICE, auth="token", realm="https://evil.test/t") as registry:
            challenge = client(registry).get("/v2/").headers["WWW-Authenticate"]
        assert challenge.startswith('Bearer realm="https://evil.test/t",')


class TestRecord:
    def test_who_asked_what_with_which_credential(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        http.get("/v2/app/tags/list?n=1&x=a&x=b", auth=("alice", "wonder"))
        (seen,) = registry.requests
        assert (seen.method, seen.path, seen.status) == ("GET", "/v2/app/tags/list", 404)
        assert seen.query == {"n": ("1",), "x": ("a", "b")}
        assert seen.headers["AUTHORIZATION"].startswith("Basic ")
        assert "cookie" not in seen.headers
        assert not seen.client_certificate

    def test_repeated_fields(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        http.get("/v2/", headers=[("Accept", "a"), ("accept", "b")])
        headers = registry.requests[0].headers
        assert (headers["Accept"], headers.get_all("accept")) == ("a, b", ("a", "b"))
        assert len(headers) == len(list(headers))

    def test_only_the_token_endpoint_keeps_bodies(self, tls: ssl.SSLContext, client: Client) -> None:
        with EmbeddedRegistry(tls=tls, auth="token") as registry:
            client(registry).post("/token", data={"client_id": "me"})
            client(registry).post("/v2/app/blobs/uploads/", content=b"hello")
        assert [seen.body for seen in registry.requests[:]] == [b"client_id=me", b""]

    def test_take_forgets(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        http.get("/v2/")
        assert [seen.path for seen in registry.requests.take()] == ["/v2/"]
        assert len(registry.requests) == 0


class TestHostileAnswers:
    def test_a_redirect_below_a_path(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        registry.redirects["/v2/app"] = "https://short.test"
        registry.redirects["/v2/app/blobs/"] = "https://cdn.test/b/"
        answer = http.get("/v2/app/blobs/sha256:x?q=1")
        assert (answer.status_code, answer.headers["Location"]) == (307, "https://cdn.test/b/sha256:x?q=1")
        registry.redirect_status = 302
        assert http.head("/v2/app").status_code == 302
        assert http.get("/v2/application/tags/list").status_code == 404
        assert http.post("/v2/app/blobs/uploads/").status_code == 202

    def test_a_redirect_follows_admission(self, tls: ssl.SSLContext, client: Client) -> None:
        elsewhere = {"/v2/": "https://cdn.test/"}
        with EmbeddedRegistry(tls=tls, users=ALICE, redirects=elsewhere) as registry:
            assert client(registry).get("/v2/x").status_code == 401
            assert client(registry).get("/v2/x", auth=("alice", "wonder")).status_code == 307

    def test_a_token_endpoint_that_redirects(self, tls: ssl.SSLContext, client: Client) -> None:
        elsewhere = {"/token": "https://evil.test/token"}
        with EmbeddedRegistry(tls=tls, users=ALICE, auth="token", redirects=elsewhere) as registry:
            assert client(registry).get("/token?a=b").headers["Location"] == "https://evil.test/token?a=b"

    def test_a_canned_response_comes_before_everything(self, tls: ssl.SSLContext, client: Client) -> None:
        challenges = {"WWW-Authenticate": ("Negotiate", 'Basic realm="x"')}
        canned = {"/v2/": CannedResponse(418, challenges, b"teapot")}
        with EmbeddedRegistry(tls=tls, users=ALICE, responses=canned) as registry:
            answer = client(registry).get("/v2/")
        assert (answer.status_code, answer.content) == (418, b"teapot")
        assert answer.headers.get_list("WWW-Authenticate") == ["Negotiate", 'Basic realm="x"']
        assert registry.requests[0].status == 418

    def test_a_body_that_is_cut_short(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        registry.responses["/v2/"] = CannedResponse(headers={"content-length": "10"}, body=b"short")
        with pytest.raises(httpx.RemoteProtocolError):
            http.get("/v2/")
        registry.responses["/v2/"] = CannedResponse(204)
        assert http.get("/v2/").status_code == 204


class TestConnections:
    def test_plain_http(self) -> None:
        with EmbeddedRegistry(host="127.0.0.1") as registry:
            assert registry.url == f"http://127.0.0.1:{registry.port}"
            assert httpx.get(f"{registry.url}/v2/", trust_env=False).json() == {}

    def test_a_connection_serves_many_requests(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        used = {id(http.get("/v2/").extensions["network_stream"]) for _ in range(3)}
        assert len(used) == 1

    def test_a_client_certificate_is_demanded(self, authority: Authority, tmp_path: Path) -> None:
        clients = Authority()
        context = ssl.create_default_context(cadata=authority.pem)
        with EmbeddedRegistry(tls=authority.server_context("localhost", client_authority=clients)) as registry:
            with (
                httpx.Client(verify=context, trust_env=False) as bare,
                pytest.raises(httpx.ReadError, match="CERTIFICATE_REQUIRED"),
            ):
                bare.get(f"{registry.url}/v2/")
            context.load_cert_chain(*clients.issue("me@example.com").write(tmp_path))
            with httpx.Client(verify=context, trust_env=False) as certified:
                assert certified.get(f"{registry.url}/v2/").status_code == 200
        (seen,) = registry.requests
        assert seen.client_certificate

    @pytest.mark.parametrize("first", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01"])
    def test_a_failing_handshake_harms_nobody(
        self, registry: EmbeddedRegistry, http: httpx.Client, first: bytes, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with socket.create_connection(("127.0.0.1", registry.port)) as silent:
            silent.sendall(first)
            assert http.get("/v2/").status_code == 200
        assert capfd.readouterr() == ("", "")

    def test_an_unknown_authority_is_the_clients_error(self, registry: EmbeddedRegistry) -> None:
        context = ssl.create_default_context(cadata=Authority().pem)
        with (
            httpx.Client(verify=context, trust_env=False) as client,
            pytest.raises(httpx.ConnectError, match="verify"),
        ):
            client.get(f"{registry.url}/v2/")

    @pytest.mark.parametrize(
        "sent",
        [
            b"Content-Length: 9\r\n\r\nfour",
            b"Transfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n9\r\nfour",
        ],
    )
    def test_a_client_that_leaves_in_the_middle(self, capfd: pytest.CaptureFixture[str], sent: bytes) -> None:
        with EmbeddedRegistry() as registry:
            with socket.create_connection(("127.0.0.1", registry.port)) as leaving:
                leaving.sendall(b"POST /v2/app/blobs/uploads/ HTTP/1.1\r\n" + sent)
                leaving.shutdown(socket.SHUT_WR)
                assert leaving.recv(4096) == b""
            with socket.create_connection(("127.0.0.1", registry.port)) as garbage:
                garbage.sendall(b"garbage\r\n\r\n")
                assert b"400" in garbage.recv(4096)
        assert capfd.readouterr() == ("", "")
        assert len(registry.requests) == 0

    def test_the_end_closes_what_clients_keep_alive(self, registry: EmbeddedRegistry, http: httpx.Client) -> None:
        http.get("/v2/")
        threads = threading.active_count()
        with EmbeddedRegistry() as other, httpx.Client(base_url=other.url, trust_env=False) as kept:
            kept.get("/v2/")
            other.__exit__(None, None, None)
            assert threading.active_count() == threads
            with pytest.raises(httpx.TransportError):
                kept.get("/v2/")

    def test_there_is_no_port_before_it_runs(self) -> None:
        with pytest.raises(RuntimeError, match="with block"):
            _ = EmbeddedRegistry().url


class TestAuthority:
    def test_an_expired_certificate(self, authority: Authority) -> None:
        context = ssl.create_default_context(cadata=authority.pem)
        with (
            EmbeddedRegistry(tls=authority.issue("localhost", expired=True).server_context()) as registry,
            httpx.Client(verify=context, trust_env=False) as client,
            pytest.raises(httpx.ConnectError, match="expired"),
        ):
            client.get(f"{registry.url}/v2/")

    def test_the_files(self, authority: Authority, tmp_path: Path) -> None:
        assert authority.write(tmp_path / "ca") == tmp_path / "ca" / "ca.pem"
        issued = authority.issue("localhost")
        certificate, key = issued.write(tmp_path / "leaf")
        assert (certificate.read_text(), key.read_text()) == (issued.certificate, issued.key)
        assert key.stat().st_mode & 0o777 == 0o600

    def test_the_key_is_not_shown(self) -> None:
        assert "PRIVATE" not in repr(Issued("PUBLIC", "PRIVATE"))


def test_a_chart_is_the_same_each_time_and_is_pushed_directly(
    registry: EmbeddedRegistry, http: httpx.Client
) -> None:
    demo = chart("demo", "1.0.0+1")
    assert demo == chart("demo", "1.0.0+1")
    assert registry.push("charts/demo", demo.tag, demo.manifest, demo.media_type, demo.blobs) == demo.digest
    layer = http.get("/v2/charts/demo/manifests/1.0.0_1").json()["layers"][0]
    assert http.get(f"/v2/charts/demo/blobs/{layer['digest']}").content == demo.layer
