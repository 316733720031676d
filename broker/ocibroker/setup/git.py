"""git: ``credential.URL.helper`` and ``http.URL.sslCAInfo``, ``sslCert``, ``sslKey``.

https://git-scm.com/docs/gitcredentials, https://git-scm.com/docs/git-config#Documentation/git-config.txt-httplturlgt
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ocibroker.folders import settings as own_folder
from ocibroker.setup.block import put_block, text_of
from ocibroker.setup.certificates import bundle
from ocibroker.setup.helpers import globs_untold
from ocibroker.setup.plan import Plan, Planned, Read
from ocibroker.setup.settings import Host, Settings

EXECUTABLE: Final = "git-credential-ocibroker"


def plan(settings: Settings, read: Read) -> Plan:
    """Return git's file with our sections at its end, and a bundle for each host that has an authority.

    What git is told of authorities replaces the system's roots, so these are in the bundle too unless ``ca_only``.
    """
    path = _place(settings, read)
    notes = (*globs_untold(settings), *settings.notes)
    trust = {host: _bundle(host, settings) for host in settings.trusting if host.trust.authorities}
    files = [Planned(planned.path, planned.content) for planned in trust.values()]
    sections = [*_credentials(settings), *_connections(settings, {host: one.path for host, one in trust.items()})]
    if sections:
        files.append(Planned(path, put_block(text_of(path, read(path)), "".join(sections)).encode(), "block"))
    return Plan(tuple(files), notes, EXECUTABLE, shared=settings.system)


def _place(settings: Settings, read: Read) -> Path:
    if settings.system:
        return settings.file or settings.etc / "gitconfig"
    home, other = settings.home / ".gitconfig", settings.xdg / "git" / "config"
    usual = other if read(home) is None and read(other) is not None else home
    return settings.file or settings.named("GIT_CONFIG_GLOBAL") or usual


def _bundle(host: Host, settings: Settings) -> Planned:
    folder = settings.etc / "ocibroker" if settings.system else own_folder(settings.environ)
    place = folder / "trust" / "git" / f"{host.name}.pem"
    authorities = host.trust.authorities
    alone = "".join(authorities).encode()
    return Planned(place, alone if host.trust.ca_only else bundle(authorities, settings.environ, place=place))


def _credentials(settings: Settings) -> Iterator[str]:
    for host in settings.hosts:
        urls = [host.url] if host.asks else [f"{host.url}/{path}" for path in host.paths]
        # The empty value takes back those for every host: they would be asked first, and store what we answer.
        lines = ["\thelper =\n", "\thelper = ocibroker\n", "\tuseHttpPath = true\n" if host.paths else ""]
        yield from (f"[credential {_quoted(url)}]\n{''.join(lines)}" for url in urls)


def _connections(settings: Settings, bundles: dict[Host, Path]) -> Iterator[str]:
    for host in settings.trusting:
        values = {"sslCAInfo": bundles.get(host)}
        if client := host.trust.client:
            values |= {"sslCert": client.certificate, "sslKey": client.key}
        lines = "".join(f"\t{name} = {_quoted(str(value))}\n" for name, value in values.items() if value)
        yield f"[http {_quoted(f'{host.url}/')}]\n{lines}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
