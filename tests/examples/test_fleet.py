"""The founding scenario is read in every combination of credentials and trust, as its page shows."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.docs.manual import ROOT

FOLDER = ROOT / "examples" / "fleet"
ENDS = {
    "no CA": "over TLS, trusted by a root of the system",
    "cacerts": "over TLS, trusted by the CA of the secret",
    "insecureSkipVerify": "over TLS, whoever issued the certificate",
    "basicHTTP": "over plain HTTP",
}


@pytest.fixture(scope="module")
def done() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "examples.fleet"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.acceptance(1, 2)
@pytest.mark.parametrize(("secret", "user"), [("nobody", "nobody"), ("user, password", "alice")])
@pytest.mark.parametrize("trust", ENDS)
def test_each_combination_is_a_line(
    done: subprocess.CompletedProcess[str], secret: str, user: str, trust: str
) -> None:
    line = f"{f'{secret}, {trust}:':36}app-1.2.3.tgz as {user}, {ENDS[trust]}"
    assert (done.returncode, done.stdout.splitlines().count(line)) == (0, 1)


@pytest.mark.acceptance(1)
def test_the_one_that_failed_is_told_and_no_other(done: subprocess.CompletedProcess[str]) -> None:
    lines = done.stdout.splitlines()
    (told,) = (number for number, line in enumerate(lines) if "fleet#3782" in line)
    assert lines[told - 1].startswith("user, password, no CA:")


def test_its_page_shows_what_it_prints(done: subprocess.CompletedProcess[str]) -> None:
    assert f"$ python -m examples.fleet\n{done.stdout}```" in (FOLDER / "README.md").read_text()


def test_no_password_is_printed(done: subprocess.CompletedProcess[str]) -> None:
    assert (FOLDER / "secret" / "password").read_text().strip() not in done.stdout + done.stderr
