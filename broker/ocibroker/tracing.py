"""Spans of OpenTelemetry, where the host application traces: https://opentelemetry.io/docs/specs/semconv/.

It is never imported here. A program that traces has done so, and in one that does not there is nothing to tell.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from types import ModuleType
from typing import Final, TypeVar

Attribute = str | int
Note = Callable[[str, Attribute], None]
"""Adds an attribute to a span."""

_API: Final = "opentelemetry.trace"

T = TypeVar("T")


@contextmanager
def span(name: str, attributes: Mapping[str, Attribute], *, client: bool = False) -> Iterator[Note]:
    """Have the block be a span; of what it raises the type is told, and never the text, which might quote."""
    api = _api()
    if api is None:
        yield _untold
        return
    kind = api.SpanKind.CLIENT if client else api.SpanKind.INTERNAL
    with api.get_tracer("ocibroker").start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as made:
        try:
            yield made.set_attribute
        except BaseException as error:
            made.set_attribute("error.type", type(error).__name__)
            made.set_status(api.StatusCode.ERROR)
            raise


def carried(work: Callable[[], T]) -> Callable[[], T]:
    """Return ``work`` to be done in another thread, where spans belong to the one that is current here."""
    return work if _api() is None else partial(copy_context().run, work)


def trace_id() -> str:
    """Return the current trace's, in hexadecimal; empty where there is none."""
    api = _api()
    context = None if api is None else api.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context is not None and context.is_valid else ""


def _api() -> ModuleType | None:
    return sys.modules.get(_API)


def _untold(name: str, value: Attribute) -> None:
    """Tell nobody."""
