"""What a child finds in its folder: logins, authorities, client certificates; and the variables that name them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ocibroker.frontends.logins import auth_json, docker_config

if TYPE_CHECKING:
    from ocibroker.access import Access
    from ocibroker.tls import TLSPolicy

_OF_LOGINS: Final = frozenset({"auths", "credHelpers", "credsStore", "HttpHeaders"})
"""Keys of Docker's file that are not taken over: each would send something else than what was asked for."""

_OURS: Final = frozenset({"config.json", "auth.json", "certs.d", "ca.pem"})


def furnish(folder: Path, accesses: Sequence[Access], environ: Mapping[str, str]) -> dict[str, str]:
    """Write all into ``folder`` and return the environment of the child.

    Raises :class:`~ocibroker.errors.OcibrokerError` for a credential that a tool's file cannot carry, and for files
    of a TLS policy that cannot be used.
    """
    docker = _own_docker_folder(environ)
    _write(folder / "config.json", {**_settings(docker), **docker_config(accesses)})
    _write(folder / "auth.json", auth_json(accesses))
    for entry in _beside(docker):
        (folder / entry.name).symlink_to(entry)
    for access in accesses:
        _certificates(folder / "certs.d" / access.target.registry, access.tls)
    kept = {name: value for name, value in environ.items() if name != "DOCKER_AUTH_CONFIG"}
    return {**kept, **_variables(folder), **_authorities(folder, accesses)}


def _variables(folder: Path) -> dict[str, str]:
    return {
        "DOCKER_CONFIG": str(folder),
        "REGISTRY_AUTH_FILE": str(folder / "auth.json"),
        "HELM_REGISTRY_CONFIG": str(folder / "config.json"),
        "OCIBROKER_CERTS_D": str(folder / "certs.d"),
    }


def shortcomings(accesses: Iterable[Access]) -> Iterator[str]:
    """Return what the child cannot be told in this way, for people."""
    for access in accesses:
        tls, registry = access.tls, access.target.registry
        if tls.insecure or tls.plain_http:
            yield f"{registry}: insecure and plain_http are not passed on: tell the tool itself"
        if tls.ca_only:
            yield f"{registry}: ca_only is not passed on: the tool trusts the system's roots as well"
        if tls.client_cert:
            yield f"{registry}: tell the tool of the client certificate: $OCIBROKER_CERTS_D/{registry}"
        if tls.client_key_password:
            yield f"{registry}: the client's key is encrypted, and most tools cannot read it"


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=2))


def _own_docker_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or "/") / ".docker").absolute()


def _settings(docker: Path) -> dict[str, Any]:
    """Return what Docker's own file says of anything but logins: contexts, proxies; nothing if it is broken."""
    try:
        found: object = json.loads((docker / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return {key: value for key, value in found.items() if key not in _OF_LOGINS} if isinstance(found, dict) else {}


def _beside(docker: Path) -> list[Path]:
    """Return what else Docker keeps there: plugins and contexts."""
    try:
        return [entry for entry in docker.iterdir() if entry.name not in _OURS]
    except OSError:
        return []


def _certificates(folder: Path, tls: TLSPolicy) -> None:
    """Write what ``certs.d`` of containers and Docker holds for a host; a key is linked to, and not copied."""
    authorities = tls.load().authorities
    if not authorities and not tls.client_cert:
        return
    folder.mkdir(parents=True, exist_ok=True)
    if authorities:
        (folder / "ca.crt").write_text("\n".join(authorities))
    for name, path in (("client.cert", tls.client_cert), ("client.key", tls.client_key)):
        link = folder / name
        if path and not link.is_symlink():
            link.symlink_to(path.absolute())


def _authorities(folder: Path, accesses: Sequence[Access]) -> dict[str, str]:
    """Write the roots and all the targets' authorities into one file, for the programs of Go and OpenSSL."""
    private = dict.fromkeys(pem for access in accesses for pem in access.tls.load().authorities)
    if not private:
        return {}
    path, roots = folder / "ca.pem", accesses[0].tls.roots
    path.write_text("\n".join([*([] if roots.absent else [roots.bundle()]), *private]))
    return {"SSL_CERT_FILE": str(path)}
