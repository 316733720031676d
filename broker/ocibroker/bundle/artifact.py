"""Charts, artifacts and images in registries."""

from __future__ import annotations

from ocibroker.bundle.bounded import Bounded
from ocibroker.bundle.bundle import Bundle, Chart
from ocibroker.bundle.chart_archive import chart_folder
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.source import OCISource
from ocibroker.bundle.tree import listed
from ocibroker.oci.artifact import Pulled
from ocibroker.oci.pull import pull


def read_artifact(source: OCISource, reading: Reading) -> Bundle:
    """Pull ``source``: a chart becomes its folder, an image its layout, files lie together in one folder.

    A chart that is not to be unpacked is its archive. Raises :class:`~ocibroker.errors.OcibrokerError`.
    """
    name = source.reference.target.path.rpartition("/")[2]
    into = reading.folder / "pulled" / name
    pulled = pull(
        reading.broker,
        source.reference,
        into,
        source.wish,
        progress=Bounded(reading, str(source)),
        halt=reading.halt,
        caller=reading.caller,
    )
    root = pulled.files[0] if pulled.files[0].is_dir() or pulled.is_chart else into
    if pulled.is_chart and reading.unpack:
        root = chart_folder(pulled.files[0], reading, str(source))
    files = listed(root, reading.limits, str(source)) if root.is_dir() else ()
    chart = _chart(pulled, name) if pulled.is_chart else None
    return Bundle(source=source, root=root, files=files, resolved=str(pulled.reference), chart=chart)


def _chart(pulled: Pulled, name: str) -> Chart:
    """Return what the name of the archive, ``NAME-VERSION.tgz``, says."""
    stem = pulled.files[0].name.removesuffix(".tgz")
    return Chart(name, stem.removeprefix(f"{name}-"))
