"""The examples work as they stand, as a user would run them."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import ocibroker_hello
import pytest

from examples import demo
from ocibroker import Anonymous, Bearer, Broker
from ocibroker.errors import CredentialUnavailable
from ocibroker.testing import Authority, EmbeddedRegistry, chart

ROOT = Path(__file__).parents[2]
APP = chart("app", "1.2.3")


@pytest.fixture(scope="module")
def registry(authority: Authority) -> Iterator[EmbeddedRegistry]:
    context = authority.server_context("localhost")
    with EmbeddedRegistry(tls=context, users={"alice": "wonder"}, auth="token") as running:
        running.push("charts/app", APP.tag, APP.manifest, APP.media_type, APP.blobs)
        running.push("charts/app", "2.0.0", APP.manifest, APP.media_type)
        yield running


@pytest.fixture
def environ(authority: Authority, registry: EmbeddedRegistry, tmp_path: Path) -> Mapping[str, str]:
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    config.write_text(
        f"""
        [[registry]]
        match = "{registry.address}"
        provider = "basic"
        options = {{ username = "alice", password = {{ env = "REGISTRY_PASSWORD" }} }}
        """
    )
    return {
        "HOME": str(tmp_path),
        "OCIBROKER_CONFIG": str(config),
        "REGISTRY_PASSWORD": "wonder",
        "SSL_CERT_FILE": str(authority.write(tmp_path)),
    }


@pytest.fixture(scope="module")
def scenes() -> list[str]:
    out = io.StringIO()
    demo.main(out)
    return re.split(r"\n\n|\A\n", out.getvalue())[1:]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A configuration that says nothing; the machine's own plays no part."""
    path = tmp_path / "empty.toml"
    path.touch(mode=0o600)
    return path


class TestDemo:
    @pytest.mark.parametrize(("number", "proof"), [(0, "Basic"), (1, "Bearer")])
    def test_a_chart_is_pushed_and_read_back(self, scenes: list[str], number: int, proof: str) -> None:
        scene = scenes[number]
        assert re.search(r"^rule +~/\.config/ocibroker/config\.toml, registry\[0\]$", scene, re.MULTILINE)
        assert re.search(r"^credential +basic, user alice, Secret\('\*+'\)$", scene, re.MULTILINE)
        assert re.search(r"^TLS policy +TLS 1.2 .* \(SSL_CERT_FILE\) and ~/ca.pem$", scene, re.MULTILINE)
        assert re.search(rf"^manifest +{len(APP.manifest)} bytes, digest verified:\s+{APP.digest}$", scene, re.M)
        assert re.search(rf"^chart +{len(APP.layer)} bytes, digest verified:\s+sha256:", scene, re.MULTILINE)
        assert re.search(rf"^registry saw +\d+ requests: .*[1-9]\d* with {proof}$", scene, re.MULTILINE)

    def test_docker_asks_for_the_credential(self, scenes: list[str]) -> None:
        assert '"Username": "alice", "Secret": "(hidden)"}' in scenes[0]

    @pytest.mark.acceptance(1)
    def test_the_founding_failure_succeeds(self, scenes: list[str]) -> None:
        scene = scenes[2]
        assert re.search(r"^TLS policy +.*trusting the system's roots \(SSL_CERT_FILE\)$", scene, re.MULTILINE)
        assert re.search(r"^transport +<PairedTransport https://localhost:\d+, TLS by the broker>$", scene, re.M)
        assert scene.count("digest verified") == 2

    def test_a_wrong_authority_fails_clearly_and_gets_nothing(self, scenes: list[str]) -> None:
        scene = scenes[3]
        assert re.search(r"^TLSFailed +https://localhost:\d+: the issuer is not trusted", scene, re.MULTILINE)
        assert re.search(r"^registry saw +no request$", scene, re.MULTILINE)

    def test_no_password_is_printed(self, scenes: list[str]) -> None:
        assert demo.machine.PASSWORD not in "".join(scenes)


class TestLibrary:
    def test_it_lists_the_tags(self, registry: EmbeddedRegistry, environ: Mapping[str, str]) -> None:
        done = run("library.py", f"{registry.address}/charts/app", environ=environ)
        assert (done.returncode, done.stdout, done.stderr) == (0, "1.2.3\n2.0.0\n", "")

    def test_it_says_in_one_line_what_is_wrong(self, environ: Mapping[str, str]) -> None:
        done = run("library.py", "localhost:1/charts/app", environ=environ)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert done.stderr.startswith("https://localhost:1: ")

    def test_several_at_once_fail_one_by_one(self, registry: EmbeddedRegistry, environ: Mapping[str, str]) -> None:
        good, bad = f"{registry.address}/charts/app", "localhost:1/charts/app"
        done = run("library_async.py", good, bad, good, environ=environ)
        lines = done.stdout.splitlines()
        assert (done.returncode, done.stderr, len(lines)) == (0, "", 3)
        assert lines[0] == lines[2] == f"{good}: 1.2.3, 2.0.0"
        assert lines[1].startswith(f"{bad}: https://localhost:1: ")


@pytest.mark.parametrize("example", ["library.py", "library_async.py", "pull.py"])
def test_an_example_without_its_arguments_says_which(example: str, environ: Mapping[str, str]) -> None:
    done = run(example, environ=environ)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"usage: python examples/{example} ")


class TestPull:
    def test_it_says_what_was_found_and_where_it_is(
        self, registry: EmbeddedRegistry, environ: Mapping[str, str], tmp_path: Path
    ) -> None:
        app, folder = f"{registry.address}/charts/app", tmp_path / "charts"
        done = run("pull.py", str(folder), f"oci://{app}:1.2.3", f"{app}:9", environ=environ)
        found, missing = done.stdout.splitlines()
        assert (done.returncode, done.stderr) == (1, "")
        assert found == f"oci://{app}:1.2.3@{APP.digest}: {folder / 'app-1.2.3.tgz'}"
        assert missing.startswith(f"{app}:9: is not known")
        assert (folder / "app-1.2.3.tgz").read_bytes() == APP.layer

    def test_all_is_well_where_all_are_there(
        self, registry: EmbeddedRegistry, environ: Mapping[str, str], tmp_path: Path
    ) -> None:
        assert (
            run("pull.py", str(tmp_path), f"oci://{registry.address}/charts/app", environ=environ).returncode == 0
        )


class TestHelloProvider:
    def test_it_answers_for_its_own_registry(self, empty: Path) -> None:
        with hello(empty, {"HELLO_TOKEN": "a-token"}) as broker:
            access = broker.access("registry.hello.example/app")
        assert isinstance(access.credential, Bearer)
        assert access.headers() == {"Authorization": "Bearer a-token"}
        assert (access.provider, access.why) == ("hello", "claim: it is Hello's own registry")

    def test_it_leaves_look_alikes_alone(self, empty: Path) -> None:
        with hello(empty, {"HELLO_TOKEN": "a-token"}) as broker:
            assert isinstance(broker.access("registry.hello.example.evil.example/app").credential, Anonymous)

    def test_a_missing_token_is_an_error_and_not_anonymous_access(self, empty: Path) -> None:
        with hello(empty, {}) as broker, pytest.raises(CredentialUnavailable, match="HELLO_TOKEN"):
            broker.access("registry.hello.example/app")

    def test_its_project_announces_the_module(self) -> None:
        folder = ROOT / "examples" / "plugin-template"
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        module = project["entry-points"]["ocibroker"]["hello"]
        assert (folder / f"{module}.py").samefile(ocibroker_hello.__file__)


def hello(config: Path, environ: Mapping[str, str]) -> Broker:
    return Broker.from_config(config, environ=environ, plugins=[ocibroker_hello])


def run(example: str, *arguments: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-W", "error", str(ROOT / "examples" / example), *arguments]
    return subprocess.run(argv, env=environ, text=True, capture_output=True, check=False)
