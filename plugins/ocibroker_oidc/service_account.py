"""How a service account of Kubernetes is named."""

from __future__ import annotations

import re
from typing import Final

_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# Not compiled, since only few rules need it.
_ACCOUNT: Final = rf"(?a:{_LABEL}/{_LABEL}(?:\.{_LABEL})*)"
"""``namespace/name``, by RFC 1123."""


def check_account(name: str) -> None:
    """Raise ``ValueError`` for what is no ``namespace/name``: it becomes a part of a URL."""
    if not re.fullmatch(_ACCOUNT, name):
        raise ValueError("service_account is something else than namespace/name")
