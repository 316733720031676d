"""What an extra wants is read from metadata, and what is not installed is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocibroker.providers.extras import missing
from tests.providers.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Acme's extra ``cloud`` wants an SDK with two extras of its own."""
    made = Site(tmp_path)
    made.describe(
        "acme",
        "always-absent>=1",
        "acme-sdk[http, grpc] >=1,<2 ; extra == 'cloud'",
        'absent.too; extra == "cloud"',
        "of-windows; sys_platform == 'win32' and extra == 'cloud'",
        "of-another; extra == 'another'",
    )
    made.describe("acme-sdk", "acme-http; extra == 'http'", "acme-grpc>=3; extra == 'grpc'")
    made.describe("acme-http")
    return made


@pytest.mark.parametrize(
    ("extra", "distribution", "absent"),
    [
        ("cloud", "acme", ["absent.too", "acme-grpc"]),
        ("http", "acme-sdk", []),
        ("nobody-knows", "acme", []),
        ("cloud", "not-installed", []),
    ],
)
def test_what_an_extra_wants_and_is_not_installed(
    extra: str, distribution: str, absent: list[str], site: Site
) -> None:
    call = f"missing({extra!r}, {distribution!r})"
    assert (
        site.run(f"import json; from ocibroker.providers.extras import missing; print(json.dumps({call}))")
        == absent
    )


def test_nothing_is_missing_of_what_the_tests_need() -> None:
    assert missing("testing") == ()
