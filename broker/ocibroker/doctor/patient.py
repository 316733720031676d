"""Whom an examination is of: a target, and what in it is to be there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ocibroker.config import Config
from ocibroker.doctor.finding import Finding, skipped
from ocibroker.errors import OcibrokerError
from ocibroker.oci import Reference
from ocibroker.request import Caller
from ocibroker.rule import Rule
from ocibroker.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """``reference`` is a manifest's tag or digest, empty where none was named; ``account`` whom to be there."""

    target: Target
    reference: str = ""
    account: str = ""

    @property
    def caller(self) -> Caller | None:
        """Who asks."""
        return Caller.of_account(self.account)

    def __str__(self) -> str:
        separator = "@" if ":" in self.reference else ":"
        name = f"{self.target}{separator}{self.reference}" if self.reference else str(self.target)
        return f"{name} (account {self.account})" if self.account else name

    @classmethod
    def parse(cls, text: str, account: str = "") -> Patient:
        """Return whom ``text`` names: a registry, a repository, or one with a tag or digest.

        Raises :class:`~ocibroker.errors.InvalidTarget`.
        """
        last = text.rpartition("/")[2]
        if "/" in text.rpartition("://")[2] and ("@" in text or ":" in last):
            reference = Reference.parse(text)
            named = str(reference.digest) if reference.digest else reference.tag
            return cls(target=reference.target, reference=named, account=account)
        return cls(target=Target.parse(text), account=account)


def configured(config: Config) -> Iterator[Patient | Finding]:
    """Yield whom the configuration names, each once, and what it says of many hosts at once, which is nobody."""
    named = dict.fromkeys(
        (rule.pattern.text, rule.account) for rule in config.rules if "*" not in rule.pattern.host
    )
    for text, account in named:
        yield _patient(f"oci://{text}", account)
    yield from (Patient(target=target) for target in config.sidecar.prefetch)
    yield from (_glob(rule) for rule in config.rules if "*" in rule.pattern.host)


def _patient(text: str, account: str) -> Patient | Finding:
    try:
        return Patient.parse(text, account)
    except OcibrokerError as error:
        return skipped("targets", f"{text} is no registry or repository: {error.message}", "name it as TARGET")


def _glob(rule: Rule) -> Finding:
    return skipped(
        "targets", f"{rule.pattern.text} names no host ({rule.source})", "name one of its hosts as TARGET"
    )
