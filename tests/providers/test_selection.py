"""Who answers for a target: rules before claims, the strongest claim before others, and never a guess."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ocibroker import Access, Anonymous, Broker
from ocibroker.errors import ConfigurationError, ContractViolation
from ocibroker.provider import Basic, Caller, Claim, FetchRequest, Options, Secret, Strength, Target
from ocibroker.providers import Providers
from ocibroker.selection import select
from tests.providers.stub import Stub, broker

TARGET = "registry.acme.example/team/app"


def claiming(strength: Strength, why: str = "it is ours") -> Callable[[Target], Claim]:
    return lambda target: Claim(strength, why)


def raising(error: BaseException) -> Callable[[Target], Claim | None]:
    def claim(target: Target) -> Claim | None:
        raise error

    return claim


def alice(request: FetchRequest[Any]) -> Basic:
    return Basic(username="alice", secret=Secret("wonder"))


def rule(match: str, provider: str) -> str:
    return f'match = "{match}"\nprovider = "{provider}"'


WORK, HOME = '\naccount = "work"', '\naccount = "home"'


class TestAccount:
    """Several accounts on one host."""

    def test_only_the_rule_of_the_account_that_is_named_answers(self, tmp_path: Path) -> None:
        rules = [rule("registry.acme.example", name) + more for name, more in (("a", ""), ("b", WORK), ("c", HOME))]
        with broker(tmp_path, [Stub(name) for name in "abc"], *rules) as asked:
            callers = {name: Caller.of_account(name) for name in ("", "work", "home")}
            found = {name: asked.access(TARGET, caller=caller) for name, caller in callers.items()}
            assert {name: access.provider for name, access in found.items()} == {"": "a", "work": "b", "home": "c"}
            assert found["work"].why == "rule registry.acme.example of the account work"

    def test_nobody_answers_for_an_account_that_no_rule_has(self, tmp_path: Path) -> None:
        with broker(tmp_path, [Stub("a"), sure("claiming")], rule("registry.acme.example", "a") + WORK) as asked:
            access = asked.access(TARGET, caller=Caller(account="other"))
            why = f"no rule for the account 'other' matches {TARGET}"
            assert (access.provider, access.credential) == (None, Anonymous(why))

    def test_a_rule_of_an_account_is_passed_over_where_none_is_named(self, tmp_path: Path) -> None:
        with broker(tmp_path, [Stub("a"), sure("claiming")], rule("registry.acme.example", "a") + WORK) as asked:
            assert asked.access(TARGET).provider == "claiming"


def sure(name: str) -> Stub:
    return Stub(name, claims=claiming(Strength.EXACT))


def test_a_rule_goes_before_every_claim(tmp_path: Path) -> None:
    stubs = [Stub("named"), sure("claiming")]
    with broker(tmp_path, stubs, rule("registry.acme.example", "named")) as asked:
        access = asked.access(TARGET)
        assert (access.provider, access.why) == ("named", "rule registry.acme.example")


@pytest.mark.parametrize("turn", [1, -1], ids=["in-order", "reversed"])
@pytest.mark.parametrize(
    ("target", "provider"),
    [
        ("registry.acme.example/team/app/web", "app"),
        ("registry.acme.example/team/app", "app"),
        ("registry.acme.example/team/app2", "team"),
        ("registry.acme.example/team", "team"),
        ("registry.acme.example/teams", "host"),
        ("registry.acme.example", "host"),
        ("other.acme.example/team/app", "glob"),
    ],
    ids=["below", "the-path-itself", "not-a-boundary", "parent", "not-a-boundary-of-the-parent", "host", "glob"],
)
def test_the_longest_match_wins_whatever_the_order(target: str, provider: str, turn: int, tmp_path: Path) -> None:
    rules = [
        rule("*.acme.example", "glob"),
        rule("registry.acme.example", "host"),
        rule("registry.acme.example/team", "team"),
        rule("registry.acme.example/team/app", "app"),
    ]
    stubs = [Stub(name) for name in ("glob", "host", "team", "app")]
    with broker(tmp_path, stubs, *rules[::turn]) as asked:
        assert asked.access(target).provider == provider


@pytest.mark.acceptance(36)
@pytest.mark.parametrize("turn", [1, -1], ids=["in-order", "reversed"])
@pytest.mark.parametrize(
    ("strengths", "winner"),
    [
        ((Strength.EXACT, Strength.PATTERN, Strength.FALLBACK), "exact"),
        ((Strength.PATTERN, Strength.FALLBACK), "pattern"),
        ((Strength.FALLBACK,), "fallback"),
        ((Strength.EXACT, Strength.FALLBACK, Strength.FALLBACK), "exact"),
    ],
    ids=["exact-first", "then-pattern", "then-fallback", "a-tie-below-the-winner"],
)
def test_the_strongest_claim_wins_whatever_the_order(
    strengths: tuple[Strength, ...], winner: str, turn: int, tmp_path: Path
) -> None:
    names = [f"{one.name.lower()}{at or ''}" for at, one in enumerate(strengths)]
    stubs = [Stub(name, claims=claiming(one), fetches=alice) for name, one in zip(names, strengths, strict=True)]
    expected = next(name for name in names if name.startswith(winner))
    with broker(tmp_path, stubs[::turn]) as asked:
        access = asked.access(TARGET)
        assert (access.provider, access.why) == (expected, "claim: it is ours")


@pytest.mark.parametrize("strength", Strength, ids=lambda one: one.name)
def test_two_equal_claims_are_an_error_that_names_both(strength: Strength, tmp_path: Path) -> None:
    stubs = [Stub(name, claims=claiming(strength, f"{name} thinks so")) for name in ("one", "other")]
    with broker(tmp_path, stubs) as asked, pytest.raises(ConfigurationError) as caught:
        asked.access(TARGET)
    assert caught.value.culprit == TARGET
    assert "[[registry]] rule" in caught.value.hint
    for name in ("one", "other"):
        assert f"provider {name} ({strength.name.lower()}: {name} thinks so)" in caught.value.message


def test_a_rule_settles_two_equal_claims(tmp_path: Path) -> None:
    with broker(tmp_path, [sure("one"), sure("other")], rule("registry.acme.example", "other")) as asked:
        assert asked.access(TARGET).provider == "other"


@pytest.mark.acceptance(20, 36)
def test_nobody_is_anonymous_with_the_reason(tmp_path: Path) -> None:
    stub = Stub("choosy")
    with broker(tmp_path, [stub], rule("other.example.com", "choosy")) as asked:
        access = asked.access(TARGET)
        assert access.provider is None
        assert isinstance(access.credential, Anonymous)
        assert access.credential.reason.startswith(
            f"no rule matches {TARGET}, and there is no login for registry.acme.example"
        )
        assert access.transport is not None


async def fetched(asked: Broker) -> Access:
    return await asked.access_async(TARGET)


@pytest.mark.parametrize(
    "get", [lambda asked: asked.access(TARGET), lambda asked: asyncio.run(fetched(asked))], ids=["sync", "async"]
)
def test_a_fallback_that_has_nothing_is_nobody(get: Callable[[Broker], Access], tmp_path: Path) -> None:
    with broker(tmp_path, [Stub("fallback", claims=claiming(Strength.FALLBACK))]) as asked:
        for _ in range(2):
            access = get(asked)
            assert access.provider is None
            assert access.credential == Anonymous(f"no rule matches {TARGET}, and it was told to")


def test_a_fallback_by_rule_is_somebody(tmp_path: Path) -> None:
    with broker(tmp_path, [], rule("registry.acme.example", "docker-config")) as asked:
        access = asked.access(TARGET)
        assert access.provider == "docker-config"
        assert isinstance(access.credential, Anonymous)
        assert access.credential.reason.startswith("there is no login for registry.acme.example")


def test_without_any_provider_nobody_is_selected() -> None:
    nobody = Providers(MappingProxyType({}), MappingProxyType({}))
    selection = select(Target.parse(TARGET), [], nobody)
    assert (selection.provider, selection.why) == (
        None,
        f"no rule matches {TARGET}, and no provider claims it",
    )


def test_whatever_was_passed_over_is_listed(tmp_path: Path) -> None:
    stubs = [
        sure("one"),
        Stub("other", claims=claiming(Strength.PATTERN, "it looks so")),
        Stub("named"),
        Stub("failing", claims=lambda target: None),
    ]
    rules = [rule("registry.acme.example/team", "named"), rule("*.acme.example", "named")]
    with broker(tmp_path, stubs, *rules) as asked:
        told = asked.explain(TARGET)
        assert told.why == "rule registry.acme.example/team"
        assert told.shadowed == (
            f"rule *.acme.example ({tmp_path / 'config.toml'}, registry[1])",
            "provider one (exact: it is ours)",
            "provider other (pattern: it looks so)",
        )
    with broker(tmp_path, stubs) as asked:
        told = asked.explain(TARGET)
        assert told.why == "claim: it is ours"
        assert told.shadowed == ("provider other (pattern: it looks so)",)


FAILING = {
    "error": (raising(ValueError("s3cret")), "claim() raised ValueError"),
    "system-exit": (raising(SystemExit(3)), "claim() raised SystemExit"),
    "generator-exit": (raising(GeneratorExit()), "claim() raised GeneratorExit"),
    "base-exception": (raising(BaseException("s3cret")), "claim() raised BaseException"),
    "typed-error": (raising(ConfigurationError("has no region")), "claim() failed: has no region"),
    "yes": (lambda target: True, "claim() gave a bool"),
    "text": (lambda target: "s3cret", "claim() gave a str"),
    "strength-alone": (lambda target: Strength.EXACT, "claim() gave a Strength"),
    "no-strength": (lambda target: Claim(7, "it is ours"), "claim() failed: strength: "),  # type: ignore[arg-type]
}


@pytest.mark.acceptance(15, 36)
@pytest.mark.parametrize(("claim", "why"), FAILING.values(), ids=FAILING.keys())
class TestAClaimThatFails:
    def test_is_an_error_that_names_the_provider_and_the_way_out(
        self, claim: Callable[[Target], Claim | None], why: str, tmp_path: Path
    ) -> None:
        with broker(tmp_path, [Stub("failing", claims=claim), sure("sound")]) as asked:
            with pytest.raises(ContractViolation) as caught:
                asked.access(TARGET)
            assert caught.value.culprit == "provider failing"
            assert why in caught.value.message
            assert "s3cret" not in str(caught.value)
            assert "[[registry]] rule" in caught.value.hint
            assert why in str(asked.explain(TARGET).error)

    def test_keeps_nobody_from_a_target_that_a_rule_decides(
        self, claim: Callable[[Target], Claim | None], why: str, tmp_path: Path
    ) -> None:
        stubs = [Stub("failing", claims=claim), Stub("sound")]
        with broker(tmp_path, stubs, rule("registry.acme.example", "sound")) as asked:
            assert asked.access(TARGET).provider == "sound"
            assert why in asked.explain(TARGET).shadowed[0]


def test_ctrl_c_during_a_claim_is_not_swallowed(tmp_path: Path) -> None:
    stub = Stub("slow", claims=raising(KeyboardInterrupt()))
    with broker(tmp_path, [stub]) as asked, pytest.raises(KeyboardInterrupt):
        asked.access(TARGET)


class Demanding(Options, frozen=True, kw_only=True):
    profile: str


def test_who_claims_without_a_rule_needs_no_options(tmp_path: Path) -> None:
    stub = Stub("demanding", claims=claiming(Strength.EXACT), options=Demanding)
    with broker(tmp_path, [stub]) as asked, pytest.raises(ContractViolation, match="profile") as caught:
        asked.access(TARGET)
    assert caught.value.culprit == "provider demanding"


def test_two_given_providers_of_one_name_are_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="provider one: two plugins offer it"):
        broker(tmp_path, [Stub("one"), Stub("one")])
