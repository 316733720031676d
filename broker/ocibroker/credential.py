"""What a provider answers with: a credential of one of three kinds, or anonymous access with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from ocibroker.errors import InvalidValue
from ocibroker.secret import Secret, has_control, has_lone_surrogate

_MASK: Final = "*" * 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dated:
    """``issued_at`` and ``expires_at`` are aware and kept in UTC; none of them means a static credential."""

    secret: Secret
    issued_at: datetime | None = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.secret, Secret):  # text would be shown by the next repr
            raise InvalidValue("a credential's secret is no Secret", culprit="secret", hint="wrap it: Secret(…)")
        keep_utc(self, "issued_at", self.issued_at)
        keep_utc(self, "expires_at", self.expires_at)
        if self.issued_at and self.expires_at and self.expires_at <= self.issued_at:
            raise InvalidValue("a credential expires before it is issued", culprit="expires_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic(_Dated):
    """A user name and a password (RFC 7617).

    Raises :class:`~ocibroker.errors.InvalidValue` for an empty name, a control character, or a colon in
    the name, which the ``Basic`` scheme cannot carry.
    """

    username: str

    @property
    def shown_username(self) -> str:
        """The user name for people: a mask where it is the secret itself, as with some vendors."""
        return _MASK if self.username == self.secret.reveal() else self.username

    def __repr__(self) -> str:
        dates = f"issued_at={self.issued_at!r}, expires_at={self.expires_at!r}"
        return f"Basic(secret={self.secret!r}, {dates}, username={self.shown_username!r})"

    def __post_init__(self) -> None:
        # `super()` needs the class cell, which `slots=True` leaves pointing at the class without slots.
        _Dated.__post_init__(self)
        check_username(self.username)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityToken(_Dated):
    """An OAuth2 refresh token that the registry's token endpoint exchanges for access tokens.

    Follows the Distribution specification, ``spec/auth/oauth.md``. ``username`` may be empty; it serves
    token endpoints that know only the older GET form.
    """

    username: str = ""

    def __post_init__(self) -> None:
        _Dated.__post_init__(self)
        if self.username:
            check_username(self.username)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer(_Dated):
    """A token that the registry itself accepts (RFC 6750): visible ASCII only."""

    def __post_init__(self) -> None:
        _Dated.__post_init__(self)
        if not all("!" <= char <= "~" for char in self.secret.reveal()):
            raise InvalidValue("a bearer token holds a character that a header cannot carry", culprit="secret")


Credential = Basic | IdentityToken | Bearer


Kind = Literal["basic", "identity_token", "bearer", "anonymous"]
"""The names of the kinds, as they are written out."""


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Access without a credential, with the reason why: never an error, never a miss."""

    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise InvalidValue("anonymous access needs its reason", culprit="reason")


def kind(credential: Credential | Anonymous) -> Kind:
    """Return ``basic``, ``identity_token``, ``bearer`` or ``anonymous``: the name used in output."""
    match credential:
        case Basic():
            return "basic"
        case IdentityToken():
            return "identity_token"
        case Bearer():
            return "bearer"
        case Anonymous():
            return "anonymous"


def keep_utc(dated: object, name: str, moment: datetime | None) -> None:
    """Set the attribute ``name`` of a frozen value to ``moment`` in UTC; none stays none.

    Raises :class:`~ocibroker.errors.InvalidValue` for one without a zone, and for one that no calendar has in UTC.
    """
    if moment is None:
        return
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise InvalidValue("a moment has no time zone", culprit=name, hint="use datetime.now(UTC)")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise InvalidValue("a moment is beyond what a calendar holds", culprit=name) from None
    object.__setattr__(dated, name, moment)


def check_username(username: str) -> None:
    """Raise :class:`~ocibroker.errors.InvalidValue` for a user name that HTTP Basic cannot carry (RFC 7617)."""
    if not username:
        raise InvalidValue("a user name is empty", culprit="username")
    if has_control(username) or has_lone_surrogate(username):
        raise InvalidValue("a user name holds a control character or invalid Unicode", culprit="username")
    if ":" in username:
        raise InvalidValue("a user name holds a colon, which HTTP Basic cannot carry", culprit="username")
