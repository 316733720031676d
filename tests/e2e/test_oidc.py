"""An identity token in a file, exchanged by RFC 8693, opens a registry; no secret is configured for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e import cloud_registry
from tests.e2e.authority import Authority
from tests.e2e.cloud_registry import CloudRegistry
from tests.e2e.journey import Journey, WholeWay
from tests.oidc import exchanges
from tests.oidc.world import World, serving
from tests.plugins.oidc.asking import CASES, HOSTS

pytestmark = pytest.mark.e2e

CASE = CASES["rfc8693"]


@pytest.fixture(scope="module")
def registry(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudRegistry]:
    folder = tmp_path_factory.mktemp("registry-oidc")
    with cloud_registry.serving(authority, folder, CASE.registry, "/v2/token") as stocked:
        yield stocked


@pytest.fixture
def world(authority: Authority) -> Iterator[World]:
    host = HOSTS["rfc8693"]
    with serving(World({host: exchanges.rfc8693}), authority.issue(host).server_context()) as running:
        yield running


class TestRfc8693(WholeWay):
    because = "registry[0]"
    asked = frozenset({HOSTS["rfc8693"]})
    user = CASE.user

    @pytest.fixture
    def journey(self, registry: CloudRegistry, world: World, tmp_path: Path) -> Iterator[Journey]:
        def accepts(username: str, secret: str) -> bool:
            return username == CASE.user and secret in world.given

        nothing: Mapping[str, str] = {}
        with Journey.begun(registry, tmp_path, nothing, accepts=accepts, elsewhere=world.route) as begun:
            self.configure(begun.workstation.home, world.identity())
            yield begun

    def configure(self, home: Path, token: str) -> None:
        folder = home / ".config" / "ocibroker"
        folder.mkdir(parents=True)
        (folder / "identity").write_text(token)
        (folder / "config.toml").touch(mode=0o600)
        (folder / "config.toml").write_text(CASE.rule(token={"file": "identity"}))

    def test_a_token_that_is_not_trusted_is_one_line(self, journey: Journey) -> None:
        file = journey.workstation.home / ".config" / "ocibroker" / "identity"
        file.write_text("an.untrusted.token")
        got = journey.workstation.run("ocibroker", "get", journey.target)
        assert (got.returncode, got.stdout, got.stderr.count("\n")) == (4, "", 1)
        assert ("invalid_request, status 400" in got.stderr, "untrusted" in got.stderr) == (True, False)
