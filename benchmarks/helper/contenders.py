"""The programs that Docker would start, and the interpreter that ours cannot be faster than."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

HOST: Final = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
OURS: Final = "docker-credential-ocibroker"
OTHER: Final = "docker-credential-ecr-login"
NOTHING: Final = "python3 -IS -c pass"
_BIN: Final = Path(sys.executable).parent

CONTENDERS: Final[Mapping[str, list[str]]] = MappingProxyType(
    {
        OURS: [str(_BIN / OURS), "get"],
        OTHER: [OTHER, "get"],
        NOTHING: [str(_BIN / "python3"), "-IS", "-c", "pass"],
    }
)
SERVE: Final = (str(_BIN / "ocibroker"), "serve", "--socket")
