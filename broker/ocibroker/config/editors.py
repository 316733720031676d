"""The configuration's JSON schema, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from ocibroker.config.schema import Document, OptionTable, ProxyURL
from ocibroker.providers import Providers
from ocibroker.reference import KEYS, SecretRef


def json_schema(providers: Providers) -> dict[str, Any]:
    """Return the schema (draft 2020-12) of the file, with the options of every provider that a rule may name."""
    schema = msgspec.json.schema(Document, schema_hook=_hook)
    rule = schema["$defs"]["RegistryTable"]
    rule["allOf"] = [_options(name, provider.options) for name, provider in sorted(providers.known.items())]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ocibroker", **schema}


def _options(name: str, options: type[msgspec.Struct]) -> dict[str, Any]:
    shape = msgspec.defstruct(options.__name__, _fields(options), kw_only=True, forbid_unknown_fields=True)
    _, found = msgspec.json.schema_components([shape], schema_hook=_hook)
    return {
        "if": {"properties": {"provider": {"const": name}}},
        "then": {"properties": {"options": found[options.__name__]}},
    }


def _fields(options: type[msgspec.Struct]) -> list[tuple[str, Any, Any] | tuple[str, Any]]:
    """Return the fields without their defaults: a reference to a secret has no form in JSON."""
    return [
        (field.encode_name, field.type)
        if field.required
        else (field.encode_name, field.type | msgspec.UnsetType, msgspec.UNSET)
        for field in msgspec.structs.fields(options)
    ]


def _hook(kind: type) -> dict[str, Any]:
    if kind is OptionTable:
        return {"type": "object", "description": "what the provider's page says"}
    if issubclass(kind, Path):
        return {"type": "string"}
    if kind is ProxyURL:
        return {"type": "string", "format": "uri"}
    if issubclass(kind, SecretRef):
        return {"oneOf": [{"type": "string"}, *map(_reference, KEYS)]}
    raise NotImplementedError(kind)


def _reference(key: str) -> dict[str, Any]:
    value = {"type": "array", "items": {"type": "string"}, "minItems": 1} if key == "exec" else {"type": "string"}
    return {"type": "object", "properties": {key: value}, "required": [key], "additionalProperties": False}
