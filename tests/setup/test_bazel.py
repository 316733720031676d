"""Bazel is told of hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocibroker.setup import bazel
from ocibroker.setup.settings import Host, Settings
from tests.setup.household import Household

BEFORE = "build --jobs=4  # of eight\ncommon --credential_helper=other.test=%workspace%/helper"


@pytest.fixture
def bazelrc(house: Household) -> Path:
    path = house.desk.home / ".bazelrc"
    path.write_text(BEFORE)
    house.configure("cache.test:8443", "part.test/team", "*.example.com", tls="cache.test:8443")
    return path


def test_there_is_a_line_for_each_host_since_bazel_knows_no_ports(house: Household, bazelrc: Path) -> None:
    outcome = house.apply("bazel")
    assert bazelrc.read_text() == (
        f"{BEFORE}\n"
        "# ocibroker setup: begin\n"
        "common --credential_helper=cache.test=bazel-credential-ocibroker\n"
        "common --credential_helper=part.test=bazel-credential-ocibroker\n"
        "# ocibroker setup: end\n"
    )
    assert "not told of *.example.com" in outcome.stderr
    assert "Bazel trusts the roots of its Java" in outcome.stderr


def test_it_is_taken_back_to_the_byte_and_lines_that_came_since_stay(house: Household, bazelrc: Path) -> None:
    house.apply("bazel")
    assert house.setup("bazel").code == 0
    house.undo("bazel")
    assert bazelrc.read_text() == BEFORE
    house.apply("bazel")
    bazelrc.write_text(f"{bazelrc.read_text()}test --verbose\n")
    house.undo("bazel")
    assert bazelrc.read_text() == f"{BEFORE}\ntest --verbose\n"


def test_the_system_s_file_is_below_etc() -> None:
    settings = Settings(environ={}, hosts=(Host(name="r.test", asks=True),), system=True, etc=Path("/sys"))
    assert [str(one.path) for one in bazel.plan(settings, lambda _: None).files] == ["/sys/bazel.bazelrc"]


def test_without_hosts_there_is_nothing_to_tell(house: Household) -> None:
    house.configure()
    assert (house.setup("bazel").code, house.apply("bazel").stdout) == (0, "")
