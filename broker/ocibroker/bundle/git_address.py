"""Addresses of git repositories, as git, go-getter and Fleet write them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ocibroker.bundle.address import Address
from ocibroker.bundle.source import GitSource
from ocibroker.bundle.ssh_address import SSHAddress, is_scp
from ocibroker.errors import InvalidTarget

SHORTHANDS: Final = ("github.com/", "gitlab.com/", "bitbucket.org/")
"""Hosts that need no scheme: ``github.com/OWNER/REPOSITORY``."""

_WEB: Final = ("https://", "http://")


def git_source(text: str) -> GitSource:
    """Return the source that ``text``, without ``git::``, writes.

    ``ref``, ``depth`` and ``sshkey`` are its parameters. Raises :class:`~ocibroker.errors.InvalidTarget`.
    """
    address, given = Address.parse(text).take("ref", "depth", "sshkey")
    if address.query:
        raise address.refused("has parameters that git has none of", "ref, depth and sshkey are known")
    url, inside = _url(address)
    subdir = "/".join(filter(None, (inside, address.subdir)))
    ref, key = given.get("ref", ""), given.get("sshkey", "")
    if ref.startswith("-"):
        raise address.refused("has a ref that begins with -", "name a branch, a tag or a commit")
    if key and not key.startswith(("/", "~/")):  # go-getter has the key itself there; a URL is shown and logged
        raise address.refused("carries a private key", "write it to a file, and sshkey=/path/to/file")
    return GitSource(url, ref, _depth(address, given), subdir, Path(key).expanduser() if key else None)


def _depth(address: Address, given: dict[str, str]) -> int | None:
    if "depth" not in given:
        return None
    if not re.fullmatch("[1-9][0-9]{0,8}", given["depth"], re.ASCII):
        raise address.refused("has a depth that is no number of commits", "write depth=1")
    return int(given["depth"])


def _url(address: Address) -> tuple[str, str]:
    """Return the repository's URL, and the folder in it where the address says that as a shorthand does."""
    base = address.base
    if base.lower().startswith(_WEB):
        return address.link.place, ""
    if base.lower().startswith("ssh://") or is_scp(base):
        return _ssh(address), ""
    if base.lower().startswith(SHORTHANDS):
        return _shorthand(address)
    raise address.refused("is no address of a git repository", "write git::https://host/path or git@host:path")


def _shorthand(address: Address) -> tuple[str, str]:
    host, *parts = address.base.split("/")
    if len(parts) < 2 or not all(parts):
        raise address.refused("names no repository", f"write {host}/owner/repository")
    owner, name, *inside = parts
    whole = Address.parse(f"https://{host}/{owner}/{name.removesuffix('.git')}.git//{'/'.join(inside)}")
    return whole.link.place, whole.subdir


def _ssh(address: Address) -> str:
    try:
        SSHAddress.parse(address.base)
    except InvalidTarget as error:  # what it names may be a part of a password
        why, hint = error.message, error.hint
    else:
        return address.base
    raise address.refused(why, hint)
