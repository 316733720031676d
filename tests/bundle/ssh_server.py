"""OpenSSH's own server on loopback: a private instance, which nothing of the machine's configuration reaches."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e import server_process
from tests.e2e.requirement import executable
from tests.free_port import free_port

CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserRC no
LogLevel VERBOSE
"""


@dataclass(frozen=True)
class SSHServer:
    """Lets in who has the key ``folder/user``; ``folder/stranger`` is a key that it does not know."""

    folder: Path
    port: int

    @property
    def known_hosts(self) -> str:
        return self.named("host")

    def named(self, key: str) -> str:
        """The line by which that key would be the server's."""
        kind, digits, *_ = (self.folder / f"{key}.pub").read_text().split()
        return f"[127.0.0.1]:{self.port} {kind} {digits}\n"

    def url(self, path: Path) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{path}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


@contextmanager
def serving(folder: Path) -> Iterator[SSHServer]:
    """Serve from ``folder`` until the block ends."""
    keygen = executable("ssh-keygen", "apt-get install openssh-client")
    for name in ("host", "user", "stranger"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    port, config = free_port(), folder / "config"
    config.write_text(CONFIG.format(folder=folder, port=port))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where Debian's separates its privileges
    program = executable("sshd", "apt-get install openssh-server", more="/usr/sbin")
    argv = [program, "-D", "-e", "-f", str(config)]
    with server_process.serving(argv, folder / "log", r"listening on 127\.0\.0\.1 port (\d+)"):
        yield SSHServer(folder, port)
