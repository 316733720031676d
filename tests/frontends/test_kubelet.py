"""The kubelet's credential provider, byte for byte, and with arbitrary bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocibroker import Broker
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.executable import run as run_executable
from ocibroker.frontends.kubelet import KUBELET
from tests.frontends.neighbours import CONFIGURATION, OWNERS

V1 = "credentialprovider.kubelet.k8s.io/v1"
VERSIONS = (V1, f"{V1}beta1", f"{V1}alpha1")


class AuthConfig(msgspec.Struct, forbid_unknown_fields=True):
    username: str
    password: str


class Response(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """``CredentialProviderResponse`` of ``k8s.io/kubelet/pkg/apis/credentialprovider/v1/types.go``, strictly."""

    api_version: str
    kind: str
    cache_key_type: str
    cache_duration: str | None = None
    auth: dict[str, AuthConfig] | None = None


def strictly(stdout: bytes) -> Response:
    response = msgspec.json.decode(stdout, type=Response)
    assert response.kind == "CredentialProviderResponse"
    assert response.cache_key_type in {"Image", "Registry", "Global"}
    return response


def request(image: str, version: str = V1, **more: object) -> bytes:
    return json.dumps({"apiVersion": version, "kind": "CredentialProviderRequest", "image": image, **more}).encode()


def ask(broker: Broker, image: str, version: str = V1, **more: object) -> Answer:
    return KUBELET.answer("get", request(image, version, **more), broker)


def golden(auth: str, lasting: str, version: str = V1) -> bytes:
    head = f'{{"apiVersion":"{version}","cacheDuration":{lasting},"auth":{auth},'
    return f'{head}"kind":"CredentialProviderResponse","cacheKeyType":"Image"}}\n'.encode()


def auth(registry: str, username: str, password: str) -> str:
    return f'{{"{registry}":{{"username":"{username}","password":"{password}"}}}}'


HITS = {
    "charts.example.com/team/app": ("charts.example.com", "alice", "s3cret/é"),
    "charts.example.com/team/app:1.0": ("charts.example.com", "alice", "s3cret/é"),
    f"charts.example.com/team/app@sha256:{'a' * 64}": ("charts.example.com", "alice", "s3cret/é"),
    f"charts.example.com/team/app:1.0@sha256:{'a' * 64}": ("charts.example.com", "alice", "s3cret/é"),
    "charts.example.com/v2/app": ("charts.example.com", "alice", "s3cret/é"),
    "charts.example.com/team-b/app": ("charts.example.com", "bob", "team b's"),
    "charts.example.com/team-bb/app": ("charts.example.com", "alice", "s3cret/é"),
    "charts.example.com:443/app": ("charts.example.com:443", "alice", "s3cret/é"),
    "CHARTS.example.com/app": ("CHARTS.example.com", "alice", "s3cret/é"),
    "docker.io/library/nginx": ("docker.io", "hub", "hub-pw"),
    "index.docker.io/library/nginx": ("index.docker.io", "hub", "hub-pw"),
    "a.glob.example.com/app": ("a.glob.example.com", "glob", "glob-pw"),
}


@pytest.mark.parametrize("image", HITS)
def test_the_answer_is_for_the_registry_as_the_image_writes_it(image: str, broker: Broker) -> None:
    assert ask(broker, image) == Answer(golden(auth(*HITS[image]), "null"))


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_answered_in_kind(version: str, broker: Broker) -> None:
    answer = ask(broker, "docker.io/library/nginx", version)
    assert answer.stdout == golden(auth("docker.io", "hub", "hub-pw"), "null", version)
    assert strictly(answer.stdout).api_version == version


def test_what_expires_is_kept_for_half_of_its_life(broker: Broker) -> None:
    answer = ask(broker, "basic.token.example/app")
    assert answer.stdout == golden(auth("basic.token.example", "robot", "token-value"), '"1800s"')


@pytest.mark.parametrize("image", ["unknown.example.com/app", "public.example.com/app"])
def test_without_a_credential_there_is_none_to_keep_and_the_reason_is_on_standard_error(
    image: str, broker: Broker
) -> None:
    answer = ask(broker, image)
    assert (answer.stdout, answer.status) == (golden("null", '"0s"'), 0)
    assert answer.diagnostics.startswith(f"{image}: no credential: ")


FAILURES = {
    "no image": (request(""), "image in plugin request was empty"),
    "another version": (
        request("docker.io/a/b", f"{V1}beta2"),
        f"group version '{V1}beta2' is not supported (use v1)",
    ),
    "another kind": (
        request("docker.io/a/b", kind="Pod"),
        "standard input: is no CredentialProviderRequest in JSON",
    ),
    "nothing": (b"", "standard input: is no CredentialProviderRequest in JSON"),
    "garbage": (b"\xff{", "standard input: is no CredentialProviderRequest in JSON"),
    "a list": (b"[]", "standard input: is no CredentialProviderRequest in JSON"),
    "too deep": (b'{"a":' * 20000, "standard input: is longer than 65536 bytes"),
    "no registry": (request("nginx"), "'nginx': does not name its registry (write docker.io/… for Docker Hub)"),
    "no repository": (request("docker.io"), "'docker.io': names no repository"),
    "IPv6": (request("[::1]:5000/app"), "[::1]:5000: the kubelet takes an IPv6 address for a pattern (use a name)"),
    "provider failed": (request("failing.token.example/app"), "provider tokens: the cloud said no (log in)"),
    "bearer token": (
        request("bearer.token.example/app"),
        "bearer.token.example/app: the kubelet's protocol carries a user name and a password only",
    ),
    "identity token": (
        request("identity.token.example/app"),
        "identity.token.example/app: the kubelet's protocol carries a user name and a password only",
    ),
    "token with a line break": (
        request("docker.io/a/b", serviceAccountToken="a\nb"),
        "a secret holds a control character",
    ),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_is_told_on_standard_error_only(failure: tuple[bytes, str], broker: Broker) -> None:
    stdin, told = failure
    assert KUBELET.answer("get", stdin, broker) == Answer(b"", told, 1)


WHOLE = {
    "apiVersion": V1,
    "kind": "CredentialProviderRequest",
    "image": "charts.example.com/app",
    "serviceAccountToken": "of-a-pod",
    "key": "iam.gke.io/gcp-service-account",
    "value": "robot@project.test",
}


def with_all(fields: Mapping[str, str]) -> bytes:
    asked = {name: text for name, text in fields.items() if name not in {"key", "value"}}
    return json.dumps({**asked, "serviceAccountAnnotations": {fields["key"]: fields["value"]}}).encode()


def test_without_a_control_character_there_is_an_answer(broker: Broker) -> None:
    assert KUBELET.answer("get", with_all(WHOLE), broker).status == 0


@pytest.mark.parametrize("control", [*range(0x20), 0x7F])
@pytest.mark.parametrize("field", WHOLE)
def test_a_control_character_anywhere_in_any_field_is_refused(control: int, field: str, broker: Broker) -> None:
    text = WHOLE[field]
    for position in range(len(text) + 1):
        fields = {**WHOLE, field: text[:position] + chr(control) + text[position:]}
        answer = KUBELET.answer("get", with_all(fields), broker)
        assert (answer.stdout, answer.status) == (b"", 1)


def test_fields_that_are_not_known_are_passed_over(broker: Broker) -> None:
    assert ask(broker, "docker.io/library/nginx", podName="x").status == 0


IMAGES = (
    "charts.example.com/app",
    "docker.io/library/nginx",
    "basic.token.example/app",
    "charts.example.com/team-b",
)


@settings(max_examples=300)
@given(
    st.one_of(st.text(max_size=60), st.builds(lambda a, b: a + b, st.sampled_from(IMAGES), st.text(max_size=12)))
)
@example("charts.example.com.evil.example.com/app")
@example("charts.example.com@evil.example.com/app")
@example("evil.example.com/charts.example.com/app")
@example("charts.example.com\nevil.example.com/app")
@example("*.example.com/app")
def test_a_secret_leaves_only_for_the_host_that_the_image_names(broker: Broker, image: str) -> None:
    answer = ask(broker, image)
    if answer.status:
        assert answer.stdout == b""
        return
    for registry, found in (strictly(answer.stdout).auth or {}).items():
        host = image.partition("/")[0].lower().removesuffix(":443").removesuffix(".")
        assert (registry, found.password in OWNERS[host]) == (image.partition("/")[0], True)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_failure(broker: Broker, stdin: bytes) -> None:
    answer = KUBELET.answer("get", stdin, broker)
    assert (answer.stdout, answer.status) == (b"", 1)


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    path.write_text(CONFIGURATION)
    return {"OCIBROKER_CONFIG": str(path), "HOME": str(tmp_path)}


def test_the_executable_is_asked_without_a_verb(surroundings: dict[str, str]) -> None:
    program, stdin = Path(sys.executable).parent / KUBELET.executable, request("docker.io/library/nginx")
    done = subprocess.run([program], input=stdin, env=surroundings, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (golden(auth("docker.io", "hub", "hub-pw"), "null"), b"")


def asked(surroundings: dict[str, str], *argv: str, stdin: bytes = b"") -> Answer:
    return run_executable(KUBELET, [KUBELET.executable, *argv], lambda: stdin, surroundings)


def test_below_itself_it_has_no_credential(surroundings: dict[str, str]) -> None:
    below: dict[str, Any] = {**surroundings, "OCIBROKER_NESTED": "1"}
    assert asked(below, stdin=request("docker.io/a/b")).stdout == golden("null", '"0s"')
    assert asked(below, stdin=b"garbage").status == 1


def test_it_says_how_it_is_called(surroundings: dict[str, str]) -> None:
    assert asked(surroundings, "--help").stdout.startswith(b"Usage: ocibroker-credential-provider ")
    assert asked(surroundings, "get", "more").status == 1
    assert (
        asked(surroundings, "store").diagnostics == "'store' is no verb; there is only get, which need not be said"
    )
