"""All steps, in their order; what can still be learnt after a failure is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ocibroker.access import Access
from ocibroker.doctor import (
    admission,
    configuration,
    credential,
    environment,
    handshake,
    network,
    registry,
    repository,
    selection,
    sidecar,
    tools,
)
from ocibroker.doctor.bench import Bench, Surroundings, bench
from ocibroker.doctor.finding import Finding, State, failed, skipped
from ocibroker.doctor.patient import Patient, configured
from ocibroker.doctor.references import without_arguments
from ocibroker.errors import OcibrokerError
from ocibroker.origin import Origin
from ocibroker.selection import Selection
from ocibroker.transport.pool import Line


def examine(given: Surroundings, named: Patient | None = None) -> Iterator[Finding]:
    """Yield the findings of the machine, and of who is ``named``, else of all that the configuration names.

    Nothing of it raises :class:`~ocibroker.errors.OcibrokerError`.
    """
    surroundings = environment.usable(given)
    loaded = configuration.read(surroundings)
    yield from loaded.findings
    yield from environment.look(given.environ)
    yield sidecar.look(given.environ)
    with bench(surroundings, loaded.config, complete=loaded.complete) as made:
        patients = [named] if named else [*configured(loaded.config)]
        for patient in patients:
            found = [patient] if isinstance(patient, Finding) else _about(str(patient), _of_target(made, patient))
            yield from without_arguments(found, loaded.config.rules)
        if not patients:
            yield skipped("targets", "the configuration names no host", "name one as TARGET")
        yield from tools.findings(made)


def _of_target(made: Bench, patient: Patient) -> Iterator[Finding]:
    chosen = selection.chosen(made, patient)
    yield from selection.findings(made, patient, chosen)
    try:
        origin = made.probe.policies.origin_of(patient.target)
    except OcibrokerError as error:
        yield failed(network.POLICY, "how the host is reached cannot be told", error)
        return
    line = network.way(made, origin)
    access = _access(made, patient, chosen, line)
    yield access if isinstance(access, Finding) else credential.finding(made, access)
    reached = [*_reached(made, origin, line)]
    yield from reached
    met = _met(made, origin, chosen, reached)
    yield from met.findings
    if met.endpoint is not None:
        yield from _about(str(met.endpoint), _reached(made, met.endpoint, network.way(made, met.endpoint)))
    yield from _admitted(made, patient, access, met)


def _access(made: Bench, patient: Patient, chosen: Selection | Finding, line: Line | Finding) -> Access | Finding:
    if isinstance(chosen, Finding):
        return skipped(credential.CREDENTIAL, "nobody has been chosen")
    if isinstance(line, Finding):
        return skipped(credential.CREDENTIAL, "none is given out without a way to use it: see tls.policy")
    return credential.asked(made, patient)


def _reached(made: Bench, origin: Origin, line: Line | Finding) -> Iterator[Finding]:
    """Yield the way to ``origin``, up to its certificate."""
    yield line if isinstance(line, Finding) else network.policy_finding(line.material.policy)
    policy = network.policy_of(made, origin)
    if policy is None:
        yield skipped(network.NAME, "through which proxy it is reached is not known")
        return
    steps = [*network.findings(made, policy.proxy.origin if policy.proxy else origin, policy)]
    yield from steps
    if origin.scheme == "http" or any(one.error for one in steps):
        return
    if isinstance(line, Line):
        yield from handshake.findings(made, line)
    elif policy.proxy is None:
        yield from handshake.unverified(made, origin)


def _met(made: Bench, origin: Origin, chosen: Selection | Finding, reached: Iterable[Finding]) -> registry.Met:
    if any(one.error or (one.id == handshake.HANDSHAKE and one.state is State.WARNING) for one in reached):
        return registry.Met((skipped(registry.ANSWER, "the host has not been reached"),))
    return registry.meet(made, origin, chosen.realms if isinstance(chosen, Selection) else ())


def _admitted(made: Bench, patient: Patient, access: Access | Finding, met: registry.Met) -> Iterator[Finding]:
    if met.asks is None:
        yield skipped(repository.ACCESS, "what the registry asks for is not known")
        return
    if isinstance(access, Finding):
        yield skipped(repository.ACCESS, "there is no credential to try")
        return
    token = admission.finding(made, patient, access, met.asks)
    yield token
    if token.error is not None:
        yield skipped(repository.ACCESS, "there is no token")
        return
    entered = repository.entered(patient, access)
    yield entered
    if entered.error is None and patient.reference:
        yield repository.manifest(patient, access, lambda: made.broker.explain(patient.target).limit)


def _about(whom: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    return (one if one.about else replace(one, about=whom) for one in findings)
