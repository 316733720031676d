"""Repositories with a past: made by git, so that nothing is assumed about it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bundle.readings import files_of
from tests.e2e.git_server import git

IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "protocol.file.allow=always")


@dataclass(frozen=True)
class Work:
    """A work tree in ``folder``."""

    folder: Path

    @classmethod
    def begun(cls, folder: Path, *options: str) -> Work:
        folder.mkdir(parents=True)
        made = cls(folder)
        made.git("init", "--quiet", "--initial-branch=main", *options)
        return made

    def git(self, *argv: str, stdin: str = "") -> str:
        done = subprocess.run(
            [git(), *IDENTITY, *argv],
            cwd=self.folder,
            env={"HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1"},
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str]) -> str:
        """Add files, and return the commit."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return self.committed()

    def committed(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=one")
        return self.git("rev-parse", "HEAD")


def history(folder: Path, *options: str) -> tuple[Work, Mapping[str, str]]:
    """Return a repository, and its commits by the ``README`` that each of them holds.

    The tag ``v1`` is on the first, the annotated ``v2`` on the second; ``feature/side`` and ``both`` are branches,
    and ``both`` is a tag too.
    """
    work = Work.begun(folder, *options)
    commits = {"first": work.commit({"README": "first", "charts/app/Chart.yaml": "name: app", "charts/x": "x"})}
    work.git("tag", "v1")
    commits["second"] = work.commit({"README": "second"})
    work.git("tag", "--annotate", "--message=two", "v2")
    work.git("tag", "both")
    commits["main"] = work.commit({"README": "main"})
    work.git("switch", "--quiet", "--create", "feature/side", "v1")
    commits["side"] = work.commit({"README": "side"})
    work.git("branch", "both")
    work.git("switch", "--quiet", "main")
    return work, commits


def cloned(url: str, folder: Path, *options: str, **environ: str) -> dict[str, bytes]:
    """Return the files that ``git clone`` makes of ``url``."""
    argv = [git(), *options, "clone", "--quiet", url, str(folder)]
    usual = {"HOME": str(folder.parent), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(argv, env={**usual, **environ}, check=True, timeout=60)
    return {name: content for name, content in files_of(folder).items() if not name.startswith(".git/")}


def bomb(folder: Path) -> Work:
    """Return a repository of a dozen objects whose one commit holds a hundred million files."""
    work = Work.begun(folder)
    entry = f"100644 blob {work.git('hash-object', '-w', '--stdin', stdin='boom')}"
    for _ in range(8):
        tree = work.git("mktree", stdin="".join(f"{entry}\t{number}\n" for number in range(10)))
        entry = f"040000 tree {tree}"
    work.git("update-ref", "refs/heads/main", work.git("commit-tree", "-m", "one", entry.split()[-1]))
    return work
