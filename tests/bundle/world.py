"""Three servers and a broker: one that is known by a rule, one that spies, and one that speaks plain HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ocibroker import Broker
from ocibroker.bundle import Bundle, Source, Terms, read
from tests.bundle.site import Site
from tests.transport.brokers import Desk, rule
from tests.transport.canary import Canary

CHARTS = "charts.test"
REGISTRY = "registry.test"
LOOKALIKES = (
    "charts.test.evil.test",
    "evil-charts.test",
    "sub.charts.test",
    "evil.test",
    "chart.test",
)


@dataclass(frozen=True)
class World:
    """``charts`` is charts.test on port 443; ``spy`` has every other name, on 443 too, and charts.test on 8443.

    ``plain`` has every name on port 80, without TLS.
    """

    desk: Desk
    charts: Site
    spy: Site
    plain: Site
    canary: Canary
    folder: Path

    @property
    def password(self) -> str:
        return self.canary.ascii.reveal()

    def route(self, host: str, port: int) -> tuple[str, int]:
        if port == 80:
            return "127.0.0.1", self.plain.server.port
        known = (host, port) == (CHARTS, 443)
        return "127.0.0.1", (self.charts if known else self.spy).server.port

    def broker(self, *rules: str) -> Broker:
        """Return a broker with those rules; one that gives alice's password on charts.test unless there are any."""
        text = "\n".join(rules or (rule(CHARTS, password=self.password),))
        return self.desk.broker(text, route=self.route)

    def read(self, source: Source | str, broker: Broker | None = None, terms: Terms | None = None) -> Bundle:
        return read(broker or self.broker(), source, self.folder, terms or Terms())

    @property
    def everything(self) -> list[str]:
        """What lies in the folder, whatever it is."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*"))
