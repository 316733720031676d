"""Which commit a source means: by what the server says of its branches and tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ocibroker.bundle.git_runner import Git
from ocibroker.bundle.git_way import Way
from ocibroker.errors import InvalidTarget, NotFound
from ocibroker.secret import has_control, has_lone_surrogate

_WHOLE: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII | re.IGNORECASE)
_PART: Final = re.compile(r"[0-9a-f]{7,63}", re.ASCII | re.IGNORECASE)
_FORBIDDEN: Final = frozenset(" ~^:?*[\\")
_HINT: Final = "name a branch, a tag or a commit"
_SHA1: Final = 40
"""Digits."""


@dataclass(frozen=True, slots=True)
class Object:
    """``name`` is an object's, or where it is not ``whole`` the beginning of a commit's."""

    name: str
    whole: bool = True

    @property
    def format(self) -> tuple[str, ...]:
        """The options of ``git init`` by which a repository names its objects so."""
        return ("--object-format=sha256",) if len(self.name) > _SHA1 else ()


def wanted(ref: str, git: Git, way: Way) -> Object:
    """Return what ``ref`` means at the other end: a branch before a tag before a commit; empty for its default.

    Raises :class:`~ocibroker.errors.OcibrokerError`, :class:`~ocibroker.errors.NotFound` where there is none.
    """
    _check(ref)
    if _WHOLE.fullmatch(ref):
        return Object(ref.lower())
    names = (ref,) if ref.startswith("refs/") else (f"refs/heads/{ref}", f"refs/tags/{ref}") if ref else ("HEAD",)
    said = git.ask("ls-remote", "--", way.url, *names, way=way).decode("utf-8", "replace")
    known = {name: found for found, _, name in (line.partition("\t") for line in said.splitlines())}
    for name in names:  # what was asked for is a pattern that others match too
        if _WHOLE.fullmatch(known.get(name, "")):
            return Object(known[name])
    if _PART.fullmatch(ref):
        return Object(ref.lower(), whole=False)
    raise missing(ref, git.culprit)


def commit_of(found: Object, git: Git) -> str | None:
    """Return the commit that ``found`` is or a tag is of; none where it is not here, or is something else."""
    said = bytearray()
    ended = git.run("rev-parse", "--verify", "--quiet", f"{found.name}^{{commit}}", take=said.extend)
    return None if ended.status else said.decode("ascii").strip()


def missing(ref: str, culprit: str) -> NotFound:
    """Return the error for what the other end has not got."""
    if not ref:
        return NotFound("has no commit, or no default branch", culprit=culprit, hint=_HINT)
    return NotFound(f"has no branch, tag or commit {ref!r}", culprit=culprit, hint=_HINT)


def _check(ref: str) -> None:
    """Refuse what git-check-ref-format(1) does, so that it can be neither an option nor a pattern."""
    odd = _FORBIDDEN & set(ref) or has_control(ref) or has_lone_surrogate(ref) or ".." in ref or "@{" in ref
    if odd or ref.startswith(("-", "/")) or ref.endswith(("/", ".", ".lock")):
        raise InvalidTarget("is no name of a branch, a tag or a commit", culprit=f"ref {ref!r}", hint=_HINT)
