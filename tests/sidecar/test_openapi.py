"""The OpenAPI document: made of the code's own types, and tried by a program that knows nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ocibroker.sidecar.openapi import document, text
from ocibroker.sidecar.routes import api
from tests.docs.manual import ROOT
from tests.free_port import free_port
from tests.sidecar.node import Node
from tests.transport.brokers import Desk, rule

KEPT = ROOT / "docs" / "openapi.json"
MADE = "from ocibroker.sidecar.openapi import text; print(text(), end='')"
SCHEMATHESIS = Path(sys.prefix) / "schemathesis"


def test_the_document_that_is_kept_is_that_of_the_code() -> None:
    assert KEPT.read_text() == text(), f"python -c {MADE!r} > docs/openapi.json"


def test_every_path_of_it_is_answered_and_no_other(desk: Desk) -> None:
    routes = api(Node.of(desk.broker()).generations).routes
    said = {
        path.replace("{verb}", verb)
        for path, methods in document()["paths"].items()
        for verb in _verbs(methods["post"]["parameters"])
    }
    assert said == routes.keys()


def _verbs(parameters: list[dict[str, Any]]) -> list[str]:
    return next((one["schema"]["enum"] for one in parameters if one["in"] == "path"), [""])


def test_questions_take_no_unknown_fields() -> None:
    schemas = document()["components"]["schemas"]
    strict = {name for name, schema in schemas.items() if schema.get("additionalProperties") is False}
    assert strict == {"CallerQuestion", "CredentialQuestion", "TrustQuestion"}


def test_whoever_follows_the_document_gets_what_it_says(desk: Desk, tmp_path: Path) -> None:
    node = Node.of(desk.broker("[sidecar]\nambient = true\n" + rule("registry.example.com")))
    with node.on(free_port()) as address:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", str(KEPT), "--url", f"http://{address}"),
                *("--header", "Ocibroker-Request: 1", "--max-examples", "40", "--seed", "1", "--workers", "1"),
                *("--checks", "not_a_server_error,status_code_conformance,content_type_conformance"),
                *("--checks", "response_schema_conformance,response_headers_conformance"),
                *("--phases", "examples,coverage,fuzzing", "--no-color"),
            ],
            env={"PYTHONPATH": str(SCHEMATHESIS), "PATH": os.defpath, "HOME": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 6" in done.stdout
