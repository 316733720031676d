"""The commands, put together."""

from __future__ import annotations

from typing import Final

import typer

from ocibroker.cli import config
from ocibroker.cli.explain import explain
from ocibroker.cli.get import get
from ocibroker.cli.login import login
from ocibroker.cli.logout import logout
from ocibroker.cli.options import options
from ocibroker.cli.providers import providers
from ocibroker.cli.pull import pull

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
    for command in (get, explain, pull, login, logout, providers):
        root.command()(command)
    root.add_typer(_configuration(), name="config")
    return root


def _configuration() -> typer.Typer:
    group = typer.Typer(
        help="Check, describe and find the configuration.", context_settings={"help_option_names": [*_HELP]}
    )
    for command in (config.check, config.schema, config.path):
        group.command()(command)
    return group
