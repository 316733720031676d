"""Several accounts on one host, each chosen as its client can say it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ocibroker.frontends.executable import run as run_executable
from ocibroker.frontends.front_end import FrontEnd
from ocibroker.frontends.table import FRONT_ENDS
from tests.frontends.test_docker import MISS

HOST = "charts.example.com"
CONFIGURATION = "".join(
    f"""
[[registry]]
match = "{HOST}"
provider = "basic"
options = {{ username = "u", password = "pw-of-{name or "nobody"}" }}
account = "{name}"
"""
    for name in ("", "ci", "home")
)
REQUEST = {"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderRequest"}
QUESTIONS = {
    "docker": HOST,
    "git": f"protocol=https\nhost={HOST}\n",
    "bazel": json.dumps({"uri": f"https://{HOST}"}),
    "kubelet": json.dumps({**REQUEST, "image": f"{HOST}/app"}),
}


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    path.write_text(CONFIGURATION)
    return {"OCIBROKER_CONFIG": str(path), "HOME": str(tmp_path)}


def asked(front: FrontEnd, argv: Sequence[str], surroundings: dict[str, str]) -> str:
    return run_executable(front, argv, QUESTIONS[front.name].encode, surroundings).stdout.decode()


def shows(front: FrontEnd, account: str) -> str:
    """Return what the answer with the account's password holds."""
    password = f"pw-of-{account}"
    return base64.b64encode(f"u:{password}".encode()).decode() if front.name == "bazel" else password


each_front_end = pytest.mark.parametrize("front", FRONT_ENDS.values(), ids=FRONT_ENDS.keys())


@each_front_end
@pytest.mark.parametrize("account", ["ci", "home"])
def test_it_is_named_by_an_option(front: FrontEnd, account: str, surroundings: dict[str, str]) -> None:
    argv = [f"/usr/bin/{front.executable}", "--account", account, "get"]
    assert shows(front, account) in asked(front, argv, surroundings)


@each_front_end
def test_without_one_the_rule_without_one_answers(front: FrontEnd, surroundings: dict[str, str]) -> None:
    assert shows(front, "nobody") in asked(front, [front.executable, "get"], surroundings)


@each_front_end
@pytest.mark.parametrize("account", ["other", "", "CI", "c"])
def test_nobody_is_served_by_anothers_rule(front: FrontEnd, account: str, surroundings: dict[str, str]) -> None:
    answer = asked(front, [front.executable, "--account", account, "get"], surroundings)
    assert not any(shows(front, other) in answer for other in ("ci", "home"))


@each_front_end
def test_it_is_named_by_the_executable_of_all_but_the_kubelet(
    front: FrontEnd, surroundings: dict[str, str]
) -> None:
    account = "nobody" if front.name == "kubelet" else "ci"
    assert shows(front, account) in asked(front, [f"/bin/{front.executable}-ci", "get"], surroundings)


def test_a_link_to_the_executable_is_enough(surroundings: dict[str, str], tmp_path: Path) -> None:
    link = tmp_path / "docker-credential-ocibroker-ci"
    link.symlink_to(Path(sys.executable).parent / "docker-credential-ocibroker")
    done = subprocess.run([link, "get"], input=HOST.encode(), env=surroundings, capture_output=True, check=False)
    assert json.loads(done.stdout)["Secret"] == "pw-of-ci"
    listed = subprocess.run([link, "list"], input=b"unused", env=surroundings, capture_output=True, check=False)
    assert json.loads(listed.stdout) == {HOST: "u"}
    other = subprocess.run([link, "get"], input=b"other.test", env=surroundings, capture_output=True, check=False)
    assert other.stdout == MISS
