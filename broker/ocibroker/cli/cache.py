"""``ocibroker cache``: what commands remember from one to the next, and where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from ocibroker.cli.facts import listing
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.output import Output, OutputOption

if TYPE_CHECKING:
    from ocibroker.cache import FileStore


def show(context: typer.Context, output: OutputOption = Output.TABLE) -> None:
    """List what is remembered: from which provider, of which kind, until when; never for whom, and no secret."""
    invocation: Invocation = context.obj
    now = datetime.now(UTC)
    rows = [
        {
            "key": one.key[:12],
            "provider": one.provider,
            "kind": one.kind,
            "expires_at": f"{one.expires_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "expired": one.expires_at <= now,
        }
        for one in _store(invocation).records()
    ]
    if output is Output.JSON:
        invocation.terminal.say_json(rows)
    else:
        headings = ("key", "provider", "kind", "expires_at", "expired")
        invocation.terminal.show(listing(headings, ([_shown(row[name]) for name in headings] for row in rows)))


def clear(context: typer.Context) -> None:
    """Forget all that is remembered."""
    invocation: Invocation = context.obj
    count = _store(invocation).clear()
    invocation.terminal.say(f"forgotten: {count} {'credential' if count == 1 else 'credentials'}")


def path(context: typer.Context) -> None:
    """Print the folder in which it is kept."""
    invocation: Invocation = context.obj
    invocation.terminal.say(str(_store(invocation).folder))


def _store(invocation: Invocation) -> FileStore:
    from ocibroker.cache import FileStore, cache_folder

    return FileStore(cache_folder(invocation.environ))


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
