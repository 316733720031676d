"""The scenes of the demo, each with a registry of its own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import httpx

from examples.demo.machine import PASSWORD, USER, Machine
from examples.demo.report import Report
from ocibroker import Anonymous, Basic, Broker, Credential, OcibrokerError
from ocibroker.testing import Authority, EmbeddedRegistry, chart

CHART: Final = chart("app", "1.2.3")
REPOSITORY: Final = "charts/app"
MANIFEST: Final = f"/v2/{REPOSITORY}/manifests/{CHART.tag}"
HELPER: Final = "docker-credential-ocibroker"


def round_trip(machine: Machine, report: Report, *, auth: Literal["basic", "token"]) -> None:
    """Push a chart and read it back, then ask for the credential as Docker does."""
    report.title(f"A private registry: {auth} authentication, a certificate authority of its own")
    authority = Authority()
    with _registry(authority, auth) as registry:
        environ = machine.install(registry.address, store=Authority(), ca=authority)
        with Broker.from_config(environ=environ) as broker:
            _explain(broker, registry, report)
            _push(broker, registry, report)
            _pull(broker, registry, report)
        _account(registry, report)
        _ask_helper(registry, environ, report)


def founding_failure(machine: Machine, report: Report) -> None:
    """Read a chart with a credential and no configured CA: what once took a whole deployment down."""
    report.title("A credential and no CA: the one combination that failed in fleet#3782")
    authority = Authority()
    with _registry(authority, "basic") as registry:
        _stock(registry)
        environ = machine.install(registry.address, store=authority, ca=None)
        with Broker.from_config(environ=environ) as broker:
            _explain(broker, registry, report)
            _pull(broker, registry, report)
        _account(registry, report)


def wrong_authority(machine: Machine, report: Report) -> None:
    """Configure a CA that did not issue the registry's certificate."""
    report.title("A wrong CA: an error that names the host and the next step")
    with _registry(Authority(), "basic") as registry:
        _stock(registry)
        environ = machine.install(registry.address, store=Authority(), ca=Authority())
        with Broker.from_config(environ=environ) as broker:
            _explain(broker, registry, report)
            try:
                _pull(broker, registry, report)
            except OcibrokerError as error:
                report.line(type(error).__name__, str(error))
        _account(registry, report)


def _registry(authority: Authority, auth: Literal["basic", "token"]) -> EmbeddedRegistry:
    return EmbeddedRegistry(tls=authority.server_context("localhost"), users={USER: PASSWORD}, auth=auth)


def _stock(registry: EmbeddedRegistry) -> None:
    registry.push(REPOSITORY, CHART.tag, CHART.manifest, CHART.media_type, CHART.blobs)


def _explain(broker: Broker, registry: EmbeddedRegistry, report: Report) -> None:
    """Tell what will decide, before anything is sent."""
    told = broker.explain(f"{registry.address}/{REPOSITORY}")
    trusted = " and ".join([f"the system's roots ({told.tls['roots']})", *told.tls["ca"]])
    report.line("target", told.target)
    report.line("rule", str(told.rule))
    report.line("provider", str(told.provider))
    report.line("TLS policy", f"TLS {told.tls['min_version']} or newer, trusting {trusted}")


def _push(broker: Broker, registry: EmbeddedRegistry, report: Report) -> None:
    access = broker.access(f"{registry.address}/{REPOSITORY}", actions=("pull", "push"))
    headers = {"Content-Type": CHART.media_type}
    with access.client() as http:
        for blob in CHART.blobs:
            query = {"digest": _sha256(blob)}
            http.post(f"/v2/{REPOSITORY}/blobs/uploads/", params=query, content=blob).raise_for_status()
        http.put(MANIFEST, content=CHART.manifest, headers=headers).raise_for_status()
    report.line("pushed", f"{REPOSITORY}:{CHART.tag}, {len(CHART.blobs)} blobs and a manifest")


def _pull(broker: Broker, registry: EmbeddedRegistry, report: Report) -> None:
    access = broker.access(f"{registry.address}/{REPOSITORY}")
    report.line("credential", _shown(access.credential))
    report.line("transport", repr(access.transport))
    with access.client() as http:
        manifest = http.get(MANIFEST, headers={"Accept": CHART.media_type}).raise_for_status()
        _verify("manifest", manifest, CHART.digest, report)
        digest = json.loads(manifest.content)["layers"][0]["digest"]
        layer = http.get(f"/v2/{REPOSITORY}/blobs/{digest}").raise_for_status()
        _verify("chart", layer, digest, report)


def _verify(name: str, response: httpx.Response, digest: str, report: Report) -> None:
    if _sha256(response.content) != digest:
        raise SystemExit(f"{name}: not the bytes that were promised")
    report.line(name, f"{len(response.content)} bytes, digest verified: {digest}")


def _shown(credential: Credential | Anonymous) -> str:
    if isinstance(credential, Basic):
        return f"basic, user {credential.username}, {credential.secret!r}"
    return repr(credential)


def _account(registry: EmbeddedRegistry, report: Report) -> None:
    """Tell with what the registry was asked: bare requests are those that it answered with a challenge."""
    schemes = (request.headers.get("Authorization", "nothing").split()[0] for request in registry.requests)
    counted = ", ".join(f"{count} with {scheme}" for scheme, count in Counter(schemes).items())
    report.line("registry saw", f"{len(registry.requests)} requests: {counted}" if counted else "no request")


def _ask_helper(registry: EmbeddedRegistry, environ: Mapping[str, str], report: Report) -> None:
    """Run the credential helper's executable as Docker does: the address on standard input, JSON back."""
    helper = Path(sys.executable).with_name(HELPER)
    done = subprocess.run([helper, "get"], input=registry.address, env=environ, text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(f"{HELPER}: {done.stdout}{done.stderr}")
    answer = json.loads(done.stdout)
    if answer["Secret"] != PASSWORD:
        raise SystemExit(f"{HELPER}: not the password")
    report.line("as Docker asks", f"$ echo {registry.address} | {HELPER} get")
    report.line("", json.dumps(answer | {"Secret": "(hidden)"}))


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
