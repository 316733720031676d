"""``python -m benchmarks.helper [ROUNDS]``: who has the credential at hand is asked for it, in turns."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.helper.contenders import CONTENDERS, HOST, NOTHING, OTHER, OURS, SERVE
from benchmarks.helper.ecr_cache import warm
from benchmarks.piped import run_piped

_KEY: Final = "AKIAEXAMPLEEXAMPLE01"
_PASSWORD: Final = "a" * 1800
"""As long as ECR's."""

_RULE: Final = """
[[registry]]
match = "{host}"
provider = "basic"
options = {{ username = "AWS", password = {{ file = "password" }} }}
"""
_START: Final = 10.0


def main(rounds: int) -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ = _environ(folder)
        with _sidecar(folder / "broker.sock", environ):
            seconds = _measure({**environ, "OCIBROKER_SOCKET": str(folder / "broker.sock")}, rounds)
    print(f"{rounds} rounds\n", *_table(seconds), sep="\n")


def _environ(folder: Path) -> dict[str, str]:
    """Return an environment in which each contender has the same password at hand."""
    warm(folder, _KEY, _PASSWORD, HOST)
    (folder / "password").write_text(_PASSWORD)
    config = folder / "config.toml"
    config.touch(mode=0o600)
    config.write_text(_RULE.format(host=HOST))
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": "none",
        "OCIBROKER_CONFIG": str(config),
    }


@contextmanager
def _sidecar(place: Path, environ: Mapping[str, str]) -> Iterator[None]:
    with subprocess.Popen([*SERVE, str(place)], env=environ) as process:
        try:
            _await(place, process)
            yield
        finally:
            process.terminate()


def _await(place: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as connection:
            if connection.connect_ex(str(place)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("the sidecar does not listen")


def _measure(environ: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for turn in range(rounds + 1):
        for name, command in CONTENDERS.items():
            run = run_piped(command, f"{HOST}\n".encode(), environ)
            if run.status or (name != NOTHING and json.loads(run.stdout)["Secret"] != _PASSWORD):
                raise RuntimeError(f"{name} has not answered")
            if turn:  # the first round warms the disk's cache
                seconds[name].append(run.seconds)
    return seconds


def _table(seconds: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """Yield the lines; what is compared was measured in the same round."""
    yield f"| | milliseconds | ratio to {OTHER} | more than the interpreter |"
    yield "|---|---|---|---|"
    for name in (OTHER, NOTHING, OURS):
        pairs = list(zip(seconds[name], seconds[OTHER], seconds[NOTHING], strict=True))
        ratio, more = median(own / other for own, other, _ in pairs), median(own - bare for own, _, bare in pairs)
        yield f"| {name} | {median(seconds[name]) * 1000:.1f} | {ratio:.2f} | {more * 1000:+.1f} |"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 201)
