"""A registry's folder as Docker and containers lay it out.

``*.crt`` are authorities; ``NAME.cert`` is a client's certificate and ``NAME.key`` its key
(https://docs.docker.com/engine/security/certificates/, containers-certs.d(5)).
"""

from __future__ import annotations

from pathlib import Path

from ocibroker.tls.discovered import Discovered, only
from ocibroker.tls.refused import refused


def read_folder(folder: Path, host: str, *, key_inside: bool = False) -> Discovered:
    """Return what the folder holds, its files unread.

    With ``key_inside`` a ``.cert`` without ``.key`` holds both, as containerd has it. Raises
    :class:`~ocibroker.errors.TLSConfigurationError`.
    """
    names = _listing(folder, host)
    certificates, keys = _stems(names, ".cert"), _stems(names, ".key")
    for stem in keys - certificates:
        hint = f"add {stem}.cert, or take it away"
        raise refused(folder / f"{stem}.key", host, "is a key without certificate", hint)
    pairs = []
    for stem in sorted(certificates):
        certificate = folder / f"{stem}.cert"
        if stem not in keys and not key_inside:
            hint = f"add {stem}.key; an authority's certificate is named .crt"
            raise refused(certificate, host, "is a client certificate without key", hint)
        pairs.append((certificate, folder / f"{stem}.key" if stem in keys else certificate))
    return Discovered(
        ca=tuple(folder / name for name in names if name.endswith(".crt")),
        client=only(pairs, folder, host),
        source=folder,
    )


def _listing(folder: Path, host: str) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    raise refused(folder, host, why, "correct its mode, or take it away")


def _stems(names: list[str], suffix: str) -> set[str]:
    return {name.removesuffix(suffix) for name in names if name.endswith(suffix)}
