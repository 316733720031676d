"""Fleet's founding scenario, in every combination of credentials and trust: ``python -m examples.fleet``.

Nothing leaves the machine, and nothing stays on it. ``README.md`` says what each file is.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TextIO

from examples.fleet.cell import CELLS
from examples.fleet.private_chart import packed

FOLDER = Path(__file__).parent


def main(out: TextIO = sys.stdout) -> None:
    """Read what ``repository/fleet.yaml`` names, once for each cell; raise whatever goes wrong."""
    chart = packed(FOLDER / "chart")
    for cell in CELLS:
        with tempfile.TemporaryDirectory(prefix="ocibroker-fleet-") as folder:
            print(cell.played(chart, FOLDER, Path(folder)), file=out)
            if cell.is_founding:
                print(FOUNDING, file=out)


FOUNDING = """\
    ^ This is fleet#3782: a secret with a user and a password, and nothing about authorities, since the registry's
      certificate is one that every machine trusts. Fleet 0.12.4-rc.1 made an HTTP client without TLS settings for
      it, the registry library looked for these settings in order to log in, found none and panicked, and not one
      chart of the deployment was read. Here every access has its TLS settings, whatever else is known."""
