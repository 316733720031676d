"""Debian's ``nginx``, on loopback, over TLS: files of a folder, behind Basic authentication."""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e import registry_auth
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.requirement import executable
from tests.free_port import free_port

NAMES: Final = ("registry.test", "token.test", "localhost", "127.0.0.1")
_START: Final = 15.0

# One process, and all that it writes in its own folder.
_CONFIGURATION: Final = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ }}
http {{
    access_log {folder}/access.log combined;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {chain};
        ssl_certificate_key {key};
        root {folder}/served;
        {locations}
    }}
}}
"""
_LOCATION: Final = """
        location {path} {{
            auth_basic "{path}";
            auth_basic_user_file {file};
        }}
"""


@dataclass(frozen=True)
class Nginx:
    """A running server of what lies in ``root``."""

    root: Path
    port: int
    log: Path

    @property
    def url(self) -> str:
        """For real clients, which need the name in ``/etc/hosts``."""
        return f"https://{NAMES[0]}:{self.port}"

    @property
    def requests(self) -> list[str]:
        """Who asked for what and with which success: ``user GET /path 200``, in order."""
        found = []
        for line in self.log.read_text().splitlines():
            _, _, user, _, _, method, path, _, status, *_ = line.replace('"', "").split()
            found.append(f"{user} {method} {path} {status}")
        return found


@contextmanager
def serving(authority: Authority, folder: Path, accounts: Mapping[str, Account]) -> Iterator[Nginx]:
    """Serve from ``folder`` until the block ends; ``accounts`` says whom paths are for."""
    program = executable("nginx", "apt-get install nginx")
    port, root = free_port(), folder / "served"
    root.mkdir(parents=True)
    certificate = authority.issue(*NAMES)
    locations = "".join(_location(folder, path, account) for path, account in accounts.items())
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder, port=port, chain=certificate.chain, key=certificate.key, locations=locations
        )
    )
    # The kernel ends it with the tests, even if these are killed and clean nothing up.
    bound = [executable("setpriv", "apt-get install util-linux"), "--pdeathsig", "KILL", program]
    argv = [*bound, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)]
    with subprocess.Popen(argv, env={}, cwd=folder) as process:
        try:
            _wait(process, port, folder / "error.log")
            yield Nginx(root, port, folder / "access.log")
        finally:
            process.terminate()


def _location(folder: Path, path: str, account: Account) -> str:
    file = folder / f"htpasswd-{account.username}"
    registry_auth.htpasswd(file, account)
    return _LOCATION.format(path=path, file=file)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"the server does not listen:\n{log.read_text()}")
