"""``ocibroker cache``: what commands remember from one to the next, and where."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import typer

from ocibroker.cli.facts import listing
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.output import Output, OutputOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocibroker.cache import FileStore
    from ocibroker.cache.redis import RedisStore
    from ocibroker.config import Config, SharedStore

_PATIENCE: Final = 10.0
"""Seconds for each question to a store that a fleet shares: a person waits for the answer."""


def show(context: typer.Context, output: OutputOption = Output.TABLE) -> None:
    """List what is remembered: from which provider, of which kind, until when; never for whom, and no secret."""
    invocation: Invocation = context.obj
    now = datetime.now(UTC)
    with _store(invocation) as store:
        found = [*store.records()]
    rows = [
        {
            "key": one.key[:12],
            "provider": one.provider,
            "kind": one.kind,
            "expires_at": f"{one.expires_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "expired": one.expires_at <= now,
        }
        for one in found
    ]
    if output is Output.JSON:
        invocation.terminal.say_json(rows)
    else:
        headings = ("key", "provider", "kind", "expires_at", "expired")
        invocation.terminal.show(listing(headings, ([_shown(row[name]) for name in headings] for row in rows)))


def clear(context: typer.Context) -> None:
    """Forget all that is remembered."""
    invocation: Invocation = context.obj
    with _store(invocation) as store:
        count = store.clear()
    invocation.terminal.say(f"forgotten: {count} {'credential' if count == 1 else 'credentials'}")


def path(context: typer.Context) -> None:
    """Print the folder in which it is kept, or the URL of the store that a fleet shares."""
    from ocibroker.cache import cache_folder

    invocation: Invocation = context.obj
    shared = invocation.load().shared
    invocation.terminal.say(shared.url if shared else str(cache_folder(invocation.environ)))


@contextmanager
def _store(invocation: Invocation) -> Iterator[FileStore | RedisStore]:
    from ocibroker.cache import FileStore, cache_folder

    config = invocation.load()
    with ExitStack() as after:
        if config.shared is None:
            yield FileStore(cache_folder(invocation.environ))
            return
        store = _shared_store(config, config.shared, invocation.environ, after)
        after.callback(store.close)
        yield store


def _shared_store(config: Config, shared: SharedStore, environ: Mapping[str, str], after: ExitStack) -> RedisStore:
    from ocibroker.cache import open_shared
    from ocibroker.clock import SystemClock
    from ocibroker.scratch import Scratch
    from ocibroker.tls import TLSPolicies
    from ocibroker.transport import direct

    clock, scratch = SystemClock(), Scratch()
    after.callback(scratch.close)
    policies = TLSPolicies(config.tls, environ=environ, monotonic=clock.monotonic, scratch=scratch)
    return open_shared(shared, policies=policies, clock=clock, route=direct, budget=_PATIENCE)


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
