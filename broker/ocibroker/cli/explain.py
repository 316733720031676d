"""``ocibroker explain``: the whole way of a request, without touching the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import typer

from ocibroker.cli.facts import Fact, fact_table
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.output import Output, OutputOption
from ocibroker.cli.target import TargetArgument
from ocibroker.cli.trust import trust_facts
from ocibroker.cli.wanted import AccountOption
from ocibroker.request import Caller

if TYPE_CHECKING:
    from ocibroker.explanation import Explanation
    from ocibroker.sidecar_probe import Answering


def explain(
    context: typer.Context,
    target: TargetArgument,
    output: OutputOption = Output.TABLE,
    account: AccountOption = "",
) -> None:
    """Say who answers for TARGET and why, and how it is reached; the network is not touched."""
    invocation: Invocation = context.obj
    from ocibroker.sidecar_probe import who_answers

    with invocation.broker() as broker:
        explanation = broker.explain(target, caller=Caller.of_account(account))
    helpers = who_answers(invocation.environ)
    if output is Output.JSON:
        invocation.terminal.say_json({**explanation.as_data(), "helpers": helpers.as_data()})
    else:
        invocation.terminal.show(fact_table(_facts(explanation, helpers)))


def _facts(found: Explanation, helpers: Answering) -> Iterator[Fact]:
    yield Fact("target", found.target)
    yield Fact("origin", found.origin)
    for trouble in dict.fromkeys(filter(None, (found.error, found.tls_error))):
        yield Fact("ERROR", trouble, loud=True)
    if not found.error:
        yield from _answering(found)
    yield from trust_facts(found.tls)
    yield Fact("helpers", f"ask {helpers.sidecar}" if helpers.sidecar else "answer by themselves", helpers.why)


def _answering(found: Explanation) -> Iterator[Fact]:
    yield Fact("provider", found.provider or "none")
    yield Fact("because", found.why, found.rule or "")
    if found.otherwise:
        yield Fact("otherwise", found.otherwise, "where that finds no identity")
    yield from _each("shadowed", found.shadowed)
    yield from _each("identity", found.identity, f"{found.reach}" if found.reach else "")
    yield from _each("watched", found.watch)
    yield from _each("realms", found.realms)
    yield Fact("cache", found.cache)
    if found.trouble:
        yield Fact("trouble", found.trouble)
    if found.limit:
        yield Fact("limit", found.limit)


def _each(name: str, values: Iterable[str], source: str = "") -> Iterator[Fact]:
    shown = tuple(values) or ("none",)
    return (Fact(name, value, source) for value in shown)
