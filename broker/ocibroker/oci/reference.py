"""What is pulled: a repository, and a tag or a digest in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from ocibroker.errors import InvalidTarget, InvalidValue
from ocibroker.host import shown
from ocibroker.oci.digest import Digest
from ocibroker.target import Target

_TAG: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """``[oci://]registry/repository[:tag][@digest]``; ``helm`` where it was written with ``oci://``."""

    target: Target
    tag: str = ""
    digest: Digest | None = None
    helm: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the reference, or raise :class:`~ocibroker.errors.InvalidTarget`."""
        name, at, digest = text.partition("@")
        head, slash, last = name.rpartition("/")
        last, colon, tag = last.partition(":")
        target = Target.parse(f"{head}{slash}{last}")
        tag = tag.replace("+", "_")
        if not target.path or (colon and not _TAG.fullmatch(tag)):
            raise InvalidTarget("names no repository, or a bad tag", culprit=shown(text))
        try:
            return cls(target, tag, Digest.parse(digest) if at else None, text.lower().startswith("oci://"))
        except InvalidValue as error:
            why = error.message
        raise InvalidTarget(why, culprit=shown(text))

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.target}{tag}{f'@{self.digest}' if self.digest else ''}"
