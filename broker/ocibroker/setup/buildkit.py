"""BuildKit: ``[registry."HOST"]`` in ``buildkitd.toml``, which names the configuration's own files.

https://docs.docker.com/build/buildkit/toml-configuration/
"""

from __future__ import annotations

from typing import Any, Final

from ocibroker.setup.helpers import only_added
from ocibroker.setup.plan import Plan, Planned, Read
from ocibroker.setup.settings import Host, Settings
from ocibroker.setup.toml_tables import read_toml, written

_NOTES: Final = (
    "BuildKit has its clients asked for credentials, and these read Docker's file: `ocibroker setup docker`",
    "the daemon reads the file when it starts; docker buildx takes it by --buildkitd-config",
)


def plan(settings: Settings, read: Read) -> Plan:
    """Return the daemon's file: the user's, or the system's."""
    folder = settings.etc if settings.system else settings.xdg
    path = settings.file or folder / "buildkit" / "buildkitd.toml"
    notes = (*settings.notes, *only_added(settings), *_NOTES)
    if not settings.trusting:
        return Plan((), notes)
    document = read_toml(path, read(path))
    for host in settings.trusting:
        _trust(document, host)
    return Plan((Planned(path, written(document), "toml"),), notes, shared=settings.system)


def _trust(document: Any, host: Host) -> None:  # noqa: ANN401  # tomlkit's documents are mappings of anything
    import tomlkit

    registries = document.setdefault("registry", tomlkit.table(is_super_table=True))
    table = registries.setdefault(host.name, tomlkit.table())
    if host.trust.files:
        known = table.setdefault("ca", [])
        known.extend(path for path in map(str, host.trust.files) if path not in known)
    if client := host.trust.client:
        pair = {"key": str(client.key), "cert": str(client.certificate)}
        known = table.setdefault("keypair", tomlkit.aot())
        if pair not in known:
            known.append(tomlkit.item(pair))
