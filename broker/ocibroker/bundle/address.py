"""What go-getter writes behind an address: ``//subdir`` and ``?name=value&…``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self
from urllib.parse import unquote_plus

from ocibroker.bundle.link import Link, check_authority, without_secrets
from ocibroker.errors import InvalidTarget
from ocibroker.secret import has_control, has_lone_surrogate

_ESCAPED: Final = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True)
class Address:
    """``base`` without ``subdir`` and ``query``; ``text`` is all of it, for errors.

    Raises :class:`~ocibroker.errors.InvalidTarget`.
    """

    text: str
    base: str
    subdir: str
    query: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Split ``text`` as go-getter's ``SourceDirSubdir`` does: at the first ``//`` that is no scheme's.

        The subdirectory may stand before the query or behind it.
        """
        scheme, mark, rest = text.partition("://")
        if not mark:
            scheme, rest = "", text
        whole, _, subdir = rest.partition("//")
        base, _, query = whole.partition("?")
        subdir, _, behind = subdir.partition("?")
        query = "&".join(filter(None, (query, behind)))
        return cls(text, f"{scheme}{mark}{base}", _checked(subdir.rstrip("/"), text), query)

    def take(self, *names: str) -> tuple[Self, dict[str, str]]:
        """Return the address without the parameters of these ``names``, and their values, decoded."""
        taken: dict[str, str] = {}
        left: list[str] = []
        for part in filter(None, self.query.split("&")):
            name, _, value = part.partition("=")
            if name not in names:
                left.append(part)
            elif name in taken:
                raise self.refused(f"names {name} twice", "say it once")
            else:
                taken[name] = self._plain(unquote_plus(value), name)
        return replace(self, query="&".join(left)), taken

    @property
    def link(self) -> Link:
        """The place and what is left of the query as a link."""
        try:
            check_authority(self.text)
            return Link(self.base, self.query)
        except InvalidTarget as error:
            why, hint = error.message, error.hint
        raise self.refused(why, hint)

    def refused(self, why: str, hint: str = "") -> InvalidTarget:
        """Return the error for this address, which shows none of its parameters."""
        return refused(self.text, why, hint)

    def _plain(self, value: str, name: str) -> str:
        if not value or has_control(value) or has_lone_surrogate(value):
            raise self.refused(f"has a {name} that is empty or holds a control character")
        return value


def refused(text: str, why: str, hint: str = "") -> InvalidTarget:
    """Return the error for ``text``, of which nothing is shown that may be secret."""
    return InvalidTarget(why, culprit=without_secrets(text), hint=hint)


def _checked(subdir: str, text: str) -> str:
    if subdir and (_ESCAPED & set(subdir.split("/")) or "\\" in subdir or has_control(subdir)):
        raise refused(text, "names a folder that does not lie in it", "write //folder, without . or ..")
    return subdir
