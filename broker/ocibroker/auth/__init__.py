"""Challenges, realms and the token exchange: sans I/O, driven by the transport.

Its modules are imported when they are used: only who connects is challenged.
"""

from typing import TYPE_CHECKING

from ocibroker.lazily import resolve

if TYPE_CHECKING:
    from ocibroker.auth.challenge import Challenge, parse_challenges
    from ocibroker.auth.distribution import DistributionAuth
    from ocibroker.auth.grant import read_token
    from ocibroker.auth.granting import Granting
    from ocibroker.auth.header import authorization, basic_header
    from ocibroker.auth.narrowing import Narrowing
    from ocibroker.auth.post_refusals import PostRefusals
    from ocibroker.auth.realm import KNOWN, Realms
    from ocibroker.auth.scope import Scope, merge, parse_scopes

__all__ = [
    "KNOWN",
    "Challenge",
    "DistributionAuth",
    "Granting",
    "Narrowing",
    "PostRefusals",
    "Realms",
    "Scope",
    "authorization",
    "basic_header",
    "merge",
    "parse_challenges",
    "parse_scopes",
    "read_token",
]

_HOME = {
    "KNOWN": "realm",
    "Challenge": "challenge",
    "DistributionAuth": "distribution",
    "Granting": "granting",
    "Narrowing": "narrowing",
    "PostRefusals": "post_refusals",
    "Realms": "realm",
    "Scope": "scope",
    "authorization": "header",
    "basic_header": "header",
    "merge": "scope",
    "parse_challenges": "challenge",
    "parse_scopes": "scope",
    "read_token": "grant",
}

if not TYPE_CHECKING:  # visible to a checker, it would make every misspelling legal

    def __getattr__(name: str) -> object:
        return resolve(globals(), _HOME, name)
