"""Challenges, realms and the token exchange: sans I/O, driven by the transport."""

from ocibroker.auth.challenge import Challenge, parse_challenges
from ocibroker.auth.distribution import DistributionAuth, PostRefusals
from ocibroker.auth.header import authorization, basic_header
from ocibroker.auth.realm import KNOWN, Realms
from ocibroker.auth.scope import Scope, merge, parse_scopes

__all__ = [
    "KNOWN",
    "Challenge",
    "DistributionAuth",
    "PostRefusals",
    "Realms",
    "Scope",
    "authorization",
    "basic_header",
    "merge",
    "parse_challenges",
    "parse_scopes",
]
