"""The registry, as `login` and `logout` take it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from ocibroker.target import Target

RegistryArgument = Annotated[
    str,
    typer.Argument(metavar="REGISTRY", help="A registry, or a part of it: registry.example.com/team"),
]


def registry_of(text: str) -> Target:
    """Return the target that ``text`` names; a path of Docker Hub is an account there, as Podman has it.

    Raises :class:`~ocibroker.errors.InvalidTarget`.
    """
    # Not the target's own path: that of an image with one component begins with library.
    return replace(Target.parse(text), path=text.rpartition("://")[2].partition("/")[2])
