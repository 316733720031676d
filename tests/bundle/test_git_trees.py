"""Which tree of a git repository is read, and what in it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ocibroker.bundle import Bundle, GitSource, Limits, Terms, Wanted, read_many
from ocibroker.errors import IntegrityError, InvalidTarget, NotFound
from tests.bundle.forge import Forge, by_git
from tests.bundle.git_history import Work, bomb, cloned, history
from tests.bundle.readings import files_of

pytestmark = pytest.mark.e2e

MISSING = ["nowhere", "refs/heads/nowhere", "v3", "abcdef0", "0" * 40, "refs/heads"]
ODD = ["-x", "--upload-pack=touch pwned", "a b", "a..b", "a:b", "HEAD^", "*", "a/", "x.lock", "@{-1}"]


@pytest.mark.parametrize(
    ("ref", "read"),
    [
        ("", "main"),
        ("main", "main"),
        ("refs/heads/main", "main"),
        ("feature/side", "side"),
        ("v1", "first"),
        ("refs/tags/v1", "first"),
        ("v2", "second"),
        ("both", "side"),
        ("refs/tags/both", "second"),
    ],
)
def test_a_ref_is_a_branch_before_it_is_a_tag(ref: str, read: str, here: Forge, commits: Mapping[str, str]) -> None:
    bundle = here.read(here.url("open/app", f"?ref={ref}" if ref else ""))
    assert (bundle.root / "README").read_text() == read
    assert bundle.resolved == commits[read]
    assert bundle.files == ("README", "charts/app/Chart.yaml", "charts/x")


@pytest.mark.parametrize("old", [False, True], ids=["version-2", "version-0"])
@pytest.mark.parametrize("digits", [40, 12, 7])
@pytest.mark.parametrize("name", ["main", "second"])
def test_a_ref_is_a_commit_also_where_no_branch_ends_with_it(
    name: str, digits: int, *, old: bool, here: Forge, commits: Mapping[str, str]
) -> None:
    here.git = replace(here.git, old=old)
    bundle = here.read(here.url("open/app", f"?ref={commits[name][:digits]}"))
    assert ((bundle.root / "README").read_text(), bundle.resolved) == (name, commits[name])


@pytest.mark.parametrize("ref", MISSING)
def test_a_ref_that_is_not_there_is_named(ref: str, here: Forge, commits: Mapping[str, str]) -> None:
    with pytest.raises(NotFound, match=f"has no branch, tag or commit '{ref}'"):
        here.read(here.url("open/app", f"?ref={ref}"))
    assert here.left == []


@pytest.mark.parametrize("ref", ODD)
def test_a_ref_is_never_an_option_or_a_pattern(ref: str, here: Forge, commits: Mapping[str, str]) -> None:
    with pytest.raises(InvalidTarget):
        here.read(GitSource(f"https://{here.address}/open/app.git", ref))
    assert [request for request in here.running.requests if by_git(request)] == []


def test_an_empty_repository_has_no_commit(here: Forge, tmp_path: Path) -> None:
    here.git.publish("open/empty", Work.begun(tmp_path / "empty").folder)
    with pytest.raises(NotFound, match="has no commit"):
        here.read(here.url("open/empty"))


def test_a_repository_whose_objects_are_named_by_sha256_is_read(here: Forge, tmp_path: Path) -> None:
    work, commits = history(tmp_path / "long", "--object-format=sha256")
    here.git.publish("open/long", work.folder)
    for ref, name in (("v2", "second"), (commits["first"], "first")):
        assert here.read(here.url("open/long", f"?ref={ref}"), terms=Terms()).resolved == commits[name]
        here.folder = here.folder / "next"
    assert len(commits["first"]) == 64


@pytest.mark.parametrize("depth", ["", "?depth=1", "?depth=3"])
def test_only_as_many_commits_are_fetched_as_are_wanted(
    depth: str, here: Forge, commits: Mapping[str, str]
) -> None:
    here.read(here.url("open/app", depth))
    wanted = f"deepen {depth[-1:] or '1'}".encode()
    assert any(wanted in request.body for request in here.running.requests)


def test_a_folder_of_it_is_read_alone(here: Forge, commits: Mapping[str, str]) -> None:
    bundle = here.read(here.url("open/app", "//charts/app?ref=v1"))
    assert bundle.root == here.folder / "app"
    assert files_of(here.folder) == {"app/Chart.yaml": b"name: app"}


def test_a_file_of_it_is_read_alone(here: Forge, commits: Mapping[str, str]) -> None:
    bundle = here.read(here.url("open/app", "//charts/x"))
    assert (bundle.root.read_text(), bundle.files) == ("x", ())


def test_a_folder_that_is_not_in_it_is_named(here: Forge, commits: Mapping[str, str]) -> None:
    with pytest.raises(NotFound, match="'charts/none'"):
        here.read(here.url("open/app", "//charts/none"))
    assert here.left == []


def test_its_files_are_those_of_a_clone(here: Forge, commits: Mapping[str, str], tmp_path: Path) -> None:
    account = here.git.accounts["private"].basic
    files = cloned(
        f"https://{here.address}/private/app.git",
        tmp_path / "clone",
        *("-c", f"http.extraHeader=Authorization: {account}"),
        GIT_SSL_CAINFO=str(here.desk.roots),
    )
    assert files
    assert files_of(here.read(here.url("private/app")).root) == files


def test_submodules_are_left_out(here: Forge, tmp_path: Path) -> None:
    inner, outer = Work.begun(tmp_path / "inner"), Work.begun(tmp_path / "outer")
    inner.commit({"secret": "x"})
    outer.git("submodule", "--quiet", "add", str(inner.folder), "inner")
    (outer.folder / ".gitmodules").write_text(
        '[submodule "inner"]\n\tpath = inner\n\turl = ext::sh -c touch% pwned\n'
    )
    outer.committed()
    here.git.publish("open/outer", outer.folder)
    assert here.read(here.url("open/outer")).files == (".gitmodules",)


@pytest.mark.parametrize("to", ["/etc", "../../etc", "../outside"])
def test_a_link_that_leads_out_is_refused(to: str, here: Forge, tmp_path: Path) -> None:
    work = Work.begun(tmp_path / "work")
    (work.folder / "inside").mkdir()
    (work.folder / "inside" / "link").symlink_to(f"../{to}" if to.startswith(".") else to)
    work.committed()
    here.git.publish("open/evil", work.folder)
    with pytest.raises(IntegrityError, match="is a link that leads out of it"):
        here.read(here.url("open/evil"))
    assert here.left == []


def test_no_folder_is_reached_through_a_link(here: Forge, tmp_path: Path) -> None:
    work = Work.begun(tmp_path / "work")
    work.commit({"real/file": "x"})
    (work.folder / "link").symlink_to("real")
    (work.folder / "out").symlink_to("/etc")
    work.committed()
    here.git.publish("open/evil", work.folder)
    for subdir in ("link", "out", "out/ssh"):
        with pytest.raises(NotFound):
            here.read(here.url("open/evil", f"//{subdir}"))


def test_a_tree_that_holds_itself_many_times_is_refused_before_it_is_there(here: Forge, tmp_path: Path) -> None:
    here.git.publish("open/bomb", bomb(tmp_path / "bomb").folder)
    with pytest.raises(IntegrityError, match="holds more than 100000 entries"):
        here.read(here.url("open/bomb"))
    assert here.left == []


@pytest.mark.parametrize(
    ("limits", "why"),
    [(Limits(unpacked=1000), "would become more than 1000 bytes"), (Limits(fetched=1000), "more than 1000 bytes")],
    ids=["unpacked", "fetched"],
)
def test_more_than_the_limits_allow_is_refused(limits: Limits, why: str, here: Forge, tmp_path: Path) -> None:
    work = Work.begun(tmp_path / "work")
    work.commit({"large": "".join(str(number) for number in range(1000))})
    here.git.publish("open/large", work.folder)
    with pytest.raises(IntegrityError, match=why):
        here.read(here.url("open/large"), terms=Terms(limits=limits))
    assert here.left == []


def test_many_are_read_at_once_and_each_fails_alone(here: Forge, commits: Mapping[str, str]) -> None:
    wanted = {
        here.url("private/app"): commits["main"],
        here.url("private/app", "?ref=v1"): commits["first"],
        here.url("open/app", "?ref=v2"): commits["second"],
        here.url("open/app", "?ref=none"): NotFound,
        here.url("other/app"): NotFound,
        here.url("open/app", "//none"): NotFound,
    }
    outcomes = read_many(
        here.broker(here.rule()), [Wanted(url, str(at)) for at, url in enumerate(wanted)], here.folder
    )
    told = [one.resolved if isinstance(one, Bundle) else type(one) for one in outcomes]
    assert told == [*wanted.values()]
    assert list(here.runtime.iterdir()) == []
