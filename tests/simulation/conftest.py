"""A simulated day is told in hundreds of thousands of lines, which are the same ones again and again."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def _few_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="ocibroker")
