"""Challenges, realms and the token exchange: sans I/O, driven by the transport."""

from ocibroker.auth.challenge import Challenge, parse_challenges
from ocibroker.auth.distribution import DistributionAuth
from ocibroker.auth.grant import read_token
from ocibroker.auth.granting import Granting, PostRefusals
from ocibroker.auth.header import authorization, basic_header
from ocibroker.auth.narrowing import Narrowing
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
