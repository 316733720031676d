"""What a provider may not do: it is told by name, its value is never shown, and its neighbours go on."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from ocibroker import Access, Anonymous, Basic, Bearer, Broker, IdentityToken, OcibrokerError, Secret
from ocibroker.errors import (
    ConfigurationError,
    ConnectionFailed,
    ContractViolation,
    CredentialUnavailable,
    DeadlineExceeded,
    RegistryRefused,
)
from ocibroker.provider import Credential, FetchRequest, Identity, Request
from tests.providers.stub import Stub, broker
from tests.transport.hand_clock import HandClock

TARGET = "registry.acme.example/team/app"
CANARY = "c4n4ry-t0ken"

RULE = 'match = "registry.acme.example"\nprovider = "stub"'
FALLBACK = f"{RULE}\nanonymous_fallback = true"
PAST, ZONELESS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1)  # noqa: DTZ001  # the violation itself

Fetches = Callable[[FetchRequest[Any]], Credential | Anonymous]


class Token(str):
    """Looks like text."""

    __slots__ = ()


class Imposter:
    """Looks like a credential."""

    secret = Secret(CANARY)
    expires_at = None


def raising(error: BaseException) -> Fetches:
    def fetch(request: FetchRequest[Any]) -> Credential | Anonymous:
        raise error

    return fetch


def giving(make: Callable[[], object]) -> Fetches:
    return lambda request: cast("Credential", make())


def shown(error: BaseException) -> str:
    return repr(error) + "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


GIVEN: dict[str, tuple[Callable[[], object], str]] = {
    "none": (lambda: None, "fetch() gave a NoneType"),
    "text": (lambda: str(CANARY), "fetch() gave a str"),
    "str-subclass": (lambda: Token(CANARY), "fetch() gave a Token"),
    "bytes": (lambda: CANARY.encode(), "fetch() gave a bytes"),
    "dict": (lambda: {"token": CANARY}, "fetch() gave a dict"),
    "pair": (lambda: ("alice", CANARY), "fetch() gave a tuple"),
    "secret": (lambda: Secret(CANARY), "fetch() gave a Secret"),
    "class": (lambda: Bearer, "fetch() gave a type"),
    "imposter": (Imposter, "fetch() gave a Imposter"),
    "coroutine-like": (lambda: (one for one in [CANARY]), "fetch() gave a generator"),
    "expired": (lambda: Bearer(secret=Secret(CANARY), expires_at=PAST), "already expired"),
    "expired-basic": (lambda: Basic(username="alice", secret=Secret(CANARY), expires_at=PAST), "already expired"),
    "expired-identity": (lambda: IdentityToken(secret=Secret(CANARY), expires_at=PAST), "already expired"),
    "naive": (lambda: Bearer(secret=Secret(CANARY), expires_at=ZONELESS), "no time zone"),
    "naive-issue": (lambda: Bearer(secret=Secret(CANARY), issued_at=ZONELESS), "no time zone"),
    "backwards": (
        lambda: Bearer(secret=Secret(CANARY), issued_at=datetime.now(UTC), expires_at=PAST),
        "expires before it is issued",
    ),
    "timestamp": (lambda: Bearer(secret=Secret(CANARY), expires_at=cast("Any", 4e9)), "raised AttributeError"),
    "empty": (lambda: Bearer(secret=Secret("")), "a secret is empty"),
    "two-lines": (lambda: Bearer(secret=Secret(f"{CANARY}\nx")), "control character"),
    "spaces": (lambda: Bearer(secret=Secret(f"{CANARY} x")), "header cannot carry"),
    "secret-of-text": (lambda: Basic(username="alice", secret=cast("Any", CANARY)), "no Secret"),
    "secret-of-bytes": (lambda: Bearer(secret=Secret(cast("Any", CANARY.encode()))), "not text"),
    "no-user": (lambda: Basic(username="", secret=Secret(CANARY)), "a user name is empty"),
    "no-reason": (lambda: Anonymous(" "), "needs its reason"),
}


@pytest.mark.acceptance(14, 15)
@pytest.mark.parametrize(("make", "why"), GIVEN.values(), ids=GIVEN.keys())
class TestWhatAFetchMayNotGive:
    def test_is_an_error_that_names_the_provider_and_never_the_value(
        self, make: Callable[[], object], why: str, tmp_path: Path
    ) -> None:
        with broker(tmp_path, [Stub("stub", fetches=giving(make))], RULE) as asked:
            with pytest.raises(ContractViolation) as caught:
                asked.access(TARGET)
            assert caught.value.culprit == "provider stub"
            assert why in caught.value.message
            assert CANARY not in shown(caught.value)
            assert asked.explain(TARGET).cache == "empty"

    def test_is_the_same_error_for_a_task(self, make: Callable[[], object], why: str, tmp_path: Path) -> None:
        async def ask() -> Access:
            return await asked.access_async(TARGET)

        with broker(tmp_path, [Stub("stub", fetches=giving(make))], RULE) as asked:
            with pytest.raises(ContractViolation, match="provider stub") as caught:
                asyncio.run(ask())
            assert why in caught.value.message


RAISED = [
    SystemExit,
    KeyboardInterrupt,
    GeneratorExit,
    asyncio.CancelledError,
    MemoryError,
    RecursionError,
    StopIteration,
    StopAsyncIteration,
    ValueError,
    BaseException,
]


@pytest.mark.acceptance(15)
@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
class TestWhateverAFetchRaises:
    def test_is_contained(self, kind: type[BaseException], tmp_path: Path) -> None:
        with broker(tmp_path, [Stub("stub", fetches=raising(kind(CANARY)))], RULE) as asked:
            with pytest.raises(ContractViolation) as caught:
                asked.access(TARGET)
            assert (caught.value.culprit, caught.value.message) == ("provider stub", f"raised {kind.__name__}")
            assert CANARY not in shown(caught.value)

    def test_is_contained_for_a_task(self, kind: type[BaseException], tmp_path: Path) -> None:
        async def ask() -> Access:
            return await asked.access_async(TARGET)

        with (
            broker(tmp_path, [Stub("stub", fetches=raising(kind(CANARY)))], RULE) as asked,
            pytest.raises(ContractViolation, match=f"raised {kind.__name__}"),
        ):
            asyncio.run(ask())

    def test_fails_one_of_eight_and_seven_succeed(self, kind: type[BaseException], tmp_path: Path) -> None:
        together = threading.Barrier(8)

        def fetch(request: FetchRequest[Any]) -> Credential | Anonymous:
            together.wait(20)
            if request.target.path == "team/3":
                raise kind(CANARY)
            return Bearer(secret=Secret(CANARY))

        def identity(request: Request[Any]) -> Identity:
            return Identity((request.target.path,))

        stub = Stub("stub", fetches=fetch, identifies=identity)
        with broker(tmp_path, [stub], RULE) as asked, ThreadPoolExecutor(8) as callers:
            pending = [callers.submit(asked.access, f"registry.acme.example/team/{at}") for at in range(8)]
            failures = [future.exception() for future in pending]
        assert [at for at, failure in enumerate(failures) if failure] == [3]
        assert isinstance(failures[3], ContractViolation)
        assert CANARY not in "".join(traceback.format_exception(failures[3]))


IDENTITIES: dict[str, tuple[Callable[[Request[Any]], object], str]] = {
    "none": (lambda request: None, "identity() gave a NoneType"),
    "text": (lambda request: CANARY, "identity() gave a str"),
    "list-of-parts": (lambda request: Identity(cast("Any", [CANARY])), "parts: is no tuple of str"),
    "text-for-parts": (lambda request: Identity(cast("Any", CANARY)), "parts: is no tuple of str"),
    "numbers": (lambda request: Identity(cast("Any", (7,))), "parts: is no tuple of str"),
    "watched-text": (lambda request: Identity(("it",), watch=cast("Any", ("/x",))), "watch: is no tuple of Path"),
    "elsewhere": (lambda request: Identity(("it",), reach=cast("Any", "here")), "reach: is neither"),
    "kept-for-a-number": (lambda request: Identity(("it",), keep=cast("Any", 300)), "keep: is no duration"),
    "kept-for-no-time": (lambda request: Identity(("it",), keep=timedelta()), "keep: is no duration"),
    "error": (lambda request: 1 / 0, "identity() raised ZeroDivisionError"),
}


@pytest.mark.acceptance(15)
@pytest.mark.parametrize(("identity", "why"), IDENTITIES.values(), ids=IDENTITIES.keys())
def test_an_identity_that_is_none_is_an_error_that_names_the_provider(
    identity: Callable[[Request[Any]], Identity], why: str, tmp_path: Path
) -> None:
    with broker(tmp_path, [Stub("stub", identifies=identity)], RULE) as asked:
        with pytest.raises(ContractViolation) as caught:
            asked.access(TARGET)
        assert caught.value.culprit == "provider stub"
        assert why in caught.value.message
        assert CANARY not in "".join(traceback.format_exception(caught.value))
        assert why in str(asked.explain(TARGET).error)


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, asyncio.CancelledError, BaseException])
def test_an_identity_that_would_end_the_process_is_contained(kind: type[BaseException], tmp_path: Path) -> None:
    def identity(request: Request[Any]) -> Identity:
        raise kind(CANARY)

    with broker(tmp_path, [Stub("stub", identifies=identity)], RULE) as asked:
        with pytest.raises(ContractViolation, match=rf"identity\(\) raised {kind.__name__}") as caught:
            asked.access(TARGET)
        assert CANARY not in str(caught.value)


def test_an_identity_may_fail_in_words_of_its_own(tmp_path: Path) -> None:
    def identity(request: Request[Any]) -> Identity:
        raise CredentialUnavailable("names no region", hint="set options.region")

    with broker(tmp_path, [Stub("stub", identifies=identity)], RULE) as asked:
        with pytest.raises(CredentialUnavailable) as caught:
            asked.access(TARGET)
        assert str(caught.value) == "provider stub: names no region (set options.region)"


def test_an_identity_may_hold_whatever_bytes_the_environment_holds(tmp_path: Path) -> None:
    stub = Stub("stub", identifies=lambda request: Identity(("profile \udcff",)))
    with broker(tmp_path, [stub], RULE) as asked:
        assert asked.access(TARGET).credential == Anonymous("it was told to")


@pytest.mark.acceptance(15)
def test_one_failing_provider_never_stops_its_neighbours(tmp_path: Path) -> None:
    stubs = [Stub("stub", fetches=raising(SystemExit(3))), Stub("sound")]
    with broker(tmp_path, stubs, RULE, 'match = "neighbour.example.com"\nprovider = "sound"') as asked:
        for _ in range(3):
            with pytest.raises(ContractViolation):
                asked.access(TARGET)
            assert asked.access("neighbour.example.com").credential == Anonymous("it was told to")


EXCUSED: dict[str, Fetches] = {
    "unavailable": raising(CredentialUnavailable("names no profile")),
    "connection": raising(ConnectionFailed("refused the connection", culprit="tokens.acme.example")),
    "deadline": raising(DeadlineExceeded("did not answer in time")),
    "refused": raising(RegistryRefused("said no")),
    "violation": giving(lambda: None),
    "exit": raising(SystemExit(3)),
}


@pytest.mark.acceptance(36)
@pytest.mark.parametrize("fetch", EXCUSED.values(), ids=EXCUSED.keys())
class TestAProviderThatFails:
    def test_is_an_error_and_never_anonymous_access(self, fetch: Fetches, tmp_path: Path) -> None:
        with broker(tmp_path, [Stub("stub", fetches=fetch)], RULE) as asked, pytest.raises(OcibrokerError):
            asked.access(TARGET)

    def test_is_anonymous_access_with_the_reason_where_its_rule_says_so(
        self, fetch: Fetches, tmp_path: Path
    ) -> None:
        with broker(tmp_path, [Stub("stub", fetches=fetch)], FALLBACK) as asked:
            access = asked.access(TARGET)
            assert access.provider == "stub"
            assert isinstance(access.credential, Anonymous)
            assert access.credential.reason.startswith(
                "provider stub failed, and its rule sets anonymous_fallback: "
            )
            assert access.transport is not None


@pytest.mark.acceptance(36)
def test_a_configuration_error_is_not_excused(tmp_path: Path) -> None:
    stub = Stub("stub", fetches=raising(ConfigurationError("names a program that cannot be run")))
    with broker(tmp_path, [stub], FALLBACK) as asked, pytest.raises(ConfigurationError, match="provider stub"):
        asked.access(TARGET)


@pytest.mark.acceptance(36)
def test_an_answer_given_for_want_of_a_better_one_is_remembered_for_seconds(
    tmp_path: Path, clock: HandClock
) -> None:
    answers: list[Fetches] = [raising(CredentialUnavailable("not yet")), giving(lambda: Bearer(secret=Secret("x")))]
    stub = Stub("stub", fetches=lambda request: answers.pop(0)(request))
    with broker(tmp_path, [stub], FALLBACK, clock=clock) as asked:
        assert isinstance(asked.access(TARGET).credential, Anonymous)
        clock.move(5)
        assert isinstance(asked.access(TARGET).credential, Bearer)


@pytest.mark.acceptance(14)
@pytest.mark.parametrize(
    "make",
    [
        lambda: Anonymous("nobody is logged in"),
        lambda: Basic(username="alice", secret=Secret(CANARY)),
        lambda: IdentityToken(secret=Secret(CANARY)),
        lambda: Bearer(secret=Secret(CANARY), expires_at=datetime.now(UTC) + timedelta(hours=1)),
    ],
    ids=["anonymous", "basic", "identity-token", "bearer"],
)
def test_whatever_a_provider_gives_comes_with_a_transport(make: Callable[[], object], tmp_path: Path) -> None:
    with broker(tmp_path, [Stub("stub", fetches=giving(make))], RULE) as asked:
        access = asked.access(TARGET)
        assert access.transport is not None
        assert access.tls is not None
        assert CANARY not in repr(access)


def test_a_hung_provider_costs_its_caller_the_deadline_and_others_nothing(tmp_path: Path) -> None:
    released = threading.Event()

    def hang(request: FetchRequest[Any]) -> Credential | Anonymous:
        released.wait()
        return Anonymous("it was released")

    stubs = [Stub("stub", fetches=hang), Stub("sound")]
    neighbour = 'match = "neighbour.example.com"\nprovider = "sound"'
    with broker(tmp_path, stubs, RULE, neighbour) as asked:
        try:
            with pytest.raises(DeadlineExceeded, match="provider stub: did not answer in time"):
                asked.access(TARGET, deadline=0.05)
            assert asked.access("neighbour.example.com").provider == "sound"
        finally:
            released.set()


def test_a_rule_may_allow_less_time_than_its_caller(tmp_path: Path) -> None:
    def late(request: FetchRequest[Any]) -> Credential | Anonymous:
        return Anonymous(f"{request.deadline.left() <= 2}")

    with broker(tmp_path, [Stub("stub", fetches=late)], f"{RULE}\ntimeout = 2") as asked:
        assert asked.access(TARGET, deadline=600).credential == Anonymous("True")


def test_a_closed_broker_says_so(tmp_path: Path) -> None:
    asked: Broker = broker(tmp_path, [Stub("stub")], RULE)
    asked.close()
    with pytest.raises(OcibrokerError, match="the broker is closed"):
        asked.access(TARGET)
