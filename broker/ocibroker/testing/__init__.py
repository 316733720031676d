"""Parts for tests that speak the real protocols: a certificate authority, an OCI registry, a chart.

Public, and shipped; `Authority` needs the extra ``ocibroker[testing]``, everything else the standard library.
"""

from ocibroker.testing.authority import Authority, Issued
from ocibroker.testing.chart import Chart, chart
from ocibroker.testing.headers import Headers
from ocibroker.testing.recorded import Record, RecordedRequest
from ocibroker.testing.registry import EmbeddedRegistry
from ocibroker.testing.response import CannedResponse

__all__ = [
    "Authority",
    "CannedResponse",
    "Chart",
    "EmbeddedRegistry",
    "Headers",
    "Issued",
    "Record",
    "RecordedRequest",
    "chart",
]
