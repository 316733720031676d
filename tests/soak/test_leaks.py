"""A secret is found in what was written down, in whatever spelling."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

import pytest

from tests.soak.leaks import Written

TOKEN = secrets.token_urlsafe(96)


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: Bearer {TOKEN}",
        f'{{"token":"{TOKEN}"}}',
        f"Basic {base64.b64encode(f'AWS:{TOKEN}'.encode()).decode()}",
        TOKEN.encode().hex(),
    ],
)
def test_in_a_log(line: str, tmp_path: Path) -> None:
    written, log = Written(), tmp_path / "log"
    log.write_text(f"2026-11-25T09:51:42.099+00:00 an answer\nand {line}\n")
    written.read(log)
    assert written.leaks([TOKEN]) != []
    assert written.leaks([secrets.token_urlsafe(96)]) == []
