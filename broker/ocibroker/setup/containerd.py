"""containerd: ``hosts.toml`` of each host below ``certs.d``, which names the configuration's own files.

https://github.com/containerd/containerd/blob/main/docs/hosts.md
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ocibroker.setup.helpers import only_added
from ocibroker.setup.plan import Plan, Planned, Read
from ocibroker.setup.settings import Host, Settings, Trust
from ocibroker.setup.toml_tables import read_toml, written
from ocibroker.target import Target
from ocibroker.tls.places import HOSTS_TOML

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_CREDENTIALS: Final = (
    "containerd asks nobody for credentials: whoever has it pull does, as `ocibroker setup kubelet` tells"
)


def plan(settings: Settings, read: Read) -> Plan:
    """Return the ``hosts.toml`` of each host that has an authority or a client certificate."""
    folder = settings.file or settings.etc / "containerd" / "certs.d"
    files, notes = [], [*settings.notes, *only_added(settings), _CREDENTIALS]
    for host in settings.trusting:
        path = _place(folder, host, read)
        document = read_toml(path, read(path))
        if (server := str(document.get("server", host.url)).rstrip("/")) != host.url:
            notes.append(f"{path} is left alone: it leads to {server}, which has a trust of its own")
            continue
        _trust(document, host)
        files.append(Planned(path, written(document), "toml"))
    notes += [f"containerd must read {folder}: config_path in /etc/containerd/config.toml"] if files else []
    return Plan(tuple(files), tuple(notes), shared=True)


def _place(folder: Path, host: Host, read: Read) -> Path:
    """Return the host's file: the one that is there, in the order in which containerd looks."""
    places = [folder / name / HOSTS_TOML for name in _names(host)]
    return next((path for path in places if read(path) is not None), places[-1])


def _names(host: Host) -> Iterator[str]:
    if host.name != host.bare:
        yield f"{host.bare}_{Target(host.name).port}_"
    yield host.name


def _trust(document: Any, host: Host) -> None:  # noqa: ANN401  # tomlkit's documents are mappings of anything
    table: MutableMapping[str, Any] = document.get("host", {}).get(host.url)
    if table is None:
        document.setdefault("server", host.url)
        table = document
    if host.trust.files:
        table["ca"] = list(map(str, host.trust.files))
    if pair := _pair(host.trust):
        table["client"] = [pair]


def _pair(trust: Trust) -> list[str]:
    return [str(trust.client.certificate), str(trust.client.key)] if trust.client else []
