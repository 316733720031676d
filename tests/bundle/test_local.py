"""Folders and files of this machine as bundles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ocibroker.bundle import Bundle, Limits, LocalSource, Terms, read
from ocibroker.errors import IntegrityError, UsageError
from tests.bundle.readings import files_of
from tests.transport.brokers import Desk


@pytest.fixture
def charts(tmp_path: Path) -> Path:
    folder = tmp_path / "charts"
    (folder / "app" / "templates").mkdir(parents=True)
    (folder / "app" / "Chart.yaml").write_text("name: app")
    (folder / "app" / "templates" / "x.yaml").write_text("kind: X")
    return folder


def get(desk: Desk, path: Path, terms: Terms | None = None) -> Bundle:
    return read(desk.broker(), LocalSource(path), desk.folder / "out", terms or Terms())


def test_a_folder_is_copied(desk: Desk, charts: Path) -> None:
    bundle = get(desk, charts)
    assert (bundle.root, bundle.files) == (
        desk.folder / "out" / "charts",
        ("app/Chart.yaml", "app/templates/x.yaml"),
    )
    assert files_of(bundle.root) == files_of(charts)


def test_so_is_a_file(desk: Desk, charts: Path) -> None:
    bundle = get(desk, charts / "app" / "Chart.yaml")
    assert bundle.paths == (desk.folder / "out" / "Chart.yaml",)
    assert bundle.root.read_text() == "name: app"


def test_what_may_be_run_may_be_run_afterwards(desk: Desk, charts: Path) -> None:
    (charts / "app" / "Chart.yaml").chmod(0o755)
    bundle = get(desk, charts)
    assert [os.access(path, os.X_OK) for path in bundle.paths] == [True, False]


def test_the_folder_of_git_is_left_out(desk: Desk, charts: Path) -> None:
    (charts / ".git").mkdir()
    (charts / ".git" / "config").write_text("[http] extraHeader = Authorization: Basic wonder")
    assert get(desk, charts).files == ("app/Chart.yaml", "app/templates/x.yaml")


def test_the_path_itself_may_be_a_link(desk: Desk, charts: Path) -> None:
    (desk.folder / "link").symlink_to(charts)
    assert get(desk, desk.folder / "link").root == desk.folder / "out" / "charts"


def test_links_within_it_stay_links(desk: Desk, charts: Path) -> None:
    (charts / "link").symlink_to("app/Chart.yaml")
    bundle = get(desk, charts)
    assert (bundle.root / "link").readlink() == Path("app/Chart.yaml")


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "app/../../outside"])
def test_one_that_leads_out_of_it_is_refused(desk: Desk, charts: Path, target: str) -> None:
    (charts / "link").symlink_to(target)
    with pytest.raises(IntegrityError, match="holds 'link', which is a link that leads out of it"):
        get(desk, charts)
    assert files_of(desk.folder / "out") == {}


def test_a_pipe_is_refused_and_not_waited_for(desk: Desk, charts: Path) -> None:
    os.mkfifo(charts / "pipe")
    with pytest.raises(IntegrityError, match="holds 'pipe', which is neither a file nor a folder"):
        get(desk, charts)


def test_more_than_may_be_is_refused(desk: Desk, charts: Path) -> None:
    with pytest.raises(IntegrityError, match="would become more than 10 bytes"):
        get(desk, charts, Terms(limits=Limits(unpacked=10)))
    with pytest.raises(IntegrityError, match="holds more than 3 entries"):
        get(desk, charts, Terms(limits=Limits(entries=3)))


def test_a_folder_that_is_copied_into_itself_ends(desk: Desk, charts: Path) -> None:
    with pytest.raises(UsageError, match="holds the folder that it is to be copied to"):
        read(desk.broker(), LocalSource(charts), charts / "out")


def test_what_is_not_there_says_so(desk: Desk) -> None:
    with pytest.raises(UsageError) as raised:
        get(desk, desk.folder / "missing")
    assert str(raised.value).endswith(
        "missing: cannot be copied: No such file or directory (check the path, and that you may read all of it)"
    )
