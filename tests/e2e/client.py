"""The clients under test: what each is told to do, and where to see what it got."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.e2e.clients import Completed
from tests.e2e.stock import Stock
from tests.e2e.workstation import Workstation


@dataclass(frozen=True)
class Client:
    """One command of one client.

    ``command`` says what to run, ``expected`` the digest of what the registry holds, and ``received`` the digest of
    what the client has of it after it ran.
    """

    name: str
    command: Callable[[Stock], list[str]]
    expected: Callable[[Stock], str]
    received: Callable[[Stock, Workstation, Completed], str]

    def untold(self, registry: Stock) -> list[str]:
        """Return the command without the options that tell of the authority."""
        options = ("--cert-dir=", "--src-cert-dir=", "--ca-file=")
        return [word for word in self.command(registry) if not word.startswith(options)]


def _image(registry: Stock) -> str:
    return f"{registry.address}/{registry.image.name}"


def _cert_dir(registry: Stock) -> str:
    return f"--cert-dir={registry.authority.cert_dir}"


def _helm_pull(registry: Stock) -> list[str]:
    chart = f"oci://{registry.address}/{registry.chart.repository}"
    return ["helm", "pull", chart, f"--version={registry.chart.tag}", f"--ca-file={registry.authority.bundle}"]


def _chart_file(_: Stock, workstation: Workstation, __: Completed) -> str:
    return f"sha256:{hashlib.sha256((workstation.home / 'hello-0.1.0.tgz').read_bytes()).hexdigest()}"


def _skopeo_inspect(registry: Stock) -> list[str]:
    return ["skopeo", "inspect", _cert_dir(registry), f"docker://{_image(registry)}"]


def _printed(_: Stock, __: Workstation, completed: Completed) -> str:
    return str(json.loads(completed.stdout)["Digest"])


def _skopeo_copy(registry: Stock) -> list[str]:
    source = [f"--src-cert-dir={registry.authority.cert_dir}", f"docker://{_image(registry)}"]
    return ["skopeo", "copy", "--preserve-digests", *source, "dir:copy"]


def _copied_layer(registry: Stock, workstation: Workstation, _: Completed) -> str:
    layer = workstation.home / "copy" / registry.image.layer.digest.removeprefix("sha256:")
    return f"sha256:{hashlib.sha256(layer.read_bytes()).hexdigest()}"


def _podman_pull(registry: Stock) -> list[str]:
    return ["podman", "pull", _cert_dir(registry), _image(registry)]


def _in_podman(registry: Stock, workstation: Workstation, _: Completed) -> str:
    return workstation.run("podman", "image", "inspect", "--format={{.Digest}}", _image(registry)).stdout.strip()


def _buildah_pull(registry: Stock) -> list[str]:
    return ["buildah", "pull", "--retry=0", _cert_dir(registry), _image(registry)]


def _in_buildah(registry: Stock, workstation: Workstation, _: Completed) -> str:
    return workstation.run(
        "buildah", "inspect", "--type=image", "--format={{.FromImageDigest}}", _image(registry)
    ).stdout.strip()


def _docker_manifest_inspect(registry: Stock) -> list[str]:
    return ["docker", "manifest", "inspect", f"{registry.address}/{registry.dockers_image}"]


def _listed_layer(_: Stock, __: Workstation, completed: Completed) -> str:
    return str(json.loads(completed.stdout)["layers"][0]["digest"])


CLIENTS: Final = (
    Client("helm pull", _helm_pull, lambda registry: registry.chart.layer.digest, _chart_file),
    Client("skopeo inspect", _skopeo_inspect, lambda registry: registry.image.digest, _printed),
    Client("skopeo copy", _skopeo_copy, lambda registry: registry.image.layer.digest, _copied_layer),
    Client("podman pull", _podman_pull, lambda registry: registry.image.digest, _in_podman),
    Client("buildah pull", _buildah_pull, lambda registry: registry.image.digest, _in_buildah),
)
DOCKER: Final = Client(
    "docker manifest inspect",
    _docker_manifest_inspect,
    lambda registry: registry.image.layer.digest,
    _listed_layer,
)
"""It stands apart, since it verifies no registry that is on its own machine."""
