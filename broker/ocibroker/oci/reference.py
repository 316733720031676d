"""What is pulled: a repository, and a tag or a digest in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from ocibroker.errors import InvalidTarget, InvalidValue
from ocibroker.host import shown
from ocibroker.oci.digest import Digest
from ocibroker.oci.tag import is_tag, tag_of
from ocibroker.secret import has_control
from ocibroker.target import Target

LONGEST: Final = 255
"""Characters of a repository, as registries have it."""

_MARK: Final = "oci://"
_TOO_LONG: Final = (f"has a repository of more than {LONGEST} characters", "shorten it")


@dataclass(frozen=True, slots=True)
class Reference:
    """``[oci://]registry/repository[:tag][@digest]``; ``helm`` where it was written with ``oci://``.

    With a tag and a digest, the digest decides. The target is one that :meth:`~ocibroker.target.Target.parse`
    makes. Raises :class:`~ocibroker.errors.InvalidTarget`.
    """

    target: Target
    tag: str = ""
    digest: Digest | None = None
    helm: bool = False

    def __post_init__(self) -> None:
        if why := self._flaw():
            raise _refused(f"{self.target}:{self.tag}", *why)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the reference that ``text`` writes.

        The repository is a ``<name>`` and the tag a ``<reference>`` of the OCI distribution specification 1.1
        ("Pulling manifests"), the registry is as :meth:`~ocibroker.target.Target.parse` has it. A Helm version with
        ``+`` is the tag that Helm makes of it. Raises :class:`~ocibroker.errors.InvalidTarget`.
        """
        name, tag, digest = _split(text)
        try:
            held = Digest.parse(digest) if digest else None
            return cls(Target.parse(name), tag_of(tag), held, text.lower().startswith(_MARK))
        except InvalidValue as error:
            why, hint = f"has a digest that {error.message}", error.hint
        except InvalidTarget as error:
            why, hint = error.message, error.hint
        # What the parts say names only themselves, and not all of what was written.
        raise _refused(text, why, hint)

    def _flaw(self) -> tuple[str, str] | None:
        if not self.target.path:
            return "names no repository", "write registry/repository, with a tag or a digest if need be"
        if len(self.target.path) > LONGEST:
            return _TOO_LONG
        if self.tag and not is_tag(self.tag):
            return "has a bad tag", "at most 128 letters, digits and . _ - that do not begin with . or -"
        written = f"{_MARK}{self.target.registry}/{self.target.path}"
        if Target.parse(written, actions=self.target.actions) != self.target:
            return "is not the target of a repository", "make it with Target.parse"
        return None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self._name}{tag}{f'@{self.digest}' if self.digest else ''}"

    @property
    def _name(self) -> str:
        where = self.target
        if self.helm:
            return f"{_MARK}{where.registry}/{where.path}"
        name = str(where)
        # A name without dots is a registry's by its port only, be it the default one.
        return f"{where.registry}:{where.port}/{where.path}" if name.startswith(_MARK) else name


def _split(text: str) -> tuple[str, str, str]:
    """Return name, tag and digest of ``text``; the last two are empty where there is none."""
    if not text.strip():
        raise _refused(text, "is blank", "write registry/repository")
    if " " in text or has_control(text):
        raise _refused(text, "holds a space or a control character", "leave it out")
    name, at, digest = text.partition("@")
    if at and "/" in text.rpartition("@")[2]:
        raise _refused(text, "carries a user name or password", "put them into a [[registry]] rule")
    if "://" in text and not text.lower().startswith(_MARK):
        raise _refused(text, "carries a scheme", "write registry/repository, or oci://registry/repository")
    # Only behind the last slash: before it, a colon is a port's.
    head, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    if "@" in digest or (at and not digest) or (colon and not tag):
        raise _refused(text, "has an empty tag or digest, or two of them", "write [:tag][@digest], each once")
    name = f"{head}{slash}{last}"
    if len(name.rpartition("://")[2].partition("/")[2]) > LONGEST:
        raise _refused(text, *_TOO_LONG)
    return name, tag, digest


def _refused(text: str, why: str, hint: str) -> InvalidTarget:
    return InvalidTarget(why, culprit=shown(text), hint=hint)
