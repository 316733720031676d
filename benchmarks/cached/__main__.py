"""``python -m benchmarks.cached``: ``broker.access()`` of what is remembered, a call."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from timeit import repeat
from typing import Final

from ocibroker import Bearer, Broker, Secret
from ocibroker.provider import FetchRequest
from tests.transport.made_provider import MadeProvider, NoOptions, Plugin

CALLS: Final = 20_000
ROUNDS: Final = 9
TARGET: Final = "registry.test/team/app"

_CONFIG: Final = """
[[registry]]
match = "registry.test"
provider = "made"

[[registry]]
match = "static.test"
provider = "basic"
options = { username = "alice", password = { file = "password" } }
"""


def main() -> None:
    """Print one table."""
    with (
        tempfile.TemporaryDirectory() as name,
        Broker.from_config(_written(Path(name)), plugins=[_tokens()]) as broker,
    ):
        rows = [
            ("a token of an hour", _microseconds(lambda: broker.access(TARGET))),
            ("a password in a file", _microseconds(lambda: broker.access("static.test/app"))),
        ]
    print("| | microseconds |\n|---|---|", *(f"| {what} | {cost:.1f} |" for what, cost in rows), sep="\n")


def _microseconds(call: Callable[[], object]) -> float:
    call()
    times: Sequence[float] = repeat(call, number=CALLS, repeat=ROUNDS)
    return median(times) / CALLS * 1e6


def _tokens() -> Plugin:
    def fetch(request: FetchRequest[NoOptions]) -> Bearer:
        return Bearer(secret=Secret("t"), expires_at=request.clock.now() + timedelta(hours=1))

    return Plugin(MadeProvider(fetch))


def _written(folder: Path) -> Path:
    (folder / "password").write_text("wonder")
    path = folder / "config.toml"
    path.write_text(_CONFIG)
    path.chmod(0o600)
    return path


if __name__ == "__main__":
    main()
