"""After ``ocibroker setup git`` git trusts a private authority, shows its certificate, and asks our executable."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.cli.desk import Desk
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.requirement import executable
from tests.setup.household import Household
from tests.transport.answering_server import answering

pytestmark = pytest.mark.e2e

REFS = f"{'1' * 40}\trefs/heads/main\n"
HELPER = """\
#!/bin/sh
cat > "$HOME/asked"
echo "username={username}"
echo "password={password}"
"""


def listed(house: Household, url: str) -> subprocess.CompletedProcess[str]:
    argv = [executable("git", "apt-get install git"), "ls-remote", url]
    environ = {
        "HOME": str(house.desk.home),
        "PATH": f"{house.programs}:/usr/bin:/bin",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    return subprocess.run(argv, env=environ, cwd=house.desk.home, capture_output=True, text=True, check=False)


def test_git_lists_a_private_repository(authority: Authority, account: Account, tmp_path: Path) -> None:
    house, mine = Household(Desk(tmp_path)), authority.issue("alice.test")
    helper = house.programs / "git-credential-ocibroker"
    helper.write_text(HELPER.format(username=account.username, password=account.password))

    def answer(request: Request) -> CannedResponse:
        if request.headers.get("authorization") != account.basic:
            return CannedResponse(401, {"www-authenticate": 'Basic realm="git"'})
        return CannedResponse(200, {"content-type": "text/plain"}, REFS.encode())

    tls = authority.issue("localhost").server_context()
    tls.load_verify_locations(authority.bundle)
    tls.verify_mode = ssl.CERT_REQUIRED
    with answering(answer, tls) as server:
        host = f"localhost:{server.port}"
        url = f"https://{host}/team/app.git"
        assert listed(house, url).returncode != 0
        entry = f'[[tls]]\nmatch = "{host}"\nca = ["{authority.bundle}"]\n'
        house.configure(f"{host}/team", more=f'{entry}client_cert = "{mine.chain}"\nclient_key = "{mine.key}"\n')
        house.apply("git")
        done = listed(house, url)
    assert (done.returncode, done.stdout) == (0, REFS), done.stderr
    asked = (house.desk.home / "asked").read_text().splitlines()
    assert {"protocol=https", f"host={host}", "path=team/app.git"} <= {*asked}
