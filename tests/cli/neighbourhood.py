"""A desk with somebody else's plugin installed."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.cli.desk import Desk, Outcome


@dataclass(frozen=True)
class Neighbourhood:
    desk: Desk
    packages: Path

    @property
    def imported(self) -> bool:
        return self._trace.exists()

    @property
    def asked(self) -> int:
        """How often the plugin was asked for a credential."""
        path = Path(f"{self._trace}-asked")
        return len(path.read_text()) if path.exists() else 0

    def process(self, *argv: str) -> Outcome:
        path = os.pathsep.join(filter(None, (str(self.packages), os.environ.get("PYTHONPATH"))))
        return self.desk.process(*argv, PYTHONPATH=path, ACME_IMPORTED=str(self._trace))

    @property
    def _trace(self) -> Path:
        return self.desk.home / "acme-was-imported"
