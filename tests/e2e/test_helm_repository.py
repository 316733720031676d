"""A Helm repository behind nginx, with TLS and Basic authentication: what Helm fetches from it, and what we do."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from ocibroker import Broker
from ocibroker.bundle import ChartSource, Link, LocalSource, Terms, read
from ocibroker.errors import InvalidTarget, NotFound
from ocibroker.testing.chart import chart
from tests.bundle.readings import files_of
from tests.e2e import nginx
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.clients import Completed
from tests.e2e.nginx import Nginx
from tests.e2e.requirement import loopback
from tests.e2e.test_helm_versions import CHANGED, VERSIONS, WANTED
from tests.e2e.workstation import Workstation
from tests.settled import settled

pytestmark = pytest.mark.e2e

ALICE: Final = Account("alice", "correct horse: battery staple")
BOB: Final = Account("bob", "bobs-own")

_RULES: Final = """
[[tls]]
match = "{host}"
ca = ["{ca}"]

[[registry]]
match = "{host}/stable"
provider = "basic"
options = {{ username = "alice", password = "{alice}" }}

[[registry]]
match = "{host}/other"
provider = "basic"
options = {{ username = "bob", password = "{bob}" }}
"""


@dataclass(frozen=True)
class Shelf:
    """Two repositories of one server, each for an account of its own."""

    server: Nginx
    authority: Authority

    def url(self, repository: str = "stable") -> str:
        return f"{self.server.url}/{repository}"

    def stock(self, repository: str, name: str, versions: Sequence[str], base: str = "") -> None:
        """Put charts and the index that Helm makes of them there."""
        folder = self.server.root / repository
        folder.mkdir(exist_ok=True)
        for version in versions:
            (folder / f"{name}-{version}.tgz").write_bytes(chart(name, version).layer)
        options = [f"--url={base}"] if base else []
        home = Workstation.create(folder / ".home", settings={}, helpers={})
        home.run("helm", "repo", "index", str(folder), *options).check_returncode()

    def broker(self, folder: Path) -> Broker:
        path = folder / "ocibroker.toml"
        path.touch(mode=0o600)
        host = f"{nginx.NAMES[0]}:{self.server.port}"
        path.write_text(_RULES.format(host=host, ca=self.authority.bundle, alice=ALICE.password, bob=BOB.password))
        return Broker.from_config(path, environ={"HOME": str(folder)}, route=lambda _, port: ("127.0.0.1", port))

    def helm(self, home: Path, *argv: str, account: Account = ALICE) -> Completed:
        station = Workstation.create(home, settings={}, helpers={})
        known = [f"--username={account.username}", f"--password={account.password}"]
        return station.run("helm", *argv, f"--ca-file={self.authority.bundle}", *known)


@pytest.fixture(scope="module")
def shelf(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    loopback(nginx.NAMES[0])
    folder = tmp_path_factory.mktemp("nginx")
    with nginx.serving(authority, folder, {"/stable/": ALICE, "/other/": BOB}) as server:
        made = Shelf(server, authority)
        made.stock("stable", "app", ["1.0.0", "1.2.0", "1.2.0+build.5", "2.0.0-rc.1"])
        made.stock("other", "common", ["0.9.0", "1.0.0", "1.1.0", "2.0.0"])
        yield made


def ours(shelf: Shelf, folder: Path, version: str = "", *, name: str = "app", repository: str = "stable") -> bytes:
    """Return the archive that we read; nothing where we refuse."""
    folder.mkdir(exist_ok=True)
    source = ChartSource(Link.parse(shelf.url(repository)), name, version)
    with shelf.broker(folder) as broker:
        try:
            return read(broker, source, folder / "out", Terms(unpack=False)).root.read_bytes()
        except (InvalidTarget, NotFound):
            return b""


def helms(shelf: Shelf, home: Path, version: str = "", *, name: str = "app", repository: str = "stable") -> bytes:
    """Return the archive that Helm pulls; nothing where it refuses."""
    where = f"--repo={shelf.url(repository)}"
    ended = shelf.helm(home, "pull", name, where, f"--version={version}")
    found = list(home.glob(f"{name}-*.tgz"))
    assert (ended.returncode == 0) == (len(found) == 1), ended.stderr
    return found[0].read_bytes() if found else b""


@pytest.mark.parametrize("version", ["", "1.0.0", "^1", "1.2.0+build.5", ">=2-0", "9.9.9"])
def test_a_chart_is_what_helm_pulls_byte_for_byte(shelf: Shelf, tmp_path: Path, version: str) -> None:
    found = ours(shelf, tmp_path / "ours", version)
    assert found == helms(shelf, tmp_path / "helms", version)
    assert bool(found) == (version != "9.9.9")


def granted(shelf: Shelf, before: int) -> list[str]:
    """Return what has been asked for since, and was given."""
    return [one for one in shelf.server.requests[before:] if not one.endswith("401")]


def test_index_and_chart_are_asked_for_once_each_by_the_rule_of_their_path(shelf: Shelf, tmp_path: Path) -> None:
    before = len(shelf.server.requests)
    ours(shelf, tmp_path, "1.0.0")
    wanted = ["alice GET /stable/index.yaml 200", "alice GET /stable/app-1.0.0.tgz 200"]
    assert settled(lambda: granted(shelf, before) == wanted)  # nginx writes its log after it has answered


@pytest.mark.parametrize("base", ["/stable/charts", "charts", "{url}/stable/charts", "../stable/charts"])
def test_a_chart_is_found_where_helm_finds_it(shelf: Shelf, tmp_path: Path, base: str) -> None:
    (shelf.server.root / "stable" / "charts").mkdir(exist_ok=True)
    (shelf.server.root / "stable" / "charts" / "led-1.0.0.tgz").write_bytes(chart("led", "1.0.0").layer)
    index = shelf.server.root / "stable" / "index.yaml"
    before = index.read_text()
    url = f"{base.format(url=shelf.server.url)}/led-1.0.0.tgz"
    entry = {"apiVersion": "v2", "name": "led", "version": "1.0.0", "urls": [url]}
    index.write_text(json.dumps({"apiVersion": "v1", "entries": {"led": [entry]}}))
    try:
        found = ours(shelf, tmp_path / "ours", name="led")
        assert found == helms(shelf, tmp_path / "helms", name="led") == chart("led", "1.0.0").layer
    finally:
        index.write_text(before)


def offer(shelf: Shelf, repository: str, versions: Sequence[str]) -> str:
    """Offer the versions of one chart in that order: of up to twelve that are equal, Helm's sort keeps it."""
    assert len(versions) <= 12
    folder = shelf.server.root / repository
    folder.mkdir()
    entries = []
    for version in versions:
        archive = chart("app", version).layer
        (folder / f"app-{version}.tgz").write_bytes(archive)
        digest = hashlib.sha256(archive).hexdigest()
        urls = [f"app-{version}.tgz"]
        entries.append({"apiVersion": "v2", "name": "app", "version": version, "urls": urls, "digest": digest})
    (folder / "index.yaml").write_text(json.dumps({"apiVersion": "v1", "entries": {"app": entries}}))
    return repository


@pytest.fixture(scope="module")
def versions(shelf: Shelf) -> str:
    return offer(shelf, "stable/versions", VERSIONS)


@pytest.fixture(scope="module")
def loose(shelf: Shelf) -> str:
    """A repository of what is no version to the letter, which counts in an index, and not as a tag."""
    return offer(shelf, "stable/loose", ["1.2", "1.2.0+build.5", "v9.0.0", "1.0.0", "2", "01.3.0", "9.9.9.9", "x"])


@pytest.mark.parametrize("wanted", WANTED)
def test_a_wanted_version_is_the_one_that_helm_pulls(
    shelf: Shelf, tmp_path: Path, wanted: str, versions: str
) -> None:
    found = ours(shelf, tmp_path / "ours", wanted, repository=versions)
    assert found == helms(shelf, tmp_path / "helms", wanted, repository=versions)


@pytest.mark.parametrize(
    "wanted", ["", "1.2", "1.2.0", "~1.2", "v9.0.0", "9.0.0", "^9", "2.x", "1.3.0", "x", "9.9.9.9"]
)
def test_a_loose_version_counts_as_for_helm(shelf: Shelf, tmp_path: Path, wanted: str, loose: str) -> None:
    found = ours(shelf, tmp_path / "ours", wanted, repository=loose)
    assert found == helms(shelf, tmp_path / "helms", wanted, repository=loose)


@pytest.mark.parametrize(("wanted", "now", "before"), CHANGED)
def test_pre_releases_are_let_in_as_a_newer_helm_does(
    shelf: Shelf, tmp_path: Path, wanted: str, now: str, before: str, versions: str
) -> None:
    either = [chart("app", one).layer for one in (now, before)]
    assert ours(shelf, tmp_path / "ours", wanted, repository=versions) == either[0]
    assert helms(shelf, tmp_path / "helms", wanted, repository=versions) in either


class TestDependencies:
    def parent(self, folder: Path, *dependencies: dict[str, Any]) -> Path:
        made = folder / "parent"
        made.mkdir(parents=True)
        said = {"apiVersion": "v2", "name": "parent", "version": "0.1.0", "dependencies": list(dependencies)}
        (made / "Chart.yaml").write_text(json.dumps(said))
        return made

    def on(self, shelf: Shelf, version: str) -> dict[str, Any]:
        return {
            "name": "common",
            "version": version,
            "repository": shelf.url("other"),
            "condition": "common.enabled && <é>",
            "tags": ["front", "back"],
            "import-values": ["data", {"parent": "p", "child": "c"}],
            "alias": "shared",
        }

    def helm(self, shelf: Shelf, home: Path, *argv: str) -> None:
        """Run Helm, which gets a credential for dependencies by the name of a repository only."""
        station = Workstation.create(home, settings={}, helpers={})
        known = [f"--username={BOB.username}", f"--password={BOB.password}"]
        trust = [f"--ca-file={shelf.authority.bundle}"]
        station.run("helm", "repo", "add", "other", shelf.url("other"), *trust, *known).check_returncode()
        station.run("helm", *argv).check_returncode()

    def test_are_the_archives_that_helm_fetches(self, shelf: Shelf, tmp_path: Path) -> None:
        parent = self.parent(tmp_path, self.on(shelf, "^1"))
        with shelf.broker(tmp_path) as broker:
            root = read(broker, LocalSource(parent), tmp_path / "out").root
        self.helm(shelf, tmp_path / "home", "dependency", "update", str(parent))
        assert files_of(root / "charts") == files_of(parent / "charts")
        assert files_of(root / "charts") == {"common-1.1.0.tgz": chart("common", "1.1.0").layer}

    def test_are_in_the_version_of_the_lock_that_helm_wrote(self, shelf: Shelf, tmp_path: Path) -> None:
        index = shelf.server.root / "other" / "index.yaml"
        before = index.read_text()
        newest = shelf.server.root / "other" / "common-1.1.0.tgz"
        newest.rename(tmp_path / newest.name)
        try:
            shelf.stock("other", "common", [])
            parent = self.parent(tmp_path, self.on(shelf, "^1"))
            self.helm(shelf, tmp_path / "home", "dependency", "update", str(parent))
        finally:
            (tmp_path / newest.name).rename(newest)
            index.write_text(before)
        (parent / "charts" / "common-1.0.0.tgz").unlink()
        with shelf.broker(tmp_path) as broker:
            root = read(broker, LocalSource(parent), tmp_path / "out").root
        assert files_of(root / "charts") == {"common-1.0.0.tgz": chart("common", "1.0.0").layer}

    @pytest.mark.acceptance(27)
    def test_each_get_the_credential_of_their_own_repository(self, shelf: Shelf, tmp_path: Path) -> None:
        app = {"name": "app", "version": "1.0.0", "repository": shelf.url()}
        parent, before = self.parent(tmp_path, app, self.on(shelf, "^1")), len(shelf.server.requests)
        with shelf.broker(tmp_path) as broker:
            read(broker, LocalSource(parent), tmp_path / "out")
        wanted = [
            "alice GET /stable/index.yaml 200",
            "alice GET /stable/app-1.0.0.tgz 200",
            "bob GET /other/index.yaml 200",
            "bob GET /other/common-1.1.0.tgz 200",
        ]
        assert settled(lambda: granted(shelf, before) == wanted)
