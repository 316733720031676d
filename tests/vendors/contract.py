"""The contract of providers whose credential is a user name and a password that a rule says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ocibroker.testing import ProviderContract

TOKEN = "t0ken-of-the-contract"


class LoginContract(ProviderContract):
    """``user`` and ``token`` are files, and ``TOKEN`` is a variable, that a vendor's options may name."""

    secrets = (TOKEN,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "user").write_text("acme\n")
        (folder / "token").write_text(f"{TOKEN}\n")
        return {"TOKEN": TOKEN}
