"""``POST /v1/credentials`` and ``POST /v1/trust``."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import msgspec

from ocibroker.access import Access
from ocibroker.api import (
    CallerQuestion,
    CredentialAnswer,
    CredentialQuestion,
    TLSData,
    TrustAnswer,
    TrustQuestion,
    fingerprint,
)
from ocibroker.broker import Broker
from ocibroker.credential import Anonymous, Basic, IdentityToken, kind
from ocibroker.errors import DeadlineExceeded, OcibrokerError
from ocibroker.host import split_authority
from ocibroker.request import Caller
from ocibroker.secret import Secret
from ocibroker.sidecar.aside import aside
from ocibroker.sidecar.deed import Deed, given, not_given
from ocibroker.sidecar.generation import Generation, Generations
from ocibroker.sidecar.listener import Listener
from ocibroker.sidecar.message import Call, Reply
from ocibroker.sidecar.problem import failed
from ocibroker.sidecar.reach import Reach, Reached, named
from ocibroker.sidecar.reaches import Reaches
from ocibroker.sidecar.reading import read
from ocibroker.sidecar.remembered import Remembered, RememberedQuestions
from ocibroker.sidecar.trust_data import TrustData, tls_data
from ocibroker.target import Target

_CREDENTIAL: Final = msgspec.json.Decoder(CredentialQuestion)
_TRUST: Final = msgspec.json.Decoder(TrustQuestion)
_ENCODER: Final = msgspec.json.Encoder()
_FAIR: Final = 5.0
"""Seconds that a provider has at least, however short a caller's patience is."""


class Credentials:
    """Answers who one is at a target, and how its host is reached and trusted."""

    def __init__(self, generations: Generations, reaches: Reaches) -> None:
        self._generations = generations
        self._reaches = reaches
        self._trust = TrustData()
        self._remembered = RememberedQuestions()

    async def credential(self, call: Call) -> Reply:
        """Answer a :class:`~ocibroker.api.CredentialQuestion`."""
        if (current := self.current(call.body, call.listener)) is not None:
            return current
        question: CredentialQuestion | None = None
        try:
            question = read(call.body, _CREDENTIAL)
            return await self._answered(call, question)
        except OcibrokerError as error:
            return failed(error, _refusal(error, call, question))

    def current(self, body: bytes, listener: Listener) -> Reply | None:
        """Return the reply to a question that was asked before, if it would be made alike now."""
        with self._generations.lease() as generation:
            known = self._known(generation, body, listener)
            if known is None:
                return None
            return known.reply if _given(generation.broker, known) is known.access else None

    def kept(self, body: bytes, listener: Listener) -> Reply | None:
        """Return the reply to a question that was asked before, whether it still holds or not."""
        with self._generations.lease() as generation:
            known = self._known(generation, body, listener)
        return known.reply if known else None

    async def trust(self, call: Call) -> Reply:
        """Answer a :class:`~ocibroker.api.TrustQuestion`, for any host: it is configuration, and no secret."""
        question = read(call.body, _TRUST)
        split_authority(question.host)
        with self._generations.lease() as generation:
            # Without a context for each host that somebody thinks of: it costs milliseconds.
            # It reads files and may run a program, which nobody else should wait for.
            data = await aside(lambda: _trust(generation.broker, Target(question.host)), "trust")
        return Reply(body=_ENCODER.encode(TrustAnswer(tls=data)))

    def _known(self, generation: Generation, body: bytes, listener: Listener) -> Remembered | None:
        return self._remembered.get(body, self._reaches.of(generation, listener))

    async def _answered(self, call: Call, question: CredentialQuestion) -> Reply:
        with self._generations.lease() as generation:
            reach = self._reaches.of(generation, call.listener)
            reached = _reached(reach, question)
            access = await _in_time(generation.broker, reached.target, question, exchange=reach.exchange)
            reach.check_answer(access)
            answer = _answer(access, reached, self._trust.of(generation.broker.material(access)))
        deed = given(access, call.path, _caller(question.caller))
        reply = Reply(body=_ENCODER.encode(answer), deeds=(deed,))
        self._remembered.keep(call.body, Remembered(reach, question, reached, access, reply))
        return reply


def _trust(broker: Broker, target: Target) -> TLSData:
    policy = broker.policy(target)
    return tls_data(policy, policy.authorities())


def _reached(reach: Reach, question: CredentialQuestion) -> Reached:
    return reach.target(question.registry, question.repository, question.actions)


async def _in_time(broker: Broker, target: Target, question: CredentialQuestion, *, exchange: bool) -> Access:
    """Wait for no longer than this caller wants to; a provider has a fair time in any case.

    Else who waits for a blink would have a healthy one taken for one that does not answer, at everybody's cost.
    """
    if question.deadline >= _FAIR:
        return await _access(broker, target, question, exchange=exchange)
    try:
        async with asyncio.timeout(question.deadline):
            return await _access(broker, target, question, exchange=exchange)
    except TimeoutError:
        pass
    raise DeadlineExceeded("did not answer in time", culprit=str(target), hint="allow more time")


async def _access(broker: Broker, target: Target, question: CredentialQuestion, *, exchange: bool) -> Access:
    caller, deadline = _caller(question.caller), _fair(question)
    access = await broker.access_async(
        target, min_ttl=question.min_ttl, deadline=deadline, caller=caller, exchange=exchange
    )
    known = access.credential
    if not question.refused or isinstance(known, Anonymous) or fingerprint(known.secret) != question.refused:
        return access
    return await broker.access_async(
        target,
        min_ttl=question.min_ttl,
        deadline=deadline,
        caller=caller,
        exchange=exchange,
        refused=known,
    )


def _given(broker: Broker, known: Remembered) -> Access | None:
    question, exchange = known.question, known.reach.exchange
    try:
        return broker.given(
            known.reached.target, min_ttl=question.min_ttl, deadline=_fair(question), exchange=exchange
        )
    except OcibrokerError:  # who reads the question says so
        return None


def _fair(question: CredentialQuestion) -> float:
    return max(question.deadline, _FAIR)


def _caller(question: CallerQuestion | None) -> Caller | None:
    if question is None:
        return None
    return Caller(token=Secret(question.token) if question.token else None, annotations=question.annotations)


def _refusal(error: OcibrokerError, call: Call, question: CredentialQuestion | None) -> Deed:
    target: Target | str = ""
    caller = None
    if question is not None:
        caller = _caller(question.caller)
        with suppress(OcibrokerError):  # what names no target is said by the error itself
            target = named(question.registry, question.repository, question.actions)
    return not_given(error, call.path, target, caller)


def _answer(access: Access, reached: Reached, tls: TLSData) -> CredentialAnswer:
    credential, target = access.credential, access.target
    known = None if isinstance(credential, Anonymous) else credential
    return CredentialAnswer(
        kind=kind(credential),
        registry=target.registry,
        repository=target.path,
        origin=str(access.origin),
        username=known.username if isinstance(known, Basic | IdentityToken) else None,
        secret=known.secret.reveal() if known else None,
        issued_at=known.issued_at if known else None,
        expires_at=known.expires_at if known else None,
        reason=credential.reason if isinstance(credential, Anonymous) else None,
        provider=access.provider,
        why=access.why,
        realms=[*reached.realms],
        tls=tls,
    )
