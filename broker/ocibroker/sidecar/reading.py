"""A question's body, taken literally: no field twice, none unknown, nothing half understood."""

from __future__ import annotations

import json
from typing import Any, Final, TypeVar

import msgspec

from ocibroker.errors import UsageError

T = TypeVar("T", bound=msgspec.Struct)

_LONGEST: Final = 200


def read(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the question in ``body``, JSON in UTF-8.

    Raises :class:`~ocibroker.errors.UsageError` that names the field; no value is shown.
    """
    try:
        question = decoder.decode(body)
        _PAIRS.decode(body.decode())
    except msgspec.ValidationError as error:
        why = str(error)[:_LONGEST]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        why = "is no JSON object in UTF-8"
    except ValueError:
        why = "names a field twice"
    else:
        return question
    raise UsageError(why, culprit="body", hint="see docs/openapi.json")


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse a name that stands twice, of which msgspec takes the last: another reader may take the first."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError


_PAIRS: Final = json.JSONDecoder(object_pairs_hook=_once)
