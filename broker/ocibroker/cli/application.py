"""The commands, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import typer

from ocibroker.cli import cache, config
from ocibroker.cli.child import run
from ocibroker.cli.doctor import doctor
from ocibroker.cli.explain import explain
from ocibroker.cli.export import export
from ocibroker.cli.get import get
from ocibroker.cli.login import login
from ocibroker.cli.logout import logout
from ocibroker.cli.options import options
from ocibroker.cli.providers import providers
from ocibroker.cli.pull import pull
from ocibroker.cli.serve import serve
from ocibroker.cli.setup import setup
from ocibroker.cli.status import status

NAME: Final = "ocibroker"
"""The command's name, however the process was started."""

_HELP: Final = ("-h", "--help")


def application() -> typer.Typer:
    """Return the application; it is run with an :class:`~ocibroker.cli.invocation.Invocation` as ``obj``."""
    root = typer.Typer(
        name=NAME,
        help="For any OCI registry: who am I there, and how do I talk to it.",
        context_settings={"help_option_names": [*_HELP]},
        pretty_exceptions_enable=False,
    )
    root.callback()(options)
    _add(root, get, explain, doctor, pull, export, run, login, logout, providers, setup, serve, status)
    _add(
        _group(root, "config", "Check, describe and find the configuration."),
        config.check,
        config.schema,
        config.path,
    )
    remembered = _group(root, "cache", "What is remembered from one command to the next.")
    remembered.command("list")(cache.show)
    _add(remembered, cache.clear, cache.path)
    return root


def _add(group: typer.Typer, *commands: Callable[..., None]) -> None:
    for command in commands:
        group.command()(command)


def _group(root: typer.Typer, name: str, text: str) -> typer.Typer:
    group = typer.Typer(help=text, context_settings={"help_option_names": [*_HELP]})
    root.add_typer(group, name=name)
    return group
