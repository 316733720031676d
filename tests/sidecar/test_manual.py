"""The manual's page of the sidecar: its commands run, and its tables are the code's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from ocibroker.api import CredentialAnswer, CredentialQuestion, TLSData
from ocibroker.api.problem import STATUS, code_of
from ocibroker.testing import EmbeddedRegistry
from tests.docs.manual import ROOT, blocks, section
from tests.sidecar.node import Node
from tests.transport.brokers import Desk, rule

PAGE = ROOT / "docs" / "sidecar.md"
REGISTRY = "registry.example.com"
SOCKET = "/run/ocibroker/broker.sock"
COMMANDS = [line for one in blocks("sh") if one.page == PAGE for line in one.text.splitlines() if "curl" in line]


@pytest.fixture
def place(desk: Desk, tmp_path: Path) -> Iterator[Path]:
    with Node.of(desk.broker(rule(REGISTRY))).at(tmp_path / "broker.sock") as path:
        yield path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda line: line.rpartition("/v1/")[2])
def test_a_command_gets_an_answer(command: str, place: Path) -> None:
    line = command.replace(SOCKET, str(place))
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=False, timeout=30)
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {"tls", "Secret"} & answer.keys()


def test_the_example_of_the_library_runs(desk: Desk, tmp_path: Path, roots: Path) -> None:
    (block,) = blocks("python sidecar")
    with EmbeddedRegistry(users={"alice": "wonder"}) as registry:
        registry.push("charts/app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        text = rule(registry.address) + f'[[tls]]\nmatch = "{registry.address}"\nplain_http = true\n'
        with Node.of(desk.broker(text)).at(tmp_path / "broker.sock") as place:
            code = block.text.replace(REGISTRY, registry.address).replace(SOCKET, str(place))
            command = [sys.executable, "-W", "error", "-c", code]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.stdout, done.stderr) == ("{'name': 'charts/app', 'tags': ['1']}\n", "")


def test_every_field_of_the_api_is_documented_and_no_other() -> None:
    text = section(PAGE, "### `POST /v1/credentials`")
    tables = re.split(r"^\|---.*$", text, flags=re.MULTILINE)[1:]
    documented = [{name for row in _cells(table) for name in row} for table in tables]
    kinds = (CredentialQuestion, CredentialAnswer, TLSData)
    assert documented == [{field.encode_name for field in msgspec.structs.fields(kind)} for kind in kinds]


def _cells(table: str) -> Iterator[list[str]]:
    for line in table.splitlines():
        if line.startswith("| `"):
            yield re.findall(r"`(\w+)`", line.split("|")[1])


def test_every_code_is_documented_with_its_status() -> None:
    lines = [line.split("|")[1:3] for line in section(PAGE, "### Errors").splitlines() if re.match(r"\| \d", line)]
    documented = {
        code: int(status.split(",")[0]) for status, codes in lines for code in re.findall(r"`(\w+)`", codes)
    }
    assert documented == {code_of(kind): status for kind, status in STATUS.items()}
