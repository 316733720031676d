"""The tree of errors: what each carries, and that it survives copying."""

from __future__ import annotations

import copy
import pickle

import pytest

from ocibroker import errors
from ocibroker.errors import (
    ConfigurationError,
    ConnectionFailed,
    CredentialUnavailable,
    DeadlineExceeded,
    OcibrokerError,
    PairingViolation,
    RealmRefused,
    TLSConfigurationError,
    UsageError,
    as_code,
)

ALL = sorted(
    (thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, OcibrokerError)),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
class TestEveryError:
    def test_is_drawn_in_the_tree_of_the_module(self, kind: type[OcibrokerError]) -> None:
        assert kind.__name__ in (errors.__doc__ or "")

    def test_survives_pickling_with_all_that_it_carries(self, kind: type[OcibrokerError]) -> None:
        found = pickle.loads(pickle.dumps(kind("no", culprit="host", hint="do")))
        assert (type(found), found.message, found.culprit, found.hint) == (kind, "no", "host", "do")

    def test_survives_copying(self, kind: type[OcibrokerError]) -> None:
        assert str(copy.copy(kind("no", culprit="host", hint="do"))) == "host: no (do)"


@pytest.mark.parametrize(
    ("culprit", "hint", "text"),
    [
        ("", "", "it failed"),
        ("a.example", "", "a.example: it failed"),
        ("", "try again", "it failed (try again)"),
        ("a.example", "try again", "a.example: it failed (try again)"),
    ],
    ids=["bare", "culprit", "hint", "both"],
)
def test_the_text_names_the_culprit_and_the_next_step(culprit: str, hint: str, text: str) -> None:
    assert str(OcibrokerError("it failed", culprit=culprit, hint=hint)) == text


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (TLSConfigurationError, ConfigurationError),
        (ConfigurationError, UsageError),
        (DeadlineExceeded, ConnectionFailed),
        (RealmRefused, PairingViolation),
        (errors.ContractViolation, CredentialUnavailable),
    ],
    ids=lambda kind: kind.__name__,
)
def test_a_caller_may_catch_the_wider_kind(kind: type[OcibrokerError], parent: type[OcibrokerError]) -> None:
    assert issubclass(kind, parent)


def failure() -> OcibrokerError:
    def fail() -> None:
        try:
            int("hunter2")
        except ValueError as error:
            raise RealmRefused("no", hint="do") from error

    with pytest.raises(RealmRefused) as caught:
        fail()
    return caught.value


def test_a_restated_error_has_lost_the_frames_that_may_hold_secrets() -> None:
    again = failure().restated()
    assert (again.__traceback__, again.__cause__, again.__context__) == (None, None, None)


def test_a_restated_error_keeps_kind_message_and_hint() -> None:
    assert (type(failure().restated()), str(failure().restated())) == (RealmRefused, "no (do)")


@pytest.mark.parametrize(("had", "becomes"), [("", "late"), ("early", "early")], ids=["none", "named"])
def test_restating_fills_in_a_culprit_only_where_there_was_none(had: str, becomes: str) -> None:
    assert OcibrokerError("no", culprit=had).restated(culprit="late").culprit == becomes


@pytest.mark.parametrize(
    "code", ["AccessDenied", "AADSTS700016", "invalid_grant", "1a2b-3c4d", "aws:fed/x", "x" * 64]
)
def test_a_code_or_an_id_may_be_shown(code: str) -> None:
    assert as_code(code) == code


@pytest.mark.parametrize(
    "said", [None, 7, "", " ", "two words", "a\n", "c4n4ry=", "-x", "x" * 65, "naïve", b"AccessDenied"]
)
def test_nothing_else_of_what_a_service_says_is_shown(said: object) -> None:
    assert as_code(said) == ""
