"""Real clients below `ocibroker run`, and with what `ocibroker export` writes: nothing else tells them anything."""

import base64
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

import pytest

from tests.e2e import broker_configuration, clients
from tests.e2e.client import CLIENTS, Client
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.workstation import Workstation

pytestmark = pytest.mark.e2e


@pytest.fixture
def workstation(registry: StockedRegistry, tmp_path: Path) -> Workstation:
    """A machine that has the broker and its configuration, and no client that was told of either."""
    config = broker_configuration.write(tmp_path, registry)
    (tmp_path / "home" / "run").mkdir(parents=True)
    return Workstation.create(tmp_path / "home", settings={"OCIBROKER_CONFIG": str(config)}, helpers={})


@pytest.mark.parametrize("client", CLIENTS, ids=attrgetter("name"))
def test_a_client_below_run_needs_no_other_configuration(
    client: Client, registry: StockedRegistry, workstation: Workstation
) -> None:
    command = client.untold(registry)
    alone = workstation.run(*command)
    assert alone.returncode != 0
    assert "certificate" in alone.stderr

    served = workstation.run(
        "ocibroker", "run", "--target", registry.address, "--", clients.find(command[0]), *command[1:]
    )
    assert (served.returncode, served.stderr) == (0, served.stderr)
    assert client.received(registry, workstation, served) == client.expected(registry)
    assert list((workstation.home / "run").glob("ocibroker-run-*")) == []


Export = Callable[[Workstation, StockedRegistry], str]


def _exported(form: str, target: str) -> Export:
    def export(workstation: Workstation, registry: StockedRegistry) -> str:
        image = f"{registry.address}/{registry.image.repository}"
        done = workstation.run("ocibroker", "export", form, {"host": registry.address, "image": image}[target])
        assert (done.returncode, done.stderr) == (0, "")
        if form != "k8s-secret":
            return done.stdout
        (line,) = [line for line in done.stdout.splitlines() if ".dockerconfigjson:" in line]
        return base64.b64decode(line.split('"')[1]).decode()

    return export


EXPORTS = {
    "dockerconfigjson": _exported("dockerconfigjson", "image"),
    "auth.json of a host": _exported("auth.json", "host"),
    "auth.json of a repository": _exported("auth.json", "image"),
    "k8s-secret": _exported("k8s-secret", "image"),
}


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS.keys())
@pytest.mark.parametrize("tool", ["skopeo", "podman", "buildah"])
def test_a_tool_reads_what_is_exported(
    export: Export, tool: str, registry: StockedRegistry, workstation: Workstation
) -> None:
    file = workstation.home / "exported.json"
    file.write_text(export(workstation, registry))
    name, told = f"{registry.address}/{registry.image.name}", f"--cert-dir={registry.authority.cert_dir}"
    verb, image = ("inspect", f"docker://{name}") if tool == "skopeo" else ("pull", name)
    done = workstation.run(tool, verb, f"--authfile={file}", told, image)
    assert (done.returncode, done.stderr) == (0, done.stderr)


def test_helm_reads_what_is_exported(registry: StockedRegistry, workstation: Workstation) -> None:
    file = workstation.home / "exported.json"
    file.write_text(EXPORTS["dockerconfigjson"](workstation, registry))
    (helm,) = [client for client in CLIENTS if client.name == "helm pull"]
    done = workstation.run(*helm.command(registry), f"--registry-config={file}")
    assert (done.returncode, done.stderr) == (0, done.stderr)
    assert helm.received(registry, workstation, done) == helm.expected(registry)
