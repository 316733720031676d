"""The suite's ear on its own logs hears each secret, in each form, and nothing else."""

from __future__ import annotations

import base64
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from ocibroker import Basic
from tests.overheard import FIXED, overheard
from tests.transport.canary import Canary

ROOT = Path(__file__).parents[2]
LOG = logging.Logger("of.somebody", logging.DEBUG)
FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "quoted": lambda text: quote(text, safe=""),
    "hex": lambda text: text.encode().hex(),
    "base64-0": lambda text: base64.b64encode(text.encode()).decode(),
    "base64-1": lambda text: base64.b64encode(f"u{text}".encode()).decode(),
    "base64-2": lambda text: base64.urlsafe_b64encode(f"a:{text}".encode()).decode(),
}
TESTS = """
import logging

import pytest

from tests.transport.canary import Canary

LOG = logging.getLogger("of.somebody")

@pytest.fixture
def late():
    yield
    LOG.debug("%s", Canary().secret.reveal())

@pytest.fixture
def early():
    LOG.debug("%s", Canary().secret.reveal())

def test_debug(): LOG.debug("GET %s", Canary().secret.reveal())
def test_setup(early): ...
def test_teardown(late): ...
def test_quiet(): LOG.debug("GET %r", Canary().secret)
"""


def record(message: str, **more: object) -> logging.LogRecord:
    return LOG.makeRecord(LOG.name, logging.DEBUG, "/x/place.py", 7, message, (), None, extra=more)


@pytest.mark.parametrize("form", FORMS)
def test_a_canary_is_heard_in_any_form(form: str) -> None:
    said = record(f"> GET {FORMS[form](Canary().secret.reveal())}")
    assert f"of.somebody at place.py:7: {form}" in overheard([record("nothing"), said])


@pytest.mark.parametrize("secret", FIXED)
def test_a_password_that_tests_write_out_is_heard(secret: str) -> None:
    assert "of.somebody at place.py:7: raw" in overheard([record(f"https://bob:{secret}@a.test")])


def test_the_header_of_alices_usual_password_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    header = base64.b64encode(b"alice:wonder").decode()
    assert overheard([record(f"Authorization: Basic {header}")]) == ["of.somebody at place.py:7: base64-0"]


def test_what_a_record_carries_besides_is_heard() -> None:
    assert overheard([record("GET", headers={"a": Canary().ascii.reveal()})]) != []


def test_what_is_heard_is_not_said_again() -> None:
    canary = Canary()
    assert canary.hits(repr(overheard([record(canary.secret.reveal())]))) == []


def test_a_secret_that_does_not_show_itself_is_not_heard() -> None:
    assert overheard([record(repr(Basic(username="alice", secret=Canary().ascii)))]) == []


def test_a_test_that_has_one_logged_fails(tmp_path: Path) -> None:
    (tmp_path / "test_inner.py").write_text(TESTS)
    flags = ["-q", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "-p", "tests.conftest"]
    command = [sys.executable, "-m", "pytest", *flags, "--show-capture=no", "--confcutdir", str(tmp_path)]
    done = subprocess.run([*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    failed = {line.split("::")[1].split()[0] for line in done.stdout.splitlines() if line.startswith("ERROR ")}
    assert failed == {"test_debug", "test_setup", "test_teardown"}, done.stdout
    assert "of.somebody at test_inner.py:19: raw" in done.stdout
    assert "4 passed, 3 errors" in done.stdout
