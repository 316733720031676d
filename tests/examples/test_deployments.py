"""Units, manifests and recipes: as far as they can be checked without what they are for."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ocibroker.config import load_config
from ocibroker.socket_place import socket_places
from tests.docs.manual import ROOT, rows, section

EXAMPLES = ROOT / "examples"
UNITS = ("ocibroker.service", "ocibroker.socket")
HEALTH = rows(section(ROOT / "docs" / "sidecar.md", "## Health"))
DEFAULT_GRACE = 10


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser's manual says
    parser.read(EXAMPLES / "systemd" / name)
    return parser


def manifests() -> Mapping[str, Any]:
    documents = yaml.safe_load_all((EXAMPLES / "kubernetes" / "ocibroker.yaml").read_text())
    return {document["kind"]: document for document in documents}


def pod() -> Any:  # noqa: ANN401  # what YAML holds
    return manifests()["DaemonSet"]["spec"]["template"]["spec"]


class TestSystemd:
    @pytest.mark.skipif(
        shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt install systemd"
    )
    def test_systemd_has_nothing_to_say(self, tmp_path: Path) -> None:
        for name in UNITS:
            text = (EXAMPLES / "systemd" / name).read_text().replace("/opt/ocibroker/bin/ocibroker", "/bin/true")
            (tmp_path / name).write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *UNITS],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_the_stop_waits_longer_than_the_sidecar_does(self) -> None:
        assert int(unit("ocibroker.service")["Service"]["TimeoutStopSec"]) > DEFAULT_GRACE

    def test_the_service_tells_and_is_told(self) -> None:
        service = unit("ocibroker.service")["Service"]
        assert service["Type"] == "notify"
        assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
        assert int(service["WatchdogSec"]) > 2

    def test_it_may_do_nothing_but_its_work(self) -> None:
        service = unit("ocibroker.service")["Service"]
        assert (service["CapabilityBoundingSet"], service["NoNewPrivileges"]) == ("", "yes")
        assert service["ProtectSystem"] == "strict"
        assert service["LimitCORE"] == "0"

    def test_the_socket_is_the_one_that_callers_look_for(self) -> None:
        assert unit("ocibroker.socket")["Socket"]["ListenStream"] == "/run/ocibroker/broker.sock"


class TestKubernetes:
    def test_the_configuration_loads(self, tmp_path: Path) -> None:
        text = manifests()["ConfigMap"]["data"]["config.toml"]
        path = tmp_path / "config.toml"
        path.touch(mode=0o600)
        path.write_text(text)
        settings = load_config(path, {}).sidecar
        (socket,) = (one for one in pod()["volumes"] if one["name"] == "socket")
        assert str(settings.socket.path) == f"{socket['hostPath']['path']}/broker.sock"
        assert pod()["terminationGracePeriodSeconds"] > settings.grace
        assert tomllib.loads(text)

    def test_the_probes_ask_what_is_answered(self) -> None:
        (container,) = pod()["containers"]
        probes = {name: container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
        assert {name: probe["path"] for name, probe in probes.items()} == {
            "startupProbe": "/startupz",
            "readinessProbe": "/readyz",
            "livenessProbe": "/livez",
        }
        assert {probe["path"] for probe in probes.values()} == {*HEALTH}
        (port,) = container["ports"]
        assert {probe["port"] for probe in probes.values()} == {port["name"]}
        assert f"--admin=$(POD_IP):{port['containerPort']}" in container["args"]

    def test_it_may_do_nothing_but_its_work(self) -> None:
        (container,) = pod()["containers"]
        context = container["securityContext"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"]) == (False, True)

    def test_what_is_mounted_is_there_and_what_is_selected_is_labelled(self) -> None:
        (container,) = pod()["containers"]
        assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod()["volumes"]}
        spec = manifests()["DaemonSet"]["spec"]
        assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
        names = {document["metadata"].get("namespace", "ocibroker") for document in manifests().values()}
        assert names == {"ocibroker"}


def test_the_container_has_the_extras_that_there_are_and_runs_as_nobody() -> None:
    recipe = (EXAMPLES / "container" / "Containerfile").read_text()
    (extras,) = re.findall(r"/src\[([\w,]+)\]", recipe)
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {"cli", "sidecar"} <= {*extras.split(",")} <= {*known}
    assert re.search(r"^USER 65532", recipe, re.MULTILINE)
    assert [json.loads(found) for found in re.findall(r"^(?:ENTRYPOINT|CMD) (.*)$", recipe, re.MULTILINE)] == [
        ["ocibroker"],
        ["serve", "--socket", "/run/ocibroker/broker.sock"],
    ]
    # The user, who has no runtime directory and no name, owns the folder where everybody looks for the socket.
    assert socket_places({}) == (Path("/run/ocibroker/broker.sock"),)
    assert "RUN install --directory --mode 0711 --owner 65532 --group 65532 /run/ocibroker\nUSER" in recipe
