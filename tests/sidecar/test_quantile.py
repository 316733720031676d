"""What a histogram says of the slowest."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.sidecar.quantile import quantile

INFINITE = math.inf


@pytest.mark.parametrize(
    ("buckets", "found"),
    [
        ([], None),
        ([(0.1, 0), (1.0, 0), (INFINITE, 0)], None),
        ([(0.1, 100), (1.0, 100), (INFINITE, 100)], 0.099),
        ([(0.1, 0), (1.0, 100), (INFINITE, 100)], 0.991),
        ([(0.1, 98), (1.0, 100), (INFINITE, 100)], 0.55),
        ([(0.1, 99), (1.0, 100), (INFINITE, 100)], 0.1),
        ([(0.1, 0), (1.0, 0), (INFINITE, 7)], 1.0),
    ],
)
def test_the_value_below_which_99_of_100_lie(buckets: list[tuple[float, float]], found: float | None) -> None:
    assert quantile(0.99, buckets) == (found if found is None else pytest.approx(found))


@given(st.lists(st.floats(0, 40), min_size=1), st.floats(0.01, 1))
def test_it_lies_in_the_bucket_of_the_real_one(values: list[float], share: float) -> None:
    bounds = [0.01, 0.5, 1.0, 10.0, INFINITE]
    buckets = [(bound, float(sum(value <= bound for value in values))) for bound in bounds]
    real = sorted(values)[math.ceil(share * len(values) - 1e-9) - 1]
    at = next(number for number, bound in enumerate(bounds) if real <= bound)
    found = quantile(share, buckets)
    assert found is not None
    assert (bounds[at - 1] if at else 0.0) <= found <= min(bounds[at], 10.0)
