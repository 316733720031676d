"""Trees of git repositories, by the git executable."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ocibroker.bundle.bundle import Bundle
from ocibroker.bundle.git_content import measure
from ocibroker.bundle.git_https import https_way
from ocibroker.bundle.git_reference import Object, commit_of, missing, wanted
from ocibroker.bundle.git_refusal import refusal, unadvertised
from ocibroker.bundle.git_runner import Git, git_program
from ocibroker.bundle.git_ssh import ssh_way
from ocibroker.bundle.git_way import Way
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.source import GitSource
from ocibroker.bundle.tree import below, listed
from ocibroker.errors import UsageError
from ocibroker.guarded_folder import guarded_folder
from ocibroker.oci.filename import checked
from ocibroker.writing import writing

_ALL: Final = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")


def read_git(source: GitSource, reading: Reading) -> Bundle:
    """Fetch the commit that ``source`` means, and check out its files; submodules are left out.

    The bundle's ``resolved`` is the commit. Raises :class:`~ocibroker.errors.OcibrokerError`.
    """
    culprit = str(source)
    if os.name != "posix":
        raise UsageError("is read on Linux and macOS only", culprit=culprit)
    with guarded_folder(reading.broker.environ) as private:
        git = _git(source, reading, private.path)
        way = _way(source, git, private.path)
        reading.progress.begin(culprit, 0)
        commit = _fetched(source, git, way)
        _check_out(git, commit, source.subdir)
    root = below(git.tree, source.subdir, culprit)
    files = listed(root, reading.limits, culprit) if root.is_dir() else ()
    reading.progress.end(culprit)
    return Bundle(source=source, root=root, files=files, resolved=commit)


def _git(source: GitSource, reading: Reading, private: Path) -> Git:
    name = source.url.rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git")
    home, tree = private / "home", reading.folder / "tree" / checked(name or "repository", culprit=str(source))
    with writing(tree):
        home.mkdir()
        tree.mkdir(parents=True)
    return Git(
        program=git_program(reading),
        repository=reading.folder / "repository",
        tree=tree,
        home=home,
        reading=reading,
        culprit=str(source),
    )


def _way(source: GitSource, git: Git, private: Path) -> Way:
    if source.url.lower().startswith(("https://", "http://")):
        return https_way(source.url, git.reading, git.home, git.understood)
    return ssh_way(source, git.reading, private)


def _fetched(source: GitSource, git: Git, way: Way) -> str:
    """Return the commit, once it is here."""
    found = wanted(source.ref, git, way)
    git.ask("init", "--quiet", "--template=", *found.format)
    if not (found.whole and _fetched_alone(found, source, git, way)):
        git.ask("fetch", "--quiet", "--no-tags", "--", way.url, *_ALL, way=way)
    commit = commit_of(found, git)
    if commit is None:
        raise missing(source.ref, git.culprit)
    return commit


def _fetched_alone(found: Object, source: GitSource, git: Git, way: Way) -> bool:
    """Whether the server gave the object by its name: some give only what a branch or a tag names."""
    depth = f"--depth={source.depth or 1}"
    ended = git.run("fetch", "--quiet", "--no-tags", depth, "--", way.url, found.name, way=way, take=_ignored)
    if ended.status and not unadvertised(ended.said):
        raise refusal(ended.said, ended.status, way, git.culprit)
    return not ended.status


def _check_out(git: Git, commit: str, subdir: str) -> None:
    measure(git, commit, subdir)
    git.ask("checkout", "--quiet", "--force", *((commit, "--", subdir) if subdir else ("--detach", commit)))


def _ignored(_: bytes) -> None:
    """Git is told to be quiet."""
