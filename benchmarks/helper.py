"""The credential helper, with a sidecar and without one, against Amazon's own for Docker with its cache warm."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import amazons_cache
from benchmarks.measure import Cost, Costs, in_turns, milliseconds, ratio, run
from benchmarks.report import Finding, Report
from benchmarks.serving import SERVE, serving
from benchmarks.table import table
from tests.aws.warmed import HOST, warm

ROUNDS: Final = 101
TIMES: Final = 1.75
MORE: Final = 3.0
"""Milliseconds."""

BARE: Final = "python3 -IS -c pass"
LIGHT: Final = "docker-credential-ocibroker get, beside ocibroker serve"
WHOLE: Final = "docker-credential-ocibroker get, alone"
AMAZONS: Final = "docker-credential-ecr-login get"
PACKAGE: Final = "amazon-ecr-credential-helper"

_BIN: Final = Path(sys.executable).parent
_OURS: Final = [str(_BIN / "docker-credential-ocibroker"), "get"]
CONTENDERS: Final = {
    BARE: [str(_BIN / "python3"), "-IS", "-c", "pass"],
    LIGHT: _OURS,
    WHOLE: _OURS,
    AMAZONS: ["docker-credential-ecr-login", "get"],
}

_PASSWORD: Final = "a" * 1800
"""As long as ECR's, for everybody but the helper alone, which has one in its cache."""
_RULE: Final = """
[[registry]]
match = "{host}"
provider = "basic"
options = {{ username = "AWS", password = {{ file = "password" }} }}
"""


@dataclass(frozen=True, slots=True)
class Household:
    """``alone`` and ``beside`` are environments, ``secret`` is what the helper alone has in its cache."""

    home: Path
    alone: Mapping[str, str]
    beside: Mapping[str, str]
    secret: str

    @classmethod
    def furnished(cls, home: Path) -> Household:
        """Return one in which everybody has a credential at hand."""
        warmed = warm(home)
        alone = {"PATH": "/usr/bin:/bin", **warmed.environ}
        amazons_cache.keep(home, alone["AWS_ACCESS_KEY_ID"], _PASSWORD, HOST)
        (home / "password").write_text(_PASSWORD)
        config = home / "config.toml"
        config.touch(mode=0o600)
        config.write_text(_RULE.format(host=HOST))
        beside = {**alone, "OCIBROKER_CONFIG": str(config), "OCIBROKER_SOCKET": str(home / "broker.sock")}
        return cls(home, alone, beside, warmed.secret)

    def cost(self, name: str) -> Cost:
        """Return what one call costs that has been answered."""
        environ = self.beside if name == LIGHT else self.alone
        found = run([CONTENDERS[name]], environ, self.home, stdin=f"{HOST}\n")
        if name != BARE and (self.secret if name == WHOLE else _PASSWORD) not in found.stdout:
            raise RuntimeError(f"{name} has not given what is at hand")
        return found


def measure(rounds: int = ROUNDS) -> Report:
    """Measure whole processes, through pipes."""
    if shutil.which(AMAZONS.split()[0]) is None:
        raise RuntimeError(f"{AMAZONS} is missing: install Debian's {PACKAGE}")
    with tempfile.TemporaryDirectory() as name:
        household = Household.furnished(Path(name))
        place = household.home / "broker.sock"
        with serving([*SERVE, str(place)], place, household.beside):
            costs = in_turns(CONTENDERS, household.cost, rounds)
    return Report(_findings(costs), table(costs, to=AMAZONS))


def _findings(costs: Costs) -> list[Finding]:
    more = median(a.seconds - b.seconds for a, b in zip(costs[LIGHT], costs[BARE], strict=True)) * 1000
    light, whole, bare = (ratio(costs, name, AMAZONS) for name in (LIGHT, WHOLE, BARE))
    return [
        Finding(
            what=f"`{LIGHT}`",
            against=f"`{AMAZONS}`, its cache warm",
            found=f"{light:.2f} × ({_compared(costs, LIGHT)}; a bare interpreter {bare:.2f} ×)",
            bound=f"≤ {TIMES} ×",
            reached=light <= TIMES,
        ),
        Finding(
            what=f"`{LIGHT}`",
            against=f"`{BARE}`",
            found=f"{more:+.1f} ms",
            bound=f"≤ {MORE:+.1f} ms",
            reached=more <= MORE,
        ),
        Finding(
            what=f"`{WHOLE}`, its cache warm",
            against=f"`{AMAZONS}`, its cache warm",
            found=f"{whole:.1f} × ({_compared(costs, WHOLE)})",
        ),
    ]


def _compared(costs: Costs, ours: str) -> str:
    return f"{milliseconds(costs, ours):.1f} ms to {milliseconds(costs, AMAZONS):.1f} ms"
