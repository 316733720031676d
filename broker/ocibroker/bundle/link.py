"""Where something is fetched by HTTP: a URL, parsed once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import unquote, urljoin

from ocibroker.errors import InvalidTarget
from ocibroker.host import shown
from ocibroker.secret import has_control
from ocibroker.target import Target

LONGEST: Final = 8192
"""Characters of a URL."""


@dataclass(frozen=True, slots=True)
class Link:
    """``place`` is an ``https://`` or ``http://`` URL up to its query; ``query`` may be secret, and is never shown.

    ``place`` is what :meth:`~ocibroker.target.Target.from_url` takes: without a user name, a password, ``..`` or
    percent escapes that servers read differently. It is sent as it is written. Raises
    :class:`~ocibroker.errors.InvalidTarget`.
    """

    place: str
    query: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        whole = self.url
        if len(whole) > LONGEST or not whole.isascii() or " " in whole or has_control(whole):
            raise InvalidTarget("is no URL", culprit=shown(self.place), hint="write it in ASCII, without spaces")
        if {"?", "#"} & set(self.place) or "#" in self.query:
            raise InvalidTarget("is no URL up to its query", culprit=shown(self.place))
        Target.from_url(self.place)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the link that ``text`` writes; its fragment plays no part.

        Raises :class:`~ocibroker.errors.InvalidTarget`.
        """
        place, _, query = text.partition("#")[0].partition("?")
        try:
            check_authority(text)
            return cls(place, query)
        except InvalidTarget as error:  # the place alone does not tell what of it is a password
            why, hint = error.message, error.hint
        raise InvalidTarget(why, culprit=without_secrets(text), hint=hint)

    def join(self, reference: str) -> Self:
        """Return where ``reference``, found in a document at this link, leads (RFC 3986 section 5): to any host.

        Nothing of this link's query goes along. Raises :class:`~ocibroker.errors.InvalidTarget`.
        """
        if has_control(reference) or {" ", "\\"} & set(reference):  # urllib leaves some of these out
            raise InvalidTarget("names something that is no URL", culprit=str(self))
        try:
            joined = urljoin(self.place, reference)
        except ValueError:
            raise InvalidTarget("names something that is no URL", culprit=str(self)) from None
        return type(self).parse(joined)

    @property
    def url(self) -> str:
        """All of it, for the wire and nobody else."""
        return f"{self.place}?{self.query}" if self.query else self.place

    @property
    def target(self) -> Target:
        """What rules and the broker see of it."""
        return Target.from_url(self.place)

    @property
    def path(self) -> str:
        """Its path as it is written, without the slash that it begins with."""
        return self.place.partition("://")[2].partition("/")[2]

    @property
    def filename(self) -> str:
        """The last segment of its path, decoded; empty where there is none."""
        return unquote(self.path.rpartition("/")[2])

    def __str__(self) -> str:
        return f"{self.place}?…" if self.query else self.place


def check_authority(text: str) -> None:
    """Refuse the URL ``text`` where a user name or password may stand in it, also as a parser would not read it.

    Raises :class:`~ocibroker.errors.InvalidTarget`.
    """
    if "@" in text.partition("://")[2].partition("/")[0]:
        hint = "put them into a [[registry]] rule"
        raise InvalidTarget("carries a user name or password", culprit=without_secrets(text), hint=hint)


def without_secrets(text: str) -> str:
    """Return ``text`` as an error may show it: quoted, and as :func:`shown_url` has it."""
    return shown(shown_url(text))


def shown_url(text: str) -> str:
    """Return what may be shown of the URL ``text``: not what stands before an ``@``, and no query."""
    place, mark, query = text.partition("?")
    if "@" in query and "@" not in place:  # the mark may be a password's
        return f"{text.partition('://')[0]}://…"
    before, sign, after = place.rpartition("@")
    return f"{'…' if before else ''}{sign}{after}{'?…' if mark else ''}"
