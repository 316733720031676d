"""What a histogram says of the slowest, as Prometheus' ``histogram_quantile`` estimates it."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(share: float, buckets: Sequence[tuple[float, float]]) -> float | None:
    """Return the value below which that ``share`` of all lies; none where there are none.

    ``buckets`` are upper bounds, the last one infinite, and how many lie at or below each. Within a bucket all are
    taken for evenly spread; what lies above the last finite bound is taken for that.
    """
    rank = share * buckets[-1][1] if buckets else 0.0
    below, before = 0.0, 0.0
    for bound, count in buckets:
        if rank and count >= rank:
            return below if math.isinf(bound) else below + (bound - below) * (rank - before) / (count - before)
        below, before = bound, count
    return None
