"""``ocibroker pull``: artifacts out of registries, into files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ocibroker.cli.exits import exit_code
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.progress import shown
from ocibroker.cli.terminal import Terminal
from ocibroker.errors import OcibrokerError, UsageError

if TYPE_CHECKING:
    from ocibroker.oci import Platform, Pulled

References = Annotated[
    list[str],
    typer.Argument(
        metavar="REF...",
        help="registry/repository:tag or registry/repository@digest, with oci:// as Helm reads it.",
    ),
]


def pull(
    context: typer.Context,
    references: References,
    directory: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="The folder to write into; it is made.")
    ] = ".",
    version: Annotated[
        str,
        typer.Option("--version", metavar="RANGE", help="A version or a range, as for helm: 1.2.3, ^1, '>=1 <3'."),
    ] = "",
    platform: Annotated[
        str, typer.Option("--platform", metavar="OS/ARCH", help="Of an image for several, take this one only.")
    ] = "",
    *,
    devel: Annotated[bool, typer.Option("--devel", help="Let pre-releases in, as for helm.")] = False,
    layout: Annotated[bool, typer.Option("--layout", help="Write an OCI image layout, whatever it is.")] = False,
) -> None:
    """Fetch charts, artifacts and images, verified, and print what was written.

    A chart becomes its archive, an artifact its named files, an image a folder that is an OCI image layout.
    Nothing gets its name before it is complete. With several REFs one that fails does not stop the others.
    """
    from ocibroker.oci import Wish, pull_many

    invocation: Invocation = context.obj
    wish = Wish(version=version, devel=devel, as_layout=layout, platform=_platform(platform))
    with invocation.broker() as broker, shown(invocation.terminal) as progress:
        outcomes = pull_many(broker, references, directory, wish, progress=progress)
    _say(outcomes, invocation.terminal)


def _say(outcomes: Sequence[Pulled | OcibrokerError], terminal: Terminal) -> None:
    """Print what was written; raise what the only one raised, else exit with the code of the first that failed."""
    failures = [outcome for outcome in outcomes if isinstance(outcome, OcibrokerError)]
    if failures and len(outcomes) == 1:
        raise failures[0]
    for outcome in outcomes:
        if isinstance(outcome, OcibrokerError):
            terminal.note(str(outcome))
            continue
        for path in outcome.files:
            terminal.say_path(path)
        if outcome.unnamed:
            why = f"layers without a name are left out: {len(outcome.unnamed)}"
            terminal.note(f"{outcome.reference}: {why} (--layout has them)")
    if failures:
        raise typer.Exit(exit_code(failures[0]))


def _platform(text: str) -> Platform | None:
    from ocibroker.oci import Platform

    if not text:
        return None
    os, _, rest = text.partition("/")
    architecture, _, variant = rest.partition("/")
    if not os or not architecture or "/" in variant:
        raise UsageError("is not OS/ARCH or OS/ARCH/VARIANT", culprit=f"--platform {text!r}")
    return Platform(os, architecture, variant)
