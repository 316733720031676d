"""The providers that a command can speak of even while the configuration is wrong."""

from __future__ import annotations

from ocibroker.cli.invocation import Invocation
from ocibroker.errors import ConfigurationError
from ocibroker.providers import Providers, load


def known_providers(invocation: Invocation) -> Providers:
    """Return the configuration's providers, or, with a note, the built-in ones where it cannot be used.

    An error in it may say "see `ocibroker providers`", and an editor needs the schema most while the file is wrong.
    """
    try:
        return invocation.load().providers
    except ConfigurationError as error:
        invocation.terminal.note(f"only the built-in providers, since {error}")
    return load()
