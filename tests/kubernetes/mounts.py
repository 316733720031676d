"""Secrets as the kubelet mounts them, and the rules that use them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.kubernetes.cluster import encoded

USER = {"username": "alice", "password": "wonder\n"}


def mounted(folder: Path, values: Mapping[str, str | bytes]) -> Path:
    """Write a secret as files; return ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, value in values.items():
        (folder / key).write_bytes(value if isinstance(value, bytes) else value.encode())
    return folder


def swapped(folder: Path, values: Mapping[str, str | bytes]) -> Path:
    """Mount a secret, or another version of it, as the kubelet does: by one swap of the link ``..data``."""
    folder.mkdir(parents=True, exist_ok=True)
    version = mounted(folder / f"..{len(list(folder.iterdir()))}", values)
    for key in values:
        if not (folder / key).is_symlink():
            (folder / key).symlink_to(f"..data/{key}")
    (folder / "..data_tmp").symlink_to(version.name)
    (folder / "..data_tmp").replace(folder / "..data")
    return folder


def for_paths(entries: Mapping[str, Mapping[str, object]]) -> str:
    """Return the text of a ``secrets-path.yaml``."""
    text: str = yaml.safe_dump({path: dict(entry) for path, entry in entries.items()})
    return text


def entry(*, ca: str = "", **values: object) -> dict[str, object]:
    """Return what stands for one path."""
    return {**values, "caBundle": encoded(ca)} if ca else values


def rule(match: str, options: str, *, more: str = "") -> str:
    """Return a rule of the provider, as TOML."""
    return f'[[registry]]\nmatch = "{match}"\nprovider = "kubernetes"\noptions = {{ {options} }}\n{more}\n'
