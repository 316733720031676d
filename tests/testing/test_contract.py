"""The contract suite passes an honest provider and fails each kind of dishonest one, saying why."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from ocibroker.provider import (
    Anonymous,
    Bearer,
    Claim,
    Credential,
    CredentialUnavailable,
    FetchRequest,
    Identity,
    Options,
    Provider,
    Request,
    Secret,
    Strength,
    Target,
)
from ocibroker.testing import ProviderContract

KEY = "k3y-of-the-emulated-cloud"
TOKEN = "t0ken-of-the-emulated-cloud"  # nobody's
URL = "https://tokens.cloud.example/token"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 1000.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("the suite waits for nobody")


class CloudOptions(Options, frozen=True, kw_only=True):
    profile: str = "default"


class Cloud:
    """A small honest provider of a cloud that does not exist."""

    name = "cloud"
    options = CloudOptions

    def claim(self, target: Target) -> Claim | None:
        return Claim(Strength.EXACT, "it is the cloud's own") if target.host == "registry.cloud.example" else None

    def identity(self, request: Request[CloudOptions]) -> Identity:
        key_file = Path(request.environ["CLOUD_KEY_FILE"])
        return Identity((f"profile {request.options.profile}",), watch=(key_file,))

    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential | Anonymous:
        key = Path(request.environ["CLOUD_KEY_FILE"]).read_text()
        answer = request.http.post(URL, data={"key": key})
        if answer.status_code != 200:
            raise CredentialUnavailable(f"answered {answer.status_code}", culprit=URL)
        try:
            token, life = answer.json()["token"], answer.json()["expires_in"]
        except (ValueError, KeyError, TypeError):
            raise CredentialUnavailable("answered with something else", culprit=URL) from None
        return Bearer(secret=Secret(token), expires_at=request.clock.now() + timedelta(seconds=life))


class CloudContract(ProviderContract):
    provider: Provider[Any] = Cloud()
    options = MappingProxyType({"profile": "prod"})
    recognised: Sequence[str] = ("registry.cloud.example", "registry.cloud.example/team/app")
    look_alikes = ("registry.cloud.example.evil.net", "xregistry.cloud.example", "cloud.example")
    secrets = (KEY,)
    clock = Clock()

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "key").write_text(KEY)
        return {"CLOUD_KEY_FILE": str(folder / "key")}

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.content.decode() == f"key={KEY}"
        return httpx.Response(200, json={"token": TOKEN, "expires_in": 3600})


class TestAnHonestProvider(CloudContract):
    """Passes."""


class Shouting(Cloud):
    name = "Cloud!"


class Lax(Cloud):
    class options(CloudOptions, frozen=True, kw_only=True, forbid_unknown_fields=False):  # noqa: N801
        """Swallows what is misspelt."""


class Demanding(Cloud):
    class options(Options, frozen=True, kw_only=True):  # noqa: N801
        profile: str


class Schemaless(Cloud):
    options = dict  # type: ignore[assignment]


class Forgetful(Cloud):
    def claim(self, target: Target) -> Claim | None:
        return None if target.path else super().claim(target)


class Taciturn(Cloud):
    def claim(self, target: Target) -> Claim | None:
        return Claim(Strength.EXACT, " ") if super().claim(target) else None


class Greedy(Cloud):
    def claim(self, target: Target) -> Claim | None:
        return Claim(Strength.PATTERN, "it looks like it") if "cloud.example" in target.host else None


class Reading(Cloud):
    def identity(self, request: Request[CloudOptions]) -> Identity:
        Path(request.environ["CLOUD_KEY_FILE"]).read_bytes()
        return super().identity(request)


class Listing(Cloud):
    def identity(self, request: Request[CloudOptions]) -> Identity:
        list(Path(request.environ["CLOUD_KEY_FILE"]).parent.iterdir())
        return super().identity(request)


class Resolving(Cloud):
    def claim(self, target: Target) -> Claim | None:
        socket.getaddrinfo("127.0.0.1", 443)
        return super().claim(target)


class Spawning(Cloud):
    def claim(self, target: Target) -> Claim | None:
        subprocess.run([sys.executable, "-c", ""], check=True)
        return super().claim(target)


class Peeking(Cloud):
    def identity(self, request: Request[CloudOptions]) -> Identity:
        return Identity((os.environ.get("CLOUD_PROFILE", "default"),))


class Copying(Cloud):
    def identity(self, request: Request[CloudOptions]) -> Identity:
        return Identity((dict(os.environ).get("CLOUD_PROFILE", "default"),))


class Importing(Cloud):
    def claim(self, target: Target) -> Claim | None:
        import boto3  # type: ignore[import-untyped,unused-ignore]

        return super().claim(target) if boto3 else None


class Foreign(Cloud):
    def identity(self, request: Request[CloudOptions]) -> Identity:
        from trustme import CA

        return Identity((CA.__name__,))


class Broken(Cloud):
    def claim(self, target: Target) -> Claim | None:
        raise KeyError(target.host)


class Fickle(Cloud):
    calls = 0

    def identity(self, request: Request[CloudOptions]) -> Identity:
        type(self).calls += 1
        return Identity((f"call {self.calls}",))


class Wandering(Cloud):
    def identity(self, request: Request[CloudOptions]) -> Identity:
        return Identity(("it",), watch=(Path("key"),))


class Sharing(Cloud):
    """Shares among its hosts what it asks for differently."""

    def claim(self, target: Target) -> Claim | None:
        hosts = ("registry.cloud.example", "other.cloud.example")
        return Claim(Strength.EXACT, "it is the cloud's own") if target.host in hosts else None

    def identity(self, request: Request[CloudOptions]) -> Identity:
        return Identity(("it",), host_bound=False)

    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential:
        request.http.post(URL, params={"host": request.target.host}, data={"key": KEY})
        return Bearer(secret=Secret(TOKEN))


class Telling(Cloud):
    def identity(self, request: Request[CloudOptions]) -> Identity:
        return Identity((f"key {Path(request.environ['CLOUD_KEY_FILE']).read_text()}",))


class TellingWhy(Cloud):
    def fetch(self, request: FetchRequest[CloudOptions]) -> Anonymous:
        return Anonymous(f"nobody knows {Path(request.environ['CLOUD_KEY_FILE']).read_text()}")


class Silent(Cloud):
    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential:
        return None  # type: ignore[return-value]


class Stale(Cloud):
    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential:
        return Bearer(secret=Secret(TOKEN), expires_at=NOW)


class Zoneless(Cloud):
    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential:
        return Bearer(secret=Secret(TOKEN), expires_at=datetime(2030, 1, 1))  # noqa: DTZ001


class Trusting(Cloud):
    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential:
        return Bearer(secret=Secret(request.http.post(URL).json()["token"]))


class Credulous(Cloud):
    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential:
        return Bearer(secret=Secret(request.http.post(URL).text.replace(" ", "_")))


class Quoting(Cloud):
    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential:
        answer = request.http.post(URL, data={"key": KEY})
        if answer.status_code == 200 and "token" in answer.text:
            return Bearer(secret=Secret(TOKEN))
        raise CredentialUnavailable(f"answered {answer.text}", culprit=URL)


class Chaining(Cloud):
    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential:
        try:
            int(KEY)
        except ValueError as error:
            request.http.post(URL)
            raise CredentialUnavailable("did not work", culprit=URL) from error
        raise CredentialUnavailable("cannot come here: the key is no number")


class Unauthorised(Cloud):
    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential:
        raise CredentialUnavailable("is not prepared", culprit="profile prod")


class Resigned(Cloud):
    def fetch(self, request: FetchRequest[CloudOptions]) -> Credential | Anonymous:
        try:
            return super().fetch(request)
        except Exception:  # noqa: BLE001
            return Anonymous("the token service did not answer")


@dataclass(frozen=True)
class Violation:
    provider: type[Cloud]
    check: Callable[..., None]
    why: str
    arguments: tuple[object, ...] = ()
    recognised: tuple[str, ...] = ()


C = ProviderContract
PURE = C.test_claim_and_identity_are_pure
FETCH = C.test_a_fetch_gives_a_credential_or_says_why_not
FAILURE = C.test_a_failing_token_service_ends_in_one_of_the_three_ways


def answering(text: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(200, text=text)


VIOLATIONS = [
    Violation(Shouting, C.test_its_name_can_stand_in_a_rule, "'Cloud!' is not made of"),
    Violation(Lax, C.test_its_options_refuse_unknown_keys, "DID NOT RAISE"),
    Violation(Schemaless, C.test_its_options_refuse_unknown_keys, "dict does not derive from Options"),
    Violation(Demanding, C.test_its_options_are_optional_where_it_claims_unasked, "required field `profile`"),
    Violation(Forgetful, C.test_it_claims_what_it_recognises, "not claimed: registry.cloud.example/team/app"),
    Violation(Taciturn, C.test_it_claims_what_it_recognises, "without saying why: registry.cloud.example"),
    Violation(Greedy, C.test_it_leaves_look_alikes_alone, "registry.cloud.example.evil.net, xregistry.cloud"),
    Violation(Reading, PURE, "identity causes open .*key"),
    Violation(Listing, PURE, "identity causes os.(listdir|scandir)"),
    Violation(Resolving, PURE, "claim causes socket.getaddrinfo"),
    Violation(Spawning, PURE, "claim causes subprocess.Popen"),
    Violation(Peeking, PURE, "identity reads the variable CLOUD_PROFILE of the process"),
    Violation(Copying, PURE, "identity reads the variable \\* of the process"),
    Violation(Importing, PURE, "claim imports boto3"),
    Violation(Foreign, PURE, "identity imports trustme"),
    Violation(Broken, PURE, "KeyError: 'registry.cloud.example'"),
    Violation(Fickle, C.test_its_identity_is_stable, "call 1.* became .*call 2"),
    Violation(Wandering, C.test_its_identity_watches_absolute_paths, "relative: key"),
    Violation(
        Sharing,
        C.test_what_no_host_binds_is_asked_for_alike,
        "in different ways",
        recognised=("other.cloud.example",),
    ),
    Violation(Telling, C.test_nothing_it_returns_shows_a_secret, "shows a secret: identity"),
    Violation(TellingWhy, C.test_nothing_it_returns_shows_a_secret, "shows a secret: answer"),
    Violation(Silent, FETCH, "gave a NoneType"),
    Violation(Stale, FETCH, "already expired"),
    Violation(Zoneless, FETCH, "no time zone"),
    Violation(Unauthorised, FETCH, "what prepare\\(\\) set up does not do: profile prod"),
    Violation(Trusting, FAILURE, "fetch raised JSONDecodeError", (answering("garbage"),)),
    Violation(Credulous, FAILURE, "made of a failure", (answering("garbage"),)),
    Violation(Chaining, FAILURE, "shows a secret", (answering("garbage"),)),
    Violation(Quoting, FAILURE, "shows what the service sent", (answering("c4n4ry-of-the-contract"),)),
    Violation(Resigned, C.test_a_fetch_ends_with_an_error_when_its_deadline_passes, "gave Anonymous"),
]


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda one: f"{one.provider.__name__}-{one.check.__name__}")
def test_a_provider_that_breaks_the_contract_is_told_where(violation: Violation, tmp_path: Path) -> None:
    suite = CloudContract()
    suite.provider = violation.provider()
    suite.recognised = (*suite.recognised, *violation.recognised)
    check, arguments = getattr(suite, violation.check.__name__), [*violation.arguments]
    if "tmp_path" in violation.check.__code__.co_varnames[: violation.check.__code__.co_argcount]:
        arguments.append(tmp_path)
    with pytest.raises((AssertionError, pytest.fail.Exception), match=violation.why) as caught:
        check(*arguments)
    assert KEY not in str(caught.value)


def test_a_provider_that_asks_unexpectedly_is_told_to_say_what_is_answered(tmp_path: Path) -> None:
    class Unanswered(CloudContract):
        def answer(self, request: httpx.Request) -> httpx.Response:
            return ProviderContract.answer(self, request)

    with pytest.raises(pytest.fail.Exception, match=f"asked POST {URL}: override answer"):
        Unanswered().test_a_fetch_gives_a_credential_or_says_why_not(tmp_path)


def test_a_provider_that_no_other_interpreter_can_import_is_told_so(tmp_path: Path) -> None:
    class Local(Cloud):
        """Lives in a function."""

    suite = CloudContract()
    suite.provider = Local()
    with pytest.raises(TypeError, match="its class stands at the top of a module"):
        suite.test_claim_and_identity_are_pure(tmp_path)


@pytest.mark.parametrize(
    "code",
    [
        "import ocibroker.testing",
        "from ocibroker.testing import EmbeddedRegistry, chart; assert callable(chart)",
        "import ocibroker.testing.chart; from ocibroker.testing import chart; assert callable(chart)",
    ],
    ids=["package", "names", "chart-is-the-function"],
)
def test_pytest_is_not_imported_before_the_contract_is_asked_for(code: str) -> None:
    check = "import sys; assert not {'pytest', 'httpx', 'trustme'} & set(sys.modules), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", f"{code}; {check}"], check=True)
