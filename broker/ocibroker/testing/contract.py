"""The suite that every provider passes, ours and anyone's.

    class TestAcme(ProviderContract):
        provider = AcmeProvider()
        options = {"profile": "prod"}
        recognised = ("registry.acme.example/team/app",)
        look_alikes = ("registry.acme.example.evil.net", "xregistry.acme.example")
        secrets = ("the-key",)

        def prepare(self, folder):
            (folder / "key").write_text("the-key")
            return {"ACME_KEY_FILE": str(folder / "key")}

        def answer(self, request):
            return httpx.Response(200, json={"token": "t0ken", "expires_in": 3600})

It needs ``pip install ocibroker[testing]`` and pytest, and no network.
"""

from __future__ import annotations

import asyncio
import re
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import httpx
import msgspec
import pytest

from ocibroker.clock import Clock, SystemClock
from ocibroker.errors import (
    ConfigurationError,
    ConnectionFailed,
    ContractViolation,
    DeadlineExceeded,
    OcibrokerError,
)
from ocibroker.provider import Anonymous, Claim, Credential, Deadline, Options, Provider, Target
from ocibroker.testing.purity import impurities
from ocibroker.testing.sabotaged import hanging, raising
from ocibroker.testing.staged import Staged

SDKS: Final = (
    "aiobotocore",
    "aiohttp",
    "azure",
    "boto3",
    "botocore",
    "google",
    "grpc",
    "hvac",
    "keyring",
    "kubernetes",
    "msal",
    "redis",
    "requests",
    "spiffe",
    "urllib3",
)
"""Packages that cost a process more than the rest of ocibroker together."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_ANYWHERE: Final = "registry.example.com/team/app"
_CANARY: Final = "c4n4ry-of-the-contract"
_PATIENCE: Final = 20.0
"""Seconds that an emulated fetch may take, and that a hung one may hold up a broker whose deadline is short."""

_RAISED: Final[tuple[type[BaseException], ...]] = (
    SystemExit,
    KeyboardInterrupt,
    GeneratorExit,
    asyncio.CancelledError,
    MemoryError,
    RecursionError,
    StopIteration,
    Exception,
    BaseException,
)


def _unreachable(request: httpx.Request) -> httpx.Response:
    raise ConnectionFailed("refused the connection", culprit=str(request.url.host))


def _answering(status: int, text: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(status, text=text)


_FAILURES: Final[Mapping[str, Callable[[httpx.Request], httpx.Response]]] = MappingProxyType(
    {
        "unreachable": _unreachable,
        "refused": _answering(403, f'{{"error": "{_CANARY}"}}'),
        "broken": _answering(500, _CANARY),
        "garbage": _answering(200, _CANARY),
        "empty-object": _answering(200, "{}"),
        "array": _answering(200, f'["{_CANARY}"]'),
    }
)


class ProviderContract:
    """Subclass it in a test module, name the provider, and say how it is to be tried.

    - ``provider``: the provider itself; its class stands at the top of a module.
    - ``options``: a rule's options as in TOML; paths are relative to the folder that :meth:`prepare` is given.
    - ``target``: what it is asked for, where it recognises nothing unasked and does not serve just any.
    - ``recognised``: targets that it claims unasked. ``look_alikes``: targets or hosts that it must leave alone.
    - ``secrets``: what :meth:`prepare` and ``options`` hold that nobody may see; make them long and rare.
    - ``sdks``: modules that are imported by a fetch and not before.
    - ``clock``: what decides whether a credential has expired.
    """

    provider: Provider[Any]
    options: Mapping[str, Any] = MappingProxyType({})
    target: str = _ANYWHERE
    recognised: Sequence[str] = ()
    look_alikes: Sequence[str] = ()
    secrets: Sequence[str] = ()
    sdks: Sequence[str] = SDKS
    clock: Clock = SystemClock()

    def prepare(self, folder: Path) -> Mapping[str, str]:
        """Set up an identity that works: write its files into ``folder`` and return its environment."""
        return {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Return what the provider's token service answers to that identity."""
        pytest.fail(f"the provider asked {request.method} {request.url}: override answer()")

    def test_its_name_can_stand_in_a_rule(self) -> None:
        """Lower-case letters, digits and hyphens."""
        name = self.provider.name
        assert isinstance(name, str), "name is not text"
        assert _NAME.fullmatch(name), f"{name!r} is not made of lower-case letters, digits and hyphens"

    def test_its_options_refuse_unknown_keys(self, tmp_path: Path) -> None:
        """A misspelt option is an error that names it, never ignored."""
        schema = self.provider.options
        assert isinstance(schema, type), "options is not a class"
        assert issubclass(schema, Options), f"{schema.__name__} does not derive from Options"
        with pytest.raises(ConfigurationError, match="no_such_key"):
            self._staged(tmp_path, {**self.options, "no_such_key": 1})

    def test_its_options_are_optional_where_it_claims_unasked(self) -> None:
        """Without a rule there is nobody to give any."""
        if self.recognised:
            try:
                msgspec.convert({}, self.provider.options)
            except msgspec.ValidationError as error:
                pytest.fail(f"it claims targets without a rule, but: {error}")

    def test_it_claims_what_it_recognises(self) -> None:
        """With a reason, for each."""
        claims = {text: self.provider.claim(Target.parse(text)) for text in self.recognised}
        unclaimed = [text for text, claim in claims.items() if not isinstance(claim, Claim)]
        assert not unclaimed, f"not claimed: {', '.join(unclaimed)}"
        unexplained = [text for text, claim in claims.items() if claim and not claim.why.strip()]
        assert not unexplained, f"claimed without saying why: {', '.join(unexplained)}"

    def test_it_leaves_look_alikes_alone(self) -> None:
        """A host that only resembles one of its own gets nothing from it."""
        claimed = [text for text in self.look_alikes if self.provider.claim(Target.parse(text)) is not None]
        assert not claimed, f"claimed, and must not be: {', '.join(claimed)}"

    def test_claim_and_identity_are_pure(self, tmp_path: Path) -> None:
        """No I/O, no variable but the request's, no import of an SDK; not by importing its module either."""
        environ, targets = self.prepare(tmp_path), [self._target, *self.recognised, *self.look_alikes]
        found = impurities(self.provider, targets, self.options, folder=tmp_path, environ=environ, sdks=self.sdks)
        assert not found, "; ".join(found)

    def test_its_identity_is_stable(self, tmp_path: Path) -> None:
        """Equal requests have equal identities, which can be a part of a key."""
        staged = self._staged(tmp_path)
        first, second = staged.identity(), staged.identity()
        assert first == second, f"{first} became {second}"
        assert hash(first) == hash(second)

    def test_its_identity_watches_absolute_paths(self, tmp_path: Path) -> None:
        """A relative one would be another file in another working directory."""
        relative = [str(path) for path in self._staged(tmp_path).identity().watch if not path.is_absolute()]
        assert not relative, f"watched, but relative: {', '.join(relative)}"

    def test_what_no_host_binds_is_asked_for_alike(self, tmp_path: Path) -> None:
        """Targets that share a credential must not differ in how it is got, or one host's answer serves another."""
        alike: dict[tuple[str, ...], list[str]] = {}
        for text in self.recognised:
            identity = self._staged(tmp_path, target=text).identity()
            if not identity.host_bound:
                alike.setdefault(identity.parts, []).append(text)
        shared = {parts: texts for parts, texts in alike.items() if len(texts) > 1}
        differing = [
            parts for parts, texts in shared.items() if len({self._way(tmp_path, text) for text in texts}) > 1
        ]
        assert not differing, f"the same identity, and got in different ways: {differing}"

    def test_a_fetch_gives_a_credential_or_says_why_not(self, tmp_path: Path) -> None:
        """What is prepared works: the answer is a credential with a future, or anonymous with a reason."""
        answer = self._outcome(tmp_path, self.answer)
        assert not isinstance(answer, OcibrokerError), f"what prepare() set up does not do: {answer}"
        if not isinstance(answer, Anonymous) and answer.expires_at is not None:
            assert answer.expires_at.tzinfo is not None, "expires_at has no time zone"
            assert answer.expires_at > self.clock.now(), "the credential has expired before it is used"

    def test_nothing_it_returns_shows_a_secret(self, tmp_path: Path) -> None:
        """Neither answer nor identity, however they are printed."""
        answer, identity = self._outcome(tmp_path, self.answer), self._staged(tmp_path).identity()
        secrets = [*self.secrets]
        if not isinstance(answer, OcibrokerError | Anonymous):
            secrets.append(answer.secret.reveal())
        shown = {"answer": f"{answer!r} {answer}", "identity": f"{identity!r} {identity}"}
        telltale = [what for what, text in shown.items() if any(secret in text for secret in secrets)]
        assert not telltale, f"shows a secret: {', '.join(telltale)}"

    @pytest.mark.parametrize("part", ["trust", "ssh_key"])
    @pytest.mark.parametrize("failure", [None, *_FAILURES.values()], ids=["answered", *_FAILURES])
    def test_what_it_says_beside_a_credential_is_typed_and_shows_no_secret(
        self, part: str, failure: Callable[[httpx.Request], httpx.Response] | None, tmp_path: Path
    ) -> None:
        """Of trust, and of a key for SSH: where it has these parts."""
        if not hasattr(self.provider, part):
            return
        try:
            deadline = Deadline.after(_PATIENCE, self.clock.monotonic)
            shown = repr(self._staged(tmp_path).ask(part, failure or self.answer, deadline))
        except ContractViolation as error:
            pytest.fail(str(error))
        except OcibrokerError as error:
            shown = _shown(error)
        assert not any(secret in shown for secret in (*self.secrets, _CANARY)), f"{part}() shows a secret"

    @pytest.mark.parametrize("failure", _FAILURES.values(), ids=_FAILURES.keys())
    def test_a_failing_token_service_ends_in_one_of_the_three_ways(
        self, failure: Callable[[httpx.Request], httpx.Response], tmp_path: Path
    ) -> None:
        """A typed error, or anonymous with a reason; neither shows a secret or what the service sent."""
        asked: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(str(request.url))
            return failure(request)

        outcome = self._outcome(tmp_path, answer)
        if asked:
            assert isinstance(outcome, OcibrokerError | Anonymous), "a credential was made of a failure"
            shown = _shown(outcome)
            assert not any(secret in shown for secret in self.secrets), "the failure shows a secret"
            assert _CANARY not in shown, "the failure shows what the service sent"

    def test_a_fetch_ends_with_an_error_when_its_deadline_passes(self, tmp_path: Path) -> None:
        """Who did not get to ask does not know that the access is anonymous."""
        late: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            late.append(str(request.url))
            raise DeadlineExceeded("did not answer in time", culprit=request.url.host)

        outcome = self._outcome(tmp_path, answer, Deadline(self.clock.monotonic() - 1, self.clock.monotonic))
        assert isinstance(outcome, OcibrokerError) or not late, f"the deadline had passed, and it gave {outcome!r}"

    @pytest.mark.parametrize("kind", _RAISED, ids=lambda kind: kind.__name__)
    def test_whatever_its_fetch_raises_is_contained(self, kind: type[BaseException], tmp_path: Path) -> None:
        """Under a broker, as an error that names the provider and not what was raised."""
        staged = self._staged(tmp_path)
        with (
            staged.broker(raising(self.provider, kind(_CANARY))) as broker,
            pytest.raises(ContractViolation) as caught,
        ):
            broker.access(staged.target)
        assert caught.value.culprit == f"provider {self.provider.name}"
        assert _CANARY not in _shown(caught.value)

    def test_a_hung_fetch_holds_nobody_past_the_deadline(self, tmp_path: Path) -> None:
        """The broker answers, and the worker is left to itself."""
        staged, began = self._staged(tmp_path), time.monotonic()
        with hanging(self.provider) as hung, staged.broker(hung) as broker, pytest.raises(DeadlineExceeded):
            broker.access(staged.target, deadline=0.05)
        assert time.monotonic() - began < _PATIENCE

    @property
    def _target(self) -> str:
        return self.recognised[0] if self.recognised else self.target

    def _staged(self, folder: Path, options: Mapping[str, Any] | None = None, *, target: str = "") -> Staged:
        return Staged.of(
            self.provider,
            Target.parse(target or self._target),
            self.options if options is None else options,
            folder=folder,
            environ=self.prepare(folder),
            clock=self.clock,
        )

    def _outcome(
        self, folder: Path, answer: Callable[[httpx.Request], httpx.Response], deadline: Deadline | None = None
    ) -> Credential | Anonymous | OcibrokerError:
        """Return how a fetch ended, if it was in one of the three ways."""
        staged = self._staged(folder)
        try:
            return staged.fetch(answer, deadline or Deadline.after(_PATIENCE, self.clock.monotonic))
        except ContractViolation as error:
            pytest.fail(str(error))
        except OcibrokerError as error:
            return error
        except Exception as error:  # noqa: BLE001  # that it raises anything else is the finding
            pytest.fail(f"fetch raised {type(error).__name__}: it must raise CredentialUnavailable")

    def _way(self, folder: Path, target: str) -> str:
        """Return whom a fetch asks for what, and whether it succeeds."""
        asked: list[str] = []

        def noted(request: httpx.Request) -> httpx.Response:
            asked.append(f"{request.method} {request.url}")
            return self.answer(request)

        try:
            self._staged(folder, target=target).fetch(noted, Deadline.after(_PATIENCE, self.clock.monotonic))
        except OcibrokerError as error:
            asked.append(type(error).__name__)
        return ", ".join(asked)


def _shown(outcome: Credential | Anonymous | OcibrokerError) -> str:
    """Return all that a log could say of it."""
    shown = f"{outcome!r} {outcome}"
    return shown + "".join(traceback.format_exception(outcome)) if isinstance(outcome, OcibrokerError) else shown
