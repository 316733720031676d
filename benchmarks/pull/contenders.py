"""The commands that a user would type for the same result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

Commands = Callable[[Sequence[str], Path], list[list[str]]]
"""Takes the references and a folder."""

OURS: Final = "ocibroker pull"


def _ours(references: Sequence[str], folder: Path) -> list[list[str]]:
    tagged = [f"{one}:1.0.0" for one in references]
    return [[str(Path(sys.executable).with_name("ocibroker")), "pull", "-o", str(folder), *tagged]]


def _helm(references: Sequence[str], folder: Path) -> list[list[str]]:
    helm = str(Path(sys.executable).with_name("helm"))
    return [[helm, "pull", f"oci://{one}", "--version=1.0.0", f"--destination={folder}"] for one in references]


def _skopeo(references: Sequence[str], folder: Path) -> list[list[str]]:
    return [
        ["skopeo", "copy", "--quiet", f"docker://{one}:1.0.0", f"dir:{folder / one.rpartition('/')[2]}"]
        for one in references
    ]


def _oras(references: Sequence[str], folder: Path) -> list[list[str]]:
    script = str(Path(__file__).with_name("with_oras.py"))
    return [[sys.executable, script, str(folder), *(f"{one}:1.0.0" for one in references)]]


CONTENDERS: Final[Mapping[str, Commands]] = MappingProxyType(
    {OURS: _ours, "helm pull": _helm, "skopeo copy": _skopeo, "oras (Python client)": _oras}
)
