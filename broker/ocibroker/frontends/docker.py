"""The protocol of docker-credential-helpers: bytes in, bytes out, over a broker.

Follows ``credentials/credentials.go`` and ``credentials/error.go`` of docker/docker-credential-helpers: one verb, a
server's name or a JSON object on standard input, errors as one line on standard *output*, status 1. Clients
compare three of these lines to the letter, so nothing may be added to them.

The protocol has no place for TLS settings: a client brings its own.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Final

import msgspec

from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken
from ocibroker.errors import CannotCarry, InvalidTarget, OcibrokerError, TargetNotAllowed
from ocibroker.frontends import executable
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.front_end import FrontEnd, Question
from ocibroker.helper_protocol import IDENTITY_TOKEN_USER, NAME, NOT_FOUND, Credentials
from ocibroker.target import API_PATHS, Target

NO_SERVER: Final = "no credentials server URL"
NO_USERNAME: Final = "no credentials username"
LONGEST: Final = 2048
"""Bytes of a server's name."""

_LIST_SECONDS: Final = 5.0


def failed(error: OcibrokerError) -> Answer:
    """Return the answer for an error: one clear line on standard output, the next step on standard error."""
    lead = f"{error.culprit}: {error.message}" if error.culprit else error.message
    return _failure(f"ocibroker: {lead}", diagnostics=str(error))


def render(server: str, credential: Credential) -> bytes:
    """Return the object that ``get`` prints, with a line break.

    Raises :class:`~ocibroker.errors.CannotCarry` for a bearer token: clients would send it as a password.
    """
    match credential:
        case Basic(username=username):
            pass
        case IdentityToken():
            username = IDENTITY_TOKEN_USER
        case Bearer():
            raise CannotCarry("Docker's protocol cannot carry a bearer token", culprit=server)
    return msgspec.json.encode(Credentials(server, username, credential.secret.reveal())) + b"\n"


def _get(question: Question) -> Answer:
    server = _line(question.stdin)
    if not server:
        return _failure(NO_SERVER)
    access = question.broker.access(_target(server), caller=question.caller)
    if isinstance(access.credential, Anonymous):
        return _miss(question.stdin, f"{access.target}: {access.credential.reason}")
    return Answer(render(server, access.credential))


def _store(question: Question) -> Answer:
    try:
        given = msgspec.json.decode(question.stdin, type=Credentials)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _failure("ocibroker: standard input is not the JSON object of the protocol")
    if not given.server_url:
        return _failure(NO_SERVER)
    if not given.username:
        return _failure(NO_USERNAME)
    return _kept_elsewhere(given.server_url, question)


def _erase(question: Question) -> Answer:
    server = _line(question.stdin)
    return _kept_elsewhere(server, question) if server else _failure(NO_SERVER)


def _list(question: Question) -> Answer:
    """Return the user names of the rules for exactly one host; what fails is left out, and said."""
    found, missing = {}, []
    for rule in question.broker.config.rules:
        if "*" in rule.pattern.host or rule.account != question.account:
            continue
        target = Target.parse(f"oci://{rule.pattern.text}")
        try:
            access = question.broker.access(target, deadline=_LIST_SECONDS, caller=question.caller)
        except TargetNotAllowed:  # nor is it this caller's business that there is a rule
            continue
        except OcibrokerError as error:
            missing.append(str(error))
        else:
            if isinstance(access.credential, Basic):
                found[rule.pattern.text] = access.credential.shown_username
            elif isinstance(access.credential, IdentityToken):
                found[rule.pattern.text] = IDENTITY_TOKEN_USER
    return Answer(msgspec.json.encode(found) + b"\n", "; ".join(missing))


def _kept_elsewhere(server: str, question: Question) -> Answer:
    """Succeed without storing: a client that logs in or out should not fail, and should not be misled."""
    target = _target(server)
    try:
        told = question.broker.explain(target, caller=question.caller)
    except TargetNotAllowed as error:
        return Answer(diagnostics=f"nothing is stored: {error}")
    who = f"provider {told.provider} answers here ({told.why})" if told.provider else told.why
    return Answer(diagnostics=f"nothing is stored for {told.target}: {who}")


def _line(stdin: bytes) -> str:
    """Return the one line of standard input. Other control characters are refused, never dropped.

    Joining what a line break separated gave one host's credential to another (CVE-2020-5260).
    """
    line = stdin.removesuffix(b"\n")
    if len(line) > LONGEST:
        raise InvalidTarget(f"is longer than {LONGEST} bytes", culprit="server name")
    if any(byte < 0x21 or byte > 0x7E for byte in line):
        raise InvalidTarget(
            "holds a blank, a control character or something other than ASCII", culprit="server name"
        )
    return line.decode("ascii")


def _target(server: str) -> Target:
    """Return the target that a client means: a host, a host with a path, or a URL of a registry's API."""
    if {"?", "#"} & set(server):
        raise InvalidTarget("carries a query or a fragment", culprit="server name", hint="name the registry only")
    scheme, mark, rest = server.partition("://")
    if mark and scheme.lower() in {"https", "http"}:
        target = Target.from_url(server)
    else:
        target = Target.parse(f"oci://{(rest if mark and scheme.lower() == 'oci' else server).rstrip('/')}")
    return replace(target, path="") if target.path in API_PATHS else target


def _miss(_: bytes, why: str) -> Answer:
    return Answer(f"{NOT_FOUND}\n".encode(), why, status=1)


def _failure(line: str, diagnostics: str = "") -> Answer:
    return Answer(f"{line}\n".encode(), diagnostics, status=1)


DOCKER: Final = FrontEnd(
    name="docker",
    executable=NAME,
    verbs=MappingProxyType({"get": _get, "store": _store, "erase": _erase, "list": _list}),
    failed=failed,
    missed=_miss,
    refused=_failure,
    unknown=lambda verb: _failure(f"{NAME}: unknown action: {verb}"),
    usage=f"Usage: {NAME} <store|get|erase|list|version>",
    named=True,
    version_words=frozenset({"version", "--version", "-v"}),
)
"""Every other verb is a failure in the protocol's own words."""


def main() -> None:
    """Run ``docker-credential-ocibroker``."""
    executable.main(DOCKER)
