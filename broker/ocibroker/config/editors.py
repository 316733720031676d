"""The configuration's JSON schema, for editors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from ocibroker.config.schema import Document, OptionTable, ProxyURL
from ocibroker.providers import Providers
from ocibroker.providers.stores import STORES
from ocibroker.reference import KEYS, LocalRef, SecretRef

_SECRET: Final = "SecretRef"  # noqa: S105  # a type


def json_schema(providers: Providers) -> dict[str, Any]:
    """Return the schema (draft 2020-12) of the file, with the options of every provider that a rule may name."""
    schema = msgspec.json.schema(Document, schema_hook=_hook)
    schema["$defs"][_SECRET] = {"oneOf": [*_here(), *_stored(providers)]}
    rule = schema["$defs"]["RegistryTable"]
    rule["allOf"] = [_options(name, provider.options) for name, provider in sorted(providers.known.items())]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ocibroker", **schema}


def _options(name: str, options: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "if": {"properties": {"provider": {"const": name}}},
        "then": {"properties": {"options": _shape(options)}},
    }


def _shape(options: type[msgspec.Struct]) -> dict[str, Any]:
    shape = msgspec.defstruct(options.__name__, _fields(options), kw_only=True, forbid_unknown_fields=True)
    _, found = msgspec.json.schema_components([shape], schema_hook=_hook)
    schema: dict[str, Any] = found[options.__name__]
    return schema


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
    if issubclass(kind, LocalRef):
        return {"oneOf": [*_here()]}
    if issubclass(kind, SecretRef):
        return {"$ref": f"#/$defs/{_SECRET}"}
    raise NotImplementedError(kind)


def _here() -> Iterator[dict[str, Any]]:
    """Yield what a secret may be without asking anybody."""
    text = {"type": "string"}
    yield text
    for key in KEYS:
        yield _reference(key, {"type": "array", "items": text, "minItems": 1} if key == "exec" else text)


def _reference(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {key: value}, "required": [key], "additionalProperties": False}


def _stored(providers: Providers) -> Iterator[dict[str, Any]]:
    for name in sorted({*STORES, *providers.stores}):
        yield _reference(name, _shape(providers.store(name).options))
