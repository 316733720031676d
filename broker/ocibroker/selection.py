"""Who answers for a target: the configured rules first, then the providers' own claims. Never a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ocibroker.claim import Claim, Strength
from ocibroker.errors import ConfigurationError, ContractViolation, OcibrokerError
from ocibroker.hookspecs import Provider
from ocibroker.origin import DEFAULT_PORT
from ocibroker.pattern import best
from ocibroker.providers import Providers
from ocibroker.request import Options
from ocibroker.rule import Rule
from ocibroker.target import Target

LAST: Final = "docker-config"
"""Claims every target after everybody else, so that it never ties with a fallback that somebody has chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The provider for a target, its options, why it was chosen, and what was passed over for it.

    ``provider`` is none where nobody answers; ``rule`` where no rule did. ``last`` is whether the provider was
    chosen for want of anybody else: where it has nothing either, nobody answers. ``otherwise`` is who is asked
    where the provider, which no rule has chosen, finds no identity at all.
    """

    provider: Provider[Any] | None
    options: Options | None
    why: str
    rule: Rule | None = None
    shadowed: tuple[str, ...] = ()
    last: bool = False
    otherwise: Selection | None = None

    @property
    def realms(self) -> tuple[str, ...]:
        """The token endpoints on other hosts that the rule allows."""
        return self.rule.realms if self.rule else ()


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A claim and whose it is."""

    provider: Provider[Any]
    claim: Claim

    @property
    def rank(self) -> tuple[Strength, bool]:
        return self.claim.strength, self.provider.name != LAST

    def __str__(self) -> str:
        return f"provider {self.provider.name} ({self.claim.strength.name.lower()}: {self.claim.why})"


def select(target: Target, rules: Sequence[Rule], providers: Providers, account: str = "") -> Selection:
    """Return who answers for ``target``.

    The longest match among the rules wins; without a rule the strongest claim does. Two equal claims are a
    :class:`~ocibroker.errors.ConfigurationError` that names both. Where an ``account`` is named, only its rules
    count, and nobody's claim.
    """
    matching = [rule for rule in rules if rule.account == account and _matches(rule, target)]
    chosen = best(matching, str(target))
    if chosen is not None:
        passed_over = [f"rule {rule.pattern.text} ({rule.source})" for rule in matching if rule is not chosen]
        return _ruled(chosen, providers, (*passed_over, *_rivals(target, providers)))
    if account:
        why = f"no rule for the account {account!r} matches {target}"
        return Selection(provider=None, options=None, why=why)
    claims = _claims(target, providers)
    if not claims:
        return Selection(provider=None, options=None, why=f"no rule matches {target}, and no provider claims it")
    return _claimed(target, claims)


def _matches(rule: Rule, target: Target) -> bool:
    default = DEFAULT_PORT[target.scheme]
    return rule.pattern.matches(target.host, target.port, target.path, default=default)


def _ruled(rule: Rule, providers: Providers, shadowed: tuple[str, ...]) -> Selection:
    return Selection(
        provider=providers.get(rule.provider),
        options=rule.options,
        why=f"rule {rule.pattern.text}" + (f" of the account {rule.account}" if rule.account else ""),
        rule=rule,
        shadowed=shadowed,
    )


def _rivals(target: Target, providers: Providers) -> list[str]:
    """Return what claims a target that a rule decides; a provider that fails to say decides nothing there."""
    try:
        return _passed_over(_claims(target, providers))
    except ContractViolation as error:
        return [str(error)]


def _claims(target: Target, providers: Providers) -> list[_Claimed]:
    found = [_Claimed(one, claim) for one in providers if (claim := _claim(one, target)) is not None]
    return sorted(found, key=lambda one: one.rank, reverse=True)


def _passed_over(claims: Sequence[_Claimed]) -> list[str]:
    # A fallback is passed over everywhere: to say so each time would tell nobody anything.
    return [str(one) for one in claims if one.claim.strength > Strength.FALLBACK]


def _claim(provider: Provider[Any], target: Target) -> Claim | None:
    try:
        claim: object = provider.claim(target)
    except (KeyboardInterrupt, MemoryError):
        raise
    except OcibrokerError as error:
        why = f"claim() failed: {error}"
    except BaseException as error:  # noqa: BLE001  # a plugin may raise anything, SystemExit included
        why = f"claim() raised {type(error).__name__}"
    else:
        if claim is None or isinstance(claim, Claim):
            return claim
        why = f"claim() gave a {type(claim).__name__}"
    raise ContractViolation(why, culprit=f"provider {provider.name}", hint="write a [[registry]] rule")


def _claimed(target: Target, claims: list[_Claimed]) -> Selection:
    first = claims[0]
    if len(claims) > 1 and claims[1].rank == first.rank:
        raise ConfigurationError(
            f"{first} and {claims[1]} claim it equally", culprit=str(target), hint="write a [[registry]] rule"
        )
    last = claims[-1] if claims[-1].provider.name == LAST and len(claims) > 1 else None
    return Selection(
        provider=first.provider,
        options=_defaults(first.provider),
        why=f"claim: {first.claim.why}",
        shadowed=tuple(_passed_over(claims[1:])),
        last=first.claim.strength is Strength.FALLBACK,
        otherwise=_claimed(target, [last]) if last else None,
    )


def _defaults(provider: Provider[Any]) -> Options:
    try:
        options: Options = msgspec.convert({}, provider.options)
    except msgspec.ValidationError as error:
        why = f"claims a target without a rule, but its options are not optional: {error}"
    else:
        return options
    raise ContractViolation(why, culprit=f"provider {provider.name}")
