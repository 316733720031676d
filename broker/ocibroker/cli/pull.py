"""``ocibroker pull``: artifacts out of registries, into files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ocibroker.cli.invocation import Invocation
from ocibroker.cli.progress import shown
from ocibroker.cli.pulled import told
from ocibroker.errors import UsageError

if TYPE_CHECKING:
    from ocibroker.oci import Platform

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help="registry/repository:tag or @digest, oci://… as Helm reads it, https://…, git::https://…, or a path.",
        show_default=False,
    ),
]


def pull(
    context: typer.Context,
    sources: Sources = None,
    file: Annotated[
        str,
        typer.Option("--file", "-f", metavar="FILE", help="A list of sources, one a line; - is standard input."),
    ] = "",
    repository: Annotated[
        str,
        typer.Option("--repo", metavar="URL", help="SOURCEs are charts of this Helm repository, as for helm."),
    ] = "",
    fleet: Annotated[
        str, typer.Option("--fleet", metavar="DIR", help="All charts that a fleet.yaml in DIR, or below it, names.")
    ] = "",
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
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each SOURCE.")] = False,
) -> None:
    """Fetch charts, artifacts, images, archives and git trees, verified, and print what was written.

    A chart becomes its archive, an artifact its named files, an image a folder that is an OCI image layout; an
    archive behind a URL becomes a folder. Nothing gets its name before it is complete. With several SOURCEs one
    that fails does not stop the others. Charts of --fleet lie as their files do in DIR.
    """
    from ocibroker.cli.fleet import fetch_fleet
    from ocibroker.cli.sources import fetch, listed
    from ocibroker.oci import Wish

    invocation: Invocation = context.obj
    wish = Wish(version=version, devel=devel, as_layout=layout, platform=_platform(platform))
    texts = (*(sources or ()), *(listed(file, invocation.person) if file else ()))
    if not texts and not file and not fleet:
        raise UsageError("Missing argument 'SOURCE...'", hint="name a source, or a list of them by --file")
    if fleet and wish != Wish():
        hint = "leave out --version, --devel, --platform and --layout"
        raise UsageError("takes the versions that its files name", culprit=f"--fleet {fleet}", hint=hint)
    with invocation.broker() as broker, shown(invocation.terminal) as progress:
        outcomes = fetch(broker, texts, directory, wish, progress, repository=repository)
        outcomes += fetch_fleet(broker, fleet, directory, progress, outcomes) if fleet else ()
    told(outcomes, invocation.terminal, as_json=as_json)


def _platform(text: str) -> Platform | None:
    from ocibroker.oci import Platform

    if not text:
        return None
    os, _, rest = text.partition("/")
    architecture, _, variant = rest.partition("/")
    if not os or not architecture or "/" in variant:
        raise UsageError("is not OS/ARCH or OS/ARCH/VARIANT", culprit=f"--platform {text!r}")
    return Platform(os, architecture, variant)
