"""What a provider is asked and answers with: claim, identity, request."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx
import msgspec
import pytest

from ocibroker.child import Completed
from ocibroker.claim import Claim, Strength
from ocibroker.clock import SystemClock
from ocibroker.deadline import Deadline
from ocibroker.errors import InvalidValue
from ocibroker.fetch_request import FetchRequest
from ocibroker.identity import Identity
from ocibroker.reference import SecretRef
from ocibroker.request import Caller, Options, Request
from ocibroker.secret import Secret
from ocibroker.target import Target
from ocibroker.tls import TLSPolicy

CANARY = "c4n4ry-hunter2"
TARGET = Target.parse("a.example/b")


class Profile(Options, frozen=True, kw_only=True):
    """Options of a provider of this test."""

    profile: str = "default"


def run(
    argv: Sequence[str], *, stdin: bytes = b"", inherit: bool = False, variables: Mapping[str, str] | None = None
) -> Completed:
    return Completed(len(argv), stdin)


def fetch_request() -> FetchRequest[Profile]:
    return FetchRequest(
        target=TARGET,
        options=Profile(),
        environ={"TOKEN": CANARY},
        caller=Caller(token=Secret(CANARY)),
        open_http=httpx.Client,
        tls=lambda url: TLSPolicy(host=url),
        secret=lambda _: Secret(CANARY),
        run=run,
        clock=SystemClock(),
        deadline=Deadline.after(30),
    )


def test_an_exact_claim_is_stronger_than_a_pattern_and_that_than_a_fallback() -> None:
    assert sorted(Strength, reverse=True) == [Strength.EXACT, Strength.PATTERN, Strength.FALLBACK]


def test_a_claim_says_why() -> None:
    assert Claim(Strength.EXACT, "it is ours").why == "it is ours"


@pytest.mark.parametrize(
    "other",
    [
        Identity(("profile", "dev")),
        Identity(("profile", "prod"), "global"),
        Identity(("profile", "prod"), watch=(Path("/x"),)),
        Identity(("profileprod",)),
    ],
    ids=["principal", "reach", "files", "joined"],
)
def test_identities_that_differ_in_anything_are_not_equal(other: Identity) -> None:
    assert Identity(("profile", "prod")) != other


@pytest.mark.parametrize(
    ("make", "culprit"),
    [
        (lambda: Identity(["profile"]), "parts"),  # type: ignore[arg-type]
        (lambda: Identity("profile"), "parts"),  # type: ignore[arg-type]
        (lambda: Identity((7,)), "parts"),  # type: ignore[arg-type]
        (lambda: Identity((), watch=("/x",)), "watch"),  # type: ignore[arg-type]
        (lambda: Identity((), watch=[Path("/x")]), "watch"),  # type: ignore[arg-type]
        (lambda: Identity((), "everywhere"), "reach"),  # type: ignore[arg-type]
        (lambda: Claim(3, "it is ours"), "strength"),  # type: ignore[arg-type]
    ],
    ids=["list", "text", "number", "text-to-watch", "list-to-watch", "reach", "strength"],
)
def test_what_could_be_no_part_of_a_key_is_refused_at_birth(make: Callable[[], object], culprit: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        make()
    assert caught.value.culprit == culprit


def test_an_identity_means_this_machine_only_unless_it_says_otherwise() -> None:
    assert Identity(("profile", "prod")).reach == "local"


def test_unknown_options_are_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"profil": "prod"}, Profile)


def test_a_request_has_an_empty_environment_unless_it_is_given_one() -> None:
    assert dict(Request(target=TARGET, options=Profile()).environ) == {}


def test_a_caller_has_no_annotations_unless_it_is_given_some() -> None:
    assert (dict(Caller().annotations), Caller().token) == ({}, None)


def test_what_is_left_out_cannot_be_filled_in_for_everybody() -> None:
    with pytest.raises(TypeError):
        Caller().annotations["x"] = "y"  # type: ignore[index]


def test_a_request_does_not_show_its_environment_nor_the_caller_s_token() -> None:
    assert CANARY not in repr(fetch_request())


def test_a_request_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        fetch_request().target = TARGET  # type: ignore[misc]


def test_the_client_is_made_when_it_is_asked_for() -> None:
    with fetch_request().http as client:
        assert isinstance(client, httpx.Client)


def test_the_work_is_given_what_it_needs() -> None:
    asked = fetch_request()
    assert asked.secret(SecretRef(env="X")) == Secret(CANARY)
    assert asked.tls("a.example").host == "a.example"
    assert asked.run(["/bin/x"], stdin=b"told").stdout == b"told"
