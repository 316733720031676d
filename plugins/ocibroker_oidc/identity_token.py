"""What a reference to an identity token says, whoever issues it."""

from __future__ import annotations

from ocibroker.provider import SecretOptions, Ttl


class IdentityTokenOptions(SecretOptions, frozen=True, kw_only=True):
    """``audience`` is whom the token is for; none is what the issuer does by itself.

    What is made of a token and says no end is made anew after ``ttl``, or when the token ends if that is sooner.
    """

    audience: str = ""
    ttl: Ttl = 240.0
    """Less than any of the issuers' tokens lives: those of GitHub live five minutes."""


class AddressedOptions(IdentityTokenOptions, frozen=True, kw_only=True):
    """The same where the issuer does nothing by itself: ``audience`` must be said."""

    audience: str

    def __post_init__(self) -> None:
        if not self.audience:
            raise ValueError("audience is empty")
