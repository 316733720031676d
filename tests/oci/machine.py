"""Programs on a machine that has the configuration of a shop's broker."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.oci.shop import Shop

PEAK = """
import re
from pathlib import Path

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
"""What tells a program how many KiB of memory it has had at most."""


@dataclass(frozen=True)
class Machine:
    """``shop`` is reached by a name that every machine resolves."""

    shop: Shop

    @property
    def config(self) -> Path:
        return self.shop.desk.folder / "config-0.toml"

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "HOME": str(self.shop.desk.folder), "SSL_CERT_FILE": str(self.shop.desk.roots)}

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-W", "error", "-c", program, str(self.config), *arguments]
        return subprocess.run(argv, env=self.environ, capture_output=True, text=True, check=False, timeout=60)

    @contextmanager
    def pulling(self, *references: str) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-W", "error", "-m", "ocibroker", "--config", str(self.config), "pull"]
        argv = [*command, "-o", str(self.shop.folder), *references]
        pipe = subprocess.PIPE
        with subprocess.Popen(argv, env=self.environ, stdout=pipe, stderr=pipe, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def await_partials(self, *sizes: int) -> None:
        """Wait until what grows has reached those sizes."""
        end = time.monotonic() + 20
        while sorted(map(len, self.shop.partials.values())) != sorted(sizes):
            assert time.monotonic() < end, self.shop.partials.keys()
            time.sleep(0.01)
