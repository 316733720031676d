"""`ocibroker pull --fleet` with a `secrets-path.yaml`: each folder is read as its own account, on one host."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocibroker.testing import Authority, EmbeddedRegistry
from ocibroker.testing.chart import chart
from tests.bundle.helm_site import push, stock
from tests.bundle.readings import files_of
from tests.bundle.site import Site, site
from tests.cli.desk import Desk, Outcome
from tests.kubernetes.mounts import entry, for_paths, mounted, rule

ACCOUNTS = {"apps/one": ("alice", "wonder"), "apps/two": ("bob", "builder")}
CHART = chart("app", "1.0.0")


@dataclass(frozen=True)
class Repository:
    """A Fleet repository on this desk, whose folders have an account each."""

    desk: Desk
    web: Site
    registry: EmbeddedRegistry

    @property
    def out(self) -> Path:
        return self.desk.home / "out"

    def url(self, path: str) -> str:
        return f"https://localhost:{self.web.server.port}/{path}"

    def fleet(self, place: str, **helm: str) -> None:
        path = self.desk.home / "repository" / place / "fleet.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"helm": helm}))

    def pull(self) -> Outcome:
        return self.desk.run("pull", "--fleet", str(self.desk.home / "repository"), "-o", str(self.out))


@pytest.fixture
def repository(desk: Desk, authority: Authority, tmp_path: Path) -> Iterator[Repository]:
    entries = {
        path: entry(ca=authority.pem, username=user, password=password)
        for path, (user, password) in ACCOUNTS.items()
    }
    folder = mounted(tmp_path / "paths", {"secrets-path.yaml": for_paths(entries)})
    tls = authority.server_context("localhost")
    with site(tls) as web, EmbeddedRegistry(tls=tls, users=dict(ACCOUNTS.values())) as registry:
        desk.configure(
            "".join(
                rule(place, f'fleet_secret = "{folder}"')
                for place in (registry.address, f"localhost:{web.server.port}")
            )
        )
        push(registry, CHART)
        yield Repository(desk, web, registry)


def users(registry: EmbeddedRegistry) -> set[str]:
    """Whom the registry was shown."""
    shown = (request.headers.get("Authorization", "").removeprefix("Basic ") for request in registry.requests)
    return {base64.b64decode(one).decode() for one in shown if one}


@pytest.mark.acceptance(22)
def test_a_registry_is_read_by_each_folder_as_its_own_account(repository: Repository) -> None:
    for place in ACCOUNTS:
        repository.fleet(place, repo=f"oci://{repository.registry.address}/charts/app", version="1.0.0")
    outcome = repository.pull()
    assert (outcome.code, outcome.stdout.splitlines()) == (
        0,
        [str(repository.out / place / "app-1.0.0.tgz") for place in ACCOUNTS],
    )
    assert users(repository.registry) == {":".join(account) for account in ACCOUNTS.values()}


@pytest.mark.acceptance(22)
def test_a_helm_repository_is_read_by_each_folder_as_its_own_account(repository: Repository) -> None:
    for place, account in ACCOUNTS.items():
        stock(repository.web, [CHART], f"/{place}")
        repository.web.guarded[f"/{place}"] = account
        repository.fleet(place, repo=repository.url(place), chart="app")
    assert repository.pull().code == 0
    assert files_of(repository.out) == {f"{place}/app-1.0.0.tgz": CHART.layer for place in ACCOUNTS}
    for place, account in ACCOUNTS.items():
        assert repository.web.credentials(f"/{place}/app-1.0.0.tgz") == [":".join(account)]


@pytest.mark.acceptance(22)
def test_e_what_one_folder_may_read_is_not_shown_to_the_next(repository: Repository) -> None:
    """Fleet reads a repository once for all that name it, as whoever came first."""
    stock(repository.web, [CHART], "/stable", base="/open/")
    repository.web.guarded["/stable"] = ACCOUNTS["apps/one"]
    repository.web.files["/open/app-1.0.0.tgz"] = CHART.layer
    for place in ACCOUNTS:
        repository.fleet(place, repo=repository.url("stable"), chart="app")
    outcome = repository.pull()
    assert (outcome.code, outcome.stdout) == (4, f"{repository.out / 'apps/one/app-1.0.0.tgz'}\n")
    assert "refused the credential of provider kubernetes" in outcome.stderr


@pytest.mark.acceptance(20, 22)
def test_a_folder_without_an_entry_is_the_one_that_fails(repository: Repository) -> None:
    for place in (*ACCOUNTS, "apps/one/below"):
        repository.fleet(place, repo=f"oci://{repository.registry.address}/charts/app", version="1.0.0")
    outcome = repository.pull()
    assert outcome.code != 0
    assert "holds nothing for the path 'apps/one/below'" in outcome.stderr
    assert sorted(files_of(repository.out)) == [f"{place}/app-1.0.0.tgz" for place in ACCOUNTS]
