"""Parts for tests: the contract of providers, a certificate authority, an OCI registry, a chart.

Public, and shipped; `ProviderContract` and `Authority` need the extra ``ocibroker[testing]``, everything else the
standard library. pytest is imported with `ProviderContract` and not before.
"""

from typing import TYPE_CHECKING

from ocibroker.testing.authority import Authority, Issued
from ocibroker.testing.chart import Chart, chart
from ocibroker.testing.headers import Headers
from ocibroker.testing.recorded import Record, RecordedRequest
from ocibroker.testing.registry import EmbeddedRegistry
from ocibroker.testing.response import CannedResponse

if TYPE_CHECKING:
    from ocibroker.testing.contract import ProviderContract

__all__ = [
    "Authority",
    "CannedResponse",
    "Chart",
    "EmbeddedRegistry",
    "Headers",
    "Issued",
    "ProviderContract",
    "Record",
    "RecordedRequest",
    "chart",
]

if not TYPE_CHECKING:  # visible to a checker, it would make every misspelling legal

    def __getattr__(name: str) -> object:
        if name != "ProviderContract":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from ocibroker.testing.contract import ProviderContract

        return ProviderContract
