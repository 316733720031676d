"""One table of checks against every registry: the embedded one and Debian's, with passwords and with tokens."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest

from ocibroker import Anonymous
from ocibroker.errors import RealmRefused, RegistryRefused
from ocibroker.testing import EmbeddedRegistry
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.chart import chart
from tests.e2e.served import Served

REGISTRIES = ["embedded-basic", "embedded-token", "docker-registry-htpasswd", "docker-registry-token"]


@pytest.fixture(params=REGISTRIES)
def served(request: pytest.FixtureRequest, authority: Authority, account: Account) -> Iterator[Served]:
    kind, _, auth = request.param.rpartition("-")
    if kind == "embedded":
        yield from embedded(auth, authority, account)
    else:
        yield Served.of(request.getfixturevalue(f"registry_{auth}"))


def embedded(auth: str, authority: Authority, account: Account) -> Iterator[Served]:
    context, artifact = authority.issue("registry.test").server_context(), chart()
    users = {account.username: account.password}
    mode: Literal["basic", "token"] = "token" if auth == "token" else "basic"
    with EmbeddedRegistry(tls=context, users=users, auth=mode, host="registry.test") as registry:
        blobs, manifest = [artifact.config.content, artifact.layer.content], artifact.manifest
        registry.push(artifact.repository, artifact.tag, manifest.content, manifest.media_type, blobs)
        yield Served(registry.address, account, authority.bundle, artifact)


Check = Callable[[httpx.Client, Served], None]


def names_its_tags(http: httpx.Client, served: Served) -> None:
    answer = http.get(f"/v2/{served.chart.repository}/tags/list")
    assert answer.json() == {"name": served.chart.repository, "tags": [served.chart.tag]}


def gives_the_manifest_by_tag(http: httpx.Client, served: Served) -> None:
    answer = manifest(http, served, served.chart.tag)
    assert (answer.content, answer.headers["docker-content-digest"]) == (
        served.chart.manifest.content,
        served.chart.digest,
    )


def gives_the_manifest_by_digest(http: httpx.Client, served: Served) -> None:
    assert manifest(http, served, served.chart.digest).content == served.chart.manifest.content


def gives_a_blob(http: httpx.Client, served: Served) -> None:
    assert http.get(blob(served)).content == served.chart.layer.content


def gives_the_rest_of_a_blob(http: httpx.Client, served: Served) -> None:
    answer = http.get(blob(served), headers={"Range": "bytes=10-"})
    assert (answer.status_code, answer.content) == (206, served.chart.layer.content[10:])


def knows_the_size_of_a_blob(http: httpx.Client, served: Served) -> None:
    answer = http.head(blob(served))
    assert (answer.status_code, int(answer.headers["content-length"])) == (200, len(served.chart.layer.content))


def says_that_a_manifest_is_missing(http: httpx.Client, served: Served) -> None:
    answer = manifest(http, served, "9.9.9")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")


CHECKS: tuple[Check, ...] = (
    names_its_tags,
    gives_the_manifest_by_tag,
    gives_the_manifest_by_digest,
    gives_a_blob,
    gives_the_rest_of_a_blob,
    knows_the_size_of_a_blob,
    says_that_a_manifest_is_missing,
)


def manifest(http: httpx.Client, served: Served, reference: str) -> httpx.Response:
    headers = {"Accept": served.chart.manifest.media_type}
    return http.get(f"/v2/{served.chart.repository}/manifests/{reference}", headers=headers)


def blob(served: Served) -> str:
    return f"/v2/{served.chart.repository}/blobs/{served.chart.layer.digest}"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_librarys_client_reads(check: Check, served: Served, tmp_path: Path) -> None:
    with served.broker(tmp_path) as broker:
        access = broker.access(f"{served.address}/{served.chart.repository}")
        with access.client() as http:
            check(http, served)


def test_the_asynchronous_client_reads_the_same(served: Served, tmp_path: Path) -> None:
    async def read() -> bytes:
        with served.broker(tmp_path) as broker:
            access = await broker.access_async(f"{served.address}/{served.chart.repository}")
            async with access.async_client() as http:
                return (await http.get(blob(served))).content

    assert asyncio.run(read()) == served.chart.layer.content


def test_what_is_pushed_in_a_stream_comes_back(served: Served, tmp_path: Path) -> None:
    content = hashlib.sha256(served.address.encode()).digest() * 1024
    with served.broker(tmp_path) as broker:
        access = broker.access(f"{served.address}/{served.chart.repository}", actions=("pull", "push"))
        with access.client() as http:
            started = http.post(f"/v2/{served.chart.repository}/blobs/uploads/")
            place = httpx.URL(started.headers["location"]).copy_merge_params({"digest": digest(content)})
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(content))}
            stored = http.put(place, content=iter([content[:5000], content[5000:]]), headers=headers)
            back = http.get(f"/v2/{served.chart.repository}/blobs/{digest(content)}")
    assert (started.status_code, stored.status_code, back.content) == (202, 201, content)


def test_a_wrong_password_is_refused_in_words(served: Served, tmp_path: Path) -> None:
    with served.broker(tmp_path, password="wrong") as broker:
        access = broker.access(f"{served.address}/{served.chart.repository}")
        with (
            access.client() as http,
            pytest.raises(RegistryRefused, match="credential of provider basic") as caught,
        ):
            http.get(blob(served))
    assert "check the user, the password" in caught.value.hint


@pytest.mark.acceptance(20)
def test_a_withheld_credential_is_told_apart_from_a_refused_one(served: Served, tmp_path: Path) -> None:
    # A registry with its token endpoint elsewhere is not even asked there: no rule lists that endpoint.
    error, words = (RealmRefused, "not trusted") if served.realms else (RegistryRefused, "none was sent: no rule")
    with served.broker(tmp_path, known=False) as broker:
        access = broker.access(f"{served.address}/{served.chart.repository}")
        assert isinstance(access.credential, Anonymous)
        with access.client() as http, pytest.raises(error, match=words):
            http.get(blob(served))
