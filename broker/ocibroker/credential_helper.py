"""Asking another program of the protocol of docker-credential-helpers: find it, tell ourselves apart, ask it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from ocibroker.credential import Basic, Credential, IdentityToken
from ocibroker.errors import ConfigurationError, CredentialUnavailable, InvalidValue
from ocibroker.fetch_request import Run
from ocibroker.helper_protocol import IDENTITY_TOKEN_USER, NAME, NESTED, NOT_FOUND, PREFIX
from ocibroker.json_answer import JsonAnswer
from ocibroker.program import find_program, is_ours
from ocibroker.secret import Secret
from ocibroker.target import DOCKER_HUB, Target

_SUFFIX: Final = re.compile(r"[a-z0-9][a-z0-9_.-]*", re.ASCII)
_SERVERS: Final = MappingProxyType({DOCKER_HUB: "https://index.docker.io/v1/"})
"""Registries whose logins Docker stores under another name."""


@dataclass(frozen=True, slots=True)
class CredentialHelper:
    """A program ``docker-credential-…`` by its absolute path."""

    program: Path

    @classmethod
    def find(cls, suffix: str, environ: Mapping[str, str]) -> Self | None:
        """Return the program ``docker-credential-SUFFIX`` on the ``PATH`` of ``environ``, or none if it is we.

        A program that started us must not be started by us, or the two would never end: where ocibroker has been
        started by a program of its own, there is none either. Raises
        :class:`~ocibroker.errors.ConfigurationError` for a suffix that is no name, a program that is not there, and
        what :func:`ocibroker.program.find_program` refuses.
        """
        name = f"{PREFIX}{suffix}"
        if not _SUFFIX.fullmatch(suffix):
            raise ConfigurationError("is no name of a credential helper", culprit=repr(suffix), hint="correct it")
        if name == NAME or environ.get(NESTED):
            return None
        found = find_program(name, environ)
        if found is None:
            raise ConfigurationError("is not on the PATH", culprit=name, hint="install it, or take its name out")
        return None if is_ours(found) else cls(found)

    def ask(self, target: Target, run: Run) -> Credential | None:
        """Return the login for the host of ``target``, or none where the program says that it has none.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` for every other answer, of which nothing is shown,
        and whatever ``run`` raises.
        """
        server = _SERVERS.get(target.registry, target.registry)
        done = run([str(self.program), "get"], stdin=server.encode(), inherit=True)
        if done.stdout.strip() == NOT_FOUND.encode():
            return None
        if done.status:
            raise self._failed(f"ended with status {done.status}", server)
        answer = _Answer.read(done.stdout)
        if answer is None:
            raise self._failed("answered something else than the object of the protocol", server)
        try:
            return _credential(answer)
        except InvalidValue as error:
            why = error.message
        raise self._failed(why, server)

    def _failed(self, why: str, server: str) -> CredentialUnavailable:
        name = self.program.name
        return CredentialUnavailable(
            f"{why} when asked for {server}",
            culprit=name,
            hint=f"see `echo {server} | {name} get`, or log in again",
        )


class _Answer(JsonAnswer, rename="pascal"):
    """The object as an answer: nothing that matters may be left out."""

    username: str
    secret: str


def _credential(answer: _Answer) -> Credential | None:
    if not answer.username and not answer.secret:  # Docker takes it for "no login" too
        return None
    if answer.username == IDENTITY_TOKEN_USER:
        return IdentityToken(secret=Secret(answer.secret))
    return Basic(username=answer.username, secret=Secret(answer.secret))
