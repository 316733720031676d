"""``harbor``: robot accounts of Harbor, and the CLI secrets of its users.

https://goharbor.io/docs/2.12.0/working-with-projects/project-configuration/create-robot-accounts
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from ocibroker.provider import KeptLogin, LoginProvider, Options, Provider, SecretRef, TextRef, providers

TESTED: Final = (
    ("robot account", "real: docker-registry, which knows the user by name"),
    ("CLI secret of a user", "real: docker-registry, which knows the user by name"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

# Not compiled, since only a rule of this provider needs it.
_ROBOT: Final = r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\+)?[a-z0-9]+(?:[._-][a-z0-9]+)*"
"""``project+name``, or ``name`` for a robot of the system's."""


class HarborOptions(Options, frozen=True, kw_only=True):
    """``robot`` is its name without prefix; or ``username`` is a user's, and ``secret`` the CLI secret.

    ``prefix`` is what the administrator has set; the robot's whole name has it in front.
    """

    robot: str = ""
    prefix: str = "robot$"
    username: TextRef | None = None
    secret: SecretRef

    def __post_init__(self) -> None:
        if bool(self.robot) == bool(self.username):
            raise ValueError("needs exactly one of robot and username")
        if self.robot and not re.fullmatch(_ROBOT, self.robot, re.ASCII):
            raise ValueError("robot is neither project+name nor name: leave the prefix out")


def _login(options: HarborOptions) -> KeptLogin:
    return KeptLogin.of(options.username or f"{options.prefix}{options.robot}", options.secret)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[HarborOptions] = LoginProvider("harbor", HarborOptions, _login)
    return [provider]
