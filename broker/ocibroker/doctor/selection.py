"""Who answers for a target, and as whom; no network."""

from __future__ import annotations

from collections.abc import Iterator

from ocibroker.doctor.bench import Bench
from ocibroker.doctor.finding import Finding, failed, fine, skipped
from ocibroker.doctor.patient import Patient
from ocibroker.errors import CredentialUnavailable, OcibrokerError
from ocibroker.selection import Selection, select

PROVIDER, IDENTITY = "selection.provider", "selection.identity"


def chosen(bench: Bench, patient: Patient) -> Selection | Finding:
    """Return who answers, or why that cannot be told."""
    if not bench.complete:
        return skipped(PROVIDER, "the configuration cannot be used")
    try:
        return select(patient.target, bench.config.rules, bench.config.providers, patient.account)
    except OcibrokerError as error:
        return failed(PROVIDER, "nobody can be chosen", error, cure=error.hint or "correct its [[registry]] rule")


def findings(bench: Bench, patient: Patient, found: Selection | Finding) -> Iterator[Finding]:
    """Yield who answers and what that shadows, and as whom."""
    if isinstance(found, Finding):
        yield from (found, skipped(IDENTITY, "nobody has been chosen"))
        return
    who = f"provider {found.provider.name}" if found.provider else "nobody"
    source = f" ({found.rule.source})" if found.rule else ""
    shadowed = f"; shadowed: {', '.join(found.shadowed)}" if found.shadowed else ""
    yield fine(PROVIDER, f"{who}: {found.why}{source}{shadowed}")
    yield _identity(bench, patient, found)


def _identity(bench: Bench, patient: Patient, found: Selection) -> Finding:
    told = bench.broker.explain(patient.target, caller=patient.caller)
    if told.tls_error:
        return skipped(IDENTITY, "the files of the host's [[tls]] cannot be used")
    if told.error:
        error = CredentialUnavailable(told.error, hint="correct the options of its [[registry]] rule")
        return failed(IDENTITY, "the provider cannot tell as whom", error)
    if found.provider is None:
        return skipped(IDENTITY, "nobody answers")
    reach = f" ({told.reach})" if told.reach else ""
    return fine(IDENTITY, f"{', '.join(told.identity) or 'none'}{reach}")
