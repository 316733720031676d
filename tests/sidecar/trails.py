"""What an application tells its audit trail, and the records that a sidecar's file holds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocibroker.sidecar.deed import Deed
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.peer import Peer


@dataclass
class Notes:
    """Stands in for a trail."""

    told: list[tuple[ListenerName, Peer, Deed]] = field(default_factory=list)

    def __call__(self, listener: ListenerName, peer: Peer, deed: Deed) -> None:
        self.told.append((listener, peer, deed))

    @property
    def deeds(self) -> list[Deed]:
        return [deed for _, _, deed in self.told]


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
