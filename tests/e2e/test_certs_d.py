"""The folder in which skopeo finds a registry's authority serves the broker as well."""

from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from ocibroker.errors import TLSFailed
from tests.e2e.authority import Authority
from tests.e2e.clients import Completed
from tests.e2e.served import Served
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.workstation import Workstation

pytestmark = pytest.mark.e2e


def keep(home: Path, authority: Authority, hosts: Iterable[str]) -> None:
    for host in hosts:
        folder = home / ".config" / "containers" / "certs.d" / host
        folder.mkdir(parents=True)
        (folder / "ca.crt").write_bytes(authority.bundle.read_bytes())


def inspected(registry: StockedRegistry, home: Path) -> Completed:
    workstation = Workstation.create(home, settings={}, helpers={})
    image = f"docker://{registry.address}/{registry.image.name}"
    return workstation.run("skopeo", "inspect", f"--creds={registry.account.pair}", image)


def listed(registry: StockedRegistry, folder: Path, home: Path) -> httpx.Response:
    with Served.of(registry).broker(folder, home=home) as broker:
        access = broker.access(f"{registry.address}/{registry.chart.repository}")
        with access.client() as http:
            return http.get(f"/v2/{registry.chart.repository}/tags/list")


def test_with_it_both_trust_the_registry(registry: StockedRegistry, tmp_path: Path) -> None:
    home = tmp_path / "home"
    keep(home, registry.authority, (registry.address, *Served.of(registry).realms))
    told = inspected(registry, home)
    assert (told.returncode, told.stderr) == (0, "")
    assert listed(registry, tmp_path, home).json()["tags"] == [registry.chart.tag]


def test_without_it_neither_does(registry: StockedRegistry, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert "certificate signed by unknown authority" in inspected(registry, home).stderr
    with pytest.raises(TLSFailed, match="issuer is not trusted"):
        listed(registry, tmp_path, home)
