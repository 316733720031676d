"""API v1 as an OpenAPI 3.1 document, made of the same types that read and write it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from inspect import cleandoc
from typing import Any, Final

import msgspec

from ocibroker.api import CredentialAnswer, CredentialQuestion, Problem, TrustAnswer, TrustQuestion
from ocibroker.frontends.front_end import FrontEnd
from ocibroker.frontends.table import FRONT_ENDS
from ocibroker.sidecar.guard import REQUIRED
from ocibroker.sidecar.helpers import OCTETS
from ocibroker.sidecar.message import JSON
from ocibroker.sidecar.problem import PROBLEM

_TYPES: Final = (CredentialQuestion, CredentialAnswer, TrustQuestion, TrustAnswer, Problem)
_REFUSED: Final = (400, 401, 403, 404, 413, 415, 422, 429, 500, 502, 503, 504)

Data = dict[str, Any]


def document() -> Data:
    """Return the document."""
    refs, components = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    question, answer, trust_question, trust_answer, problem = refs
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ocibroker sidecar",
            "version": "1",
            "description": "For any OCI registry: who am I there, and how do I talk to it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://ocibroker", "description": "the Unix socket"}],
        "security": [{}, {"bearer": []}],
        "paths": {
            "/v1/credentials": _asking("credential", "Who one is at a target.", question, answer, problem),
            "/v1/trust": _asking("trust", "How a host is reached.", trust_question, trust_answer, problem),
            **{f"/v1/helpers/{front.name}/{{verb}}": _helping(front, problem) for front in FRONT_ENDS.values()},
        },
        "components": {
            "schemas": {name: _tidied(schema) for name, schema in sorted(components.items())},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def text() -> str:
    """Return the document as it is kept in ``docs/openapi.json``."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2).decode() + "\n"


def _tidied(schema: Data) -> Data:
    """Return ``schema`` with the docstring that describes it as Markdown."""
    return {**schema, "description": cleandoc(schema["description"]).replace("``", "`")}


def _asking(name: str, summary: str, question: Data, answer: Data, problem: Data) -> Data:
    found = {"200": {"description": "The answer.", "content": {JSON: {"schema": answer}}}}
    operation = {
        "operationId": name,
        "summary": summary,
        "parameters": [_mark()],
        "requestBody": {"required": True, "content": {JSON: {"schema": question}}},
        "responses": {**found, **_problems(problem)},
    }
    return {"post": operation}


def _helping(front: FrontEnd, problem: Data) -> Data:
    octets = {OCTETS: {"schema": {"type": "string", "format": "binary"}}}
    headers = {
        "Ocibroker-Exit": _header("The exit status.", {"type": "integer"}, required=True),
        "Ocibroker-Diagnostics": _header("One line for standard error.", {"type": "string"}),
    }
    found = {"200": {"description": "Standard output.", "headers": headers, "content": octets}}
    operation = {
        "operationId": front.name,
        "summary": "What a credential helper would answer.",
        "parameters": [_mark(), _part("verb", sorted(front.verbs))],
        "requestBody": {"required": True, "content": octets, "description": "Standard input."},
        "responses": {**found, **_problems(problem)},
    }
    return {"post": operation}


def _mark() -> Data:
    schema = {"type": "string", "const": "1"}
    return {"name": REQUIRED.decode().title(), "in": "header", "required": True, "schema": schema}


def _part(name: str, values: list[str]) -> Data:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": values}}


def _header(description: str, schema: Data, *, required: bool = False) -> Data:
    return {"description": description, "required": required, "schema": schema}


def _problems(problem: Mapping[str, Any]) -> Data:
    return {
        str(status): {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"schema": problem}}}
        for status in _REFUSED
    }
