"""No client notices that tokens rotate, and a sidecar that works does not grow."""

from pathlib import Path

import pytest

from tests.soak.soak import SERVED, soak

SECONDS = 60.0


@pytest.mark.e2e
@pytest.mark.soak
@pytest.mark.acceptance(29)
@pytest.mark.no_cover  # it starts threads without end, and to trace them may kill one: python/cpython#98257
def test_a_minute_of_clients_without_a_failure(tmp_path: Path) -> None:
    report = soak(SECONDS, tmp_path)
    assert report.wrong == []
    assert min(report.runs[client.name] for client in SERVED) > 5, report
    assert report.counts["tokens that clients have used"] > 5, report
