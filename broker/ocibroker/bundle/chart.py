"""Charts of Helm repositories that speak HTTP."""

from __future__ import annotations

from pathlib import Path

from ocibroker.bundle.bounded import Bounded
from ocibroker.bundle.bundle import Bundle, Chart
from ocibroker.bundle.chart_archive import chart_folder
from ocibroker.bundle.download import download, verified
from ocibroker.bundle.link import Link
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.repository import check_named, index_of, located
from ocibroker.bundle.repository_index import LARGEST, Index, Release
from ocibroker.bundle.source import ChartSource
from ocibroker.bundle.tree import listed
from ocibroker.bundle.web import page
from ocibroker.errors import IntegrityError, OcibrokerError, WriteFailed
from ocibroker.oci.digest import Digest
from ocibroker.oci.filename import checked
from ocibroker.oci.pull import pull
from ocibroker.oci.reference import Reference
from ocibroker.writing import writing


def read_chart(source: ChartSource, reading: Reading) -> Bundle:
    """Find ``source`` in its repository's index, fetch its archive, check it, and unpack it if that is wanted.

    The index is fetched once in a run. Of several URLs the next is tried where one fails, but not where it brings
    something else than the index promises. Raises :class:`~ocibroker.errors.OcibrokerError`.
    """
    release = _index(source.repository, reading).find(source.chart, source.version, devel=source.devel)
    culprit = f"{source.chart} {release.version} in {source.repository}"
    archive = reading.folder / checked(f"{source.chart}-{release.version}.tgz", culprit=culprit)
    digest = _fetched(release, source.repository, archive, reading)
    root = chart_folder(archive, reading, culprit) if reading.unpack else archive
    files = listed(root, reading.limits, culprit) if reading.unpack else ()
    chart = Chart(source.chart, release.version)
    return Bundle(source=source, root=root, files=files, resolved=f"{culprit} ({digest})", chart=chart)


def _index(repository: Link, reading: Reading) -> Index:
    """Return the index, which the first who wants it fetches for all that have the same access to it."""
    link = index_of(repository)
    key = (link.target.origin, link.path, link.query, reading.fleet_path)  # port 443 and none are the same
    return reading.indexes.get(
        key, lambda: Index.decode(page(link, reading, LARGEST), str(link)), reading.halt.check
    )


def _fetched(release: Release, repository: Link, archive: Path, reading: Reading) -> Digest:
    failures: list[OcibrokerError] = []
    for url in release.urls:
        try:
            return _fetch(url, release, repository, archive, reading)
        except (IntegrityError, WriteFailed):
            raise
        except OcibrokerError as error:
            reading.halt.check()
            archive.unlink(missing_ok=True)
            failures.append(error.restated())
    raise failures[0]


def _fetch(url: str, release: Release, repository: Link, archive: Path, reading: Reading) -> Digest:
    if url.lower().startswith("oci://"):
        reference = Reference.parse(url)
        check_named(reference.target.origin)
        return _pulled(reference, release, archive, reading)
    return download(located(repository, url), archive, reading, release.digest)


def _pulled(reference: Reference, release: Release, archive: Path, reading: Reading) -> Digest:
    """Pull what the index says to be in a registry."""
    into = reading.folder / "pulled"
    progress = Bounded(reading, str(reference))
    pulled = pull(reading.broker, reference, into, progress=progress, halt=reading.halt, caller=reading.caller)
    if not pulled.is_chart:
        raise IntegrityError("is no chart", culprit=str(reference), hint="see what is in the repository's index")
    with writing(archive):
        pulled.files[0].replace(archive)
    return verified(archive, str(reference), release.digest)
