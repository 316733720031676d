"""The references to secrets that rules hold, and texts without what one of them may give away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ocibroker.doctor.finding import Finding
from ocibroker.reference import SecretRef
from ocibroker.rule import Rule


def references(rules: Iterable[Rule]) -> Iterator[SecretRef]:
    """Yield every reference among the options of ``rules``."""
    for rule in rules:
        yield from rule.references


def without_arguments(findings: Iterable[Finding], rules: Iterable[Rule]) -> Iterator[Finding]:
    """Yield the findings with no argument of a program that prints a secret: one may be the secret itself.

    What is found is shown to others; whoever may read the configuration sees them by ``explain``.
    """
    commands = {" ".join(one.exec): f"{one.exec[0]} …" for one in references(rules) if one.exec[1:]}
    for finding in findings:
        yield replace(finding, what=_short(finding.what, commands), cause=_short(finding.cause, commands))


def _short(text: str, commands: dict[str, str]) -> str:
    for whole, program in commands.items():
        text = text.replace(whole, program)
    return text
