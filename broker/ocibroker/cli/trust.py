"""A TLS policy, told to people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from ocibroker.cli.facts import Fact

_LOUD: Final = MappingProxyType(
    {
        "plain_http": ("PLAIN HTTP", "nothing is encrypted, the credential travels in the clear"),
        "insecure": ("INSECURE", "the server's certificate is not verified"),
    }
)


def trust_facts(tls: Mapping[str, Any]) -> Iterator[Fact]:
    """Tell what :meth:`~ocibroker.tls.TLSPolicy.describe` says, by the names that the configuration uses.

    What weakens the policy comes first, what was found and is not obeyed last.
    """
    sources = tls.get("sources", {})
    for name, (lead, meaning) in _LOUD.items():
        if tls.get(name):
            yield Fact(lead, meaning, sources.get(name, ""), loud=True)
    for name, value in tls.items():
        if name not in {*_LOUD, "sources", "notes"}:
            # The roots' value is itself the name of their source.
            yield from _told(name, value, sources.get(name, "" if name == "roots" else "default"))
    yield from (Fact("note", note) for note in tls.get("notes", ()))


def _told(name: str, value: object, source: str) -> Iterator[Fact]:
    match value:
        case list() if value:
            yield from (Fact(name, str(one), source) for one in value)
        case None | []:
            yield Fact(name, "none", source)
        case bool():
            yield Fact(name, "yes" if value else "no", source)
        case _:
            yield Fact(name, str(value), source)
