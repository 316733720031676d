"""What a Fleet repository has read, fetched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ocibroker.cli.sources import Outcome, written
from ocibroker.errors import OcibrokerError

if TYPE_CHECKING:
    from ocibroker.broker import Broker
    from ocibroker.bundle.fleet import FleetChart
    from ocibroker.oci import Progress


def fetch_fleet(
    broker: Broker, folder: str, into: str, progress: Progress, before: Sequence[Outcome] = ()
) -> tuple[Outcome, ...]:
    """Read each chart that a ``fleet.yaml`` in ``folder`` names, and return what became of it, file by file.

    It lies in ``into`` as its file lies in ``folder``, and replaces nothing that came ``before``. One that fails
    stops no other.
    """
    from ocibroker.bundle import Terms, Wanted, read_many
    from ocibroker.bundle.fleet import fleet_sources

    charts = fleet_sources(Path(folder))
    wanted = [
        Wanted(one.source, place := _place(one, folder), one.dependencies, fleet_path=place)
        for one in charts
        if not isinstance(one.source, OcibrokerError)
    ]
    terms = Terms(unpack=False, progress=progress, written=written(one.result for one in before))
    read = iter(read_many(broker, wanted, into, terms) if wanted else ())
    return tuple(
        Outcome(str(one.file), one.source, str(one.file))
        if isinstance(one.source, OcibrokerError)
        else Outcome(str(one.source), next(read), str(one.file))
        for one in charts
    )


def _place(chart: FleetChart, folder: str) -> str:
    return chart.file.parent.relative_to(folder).as_posix()
