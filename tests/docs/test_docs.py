"""The manual says what the code does, and its examples work."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest

from ocibroker import hookspecs, secret_source
from ocibroker.config import load_config
from ocibroker.config.decode import decode
from ocibroker.config.schema import (
    CacheTable,
    Document,
    PluginsTable,
    RegistryTable,
    SidecarTable,
    TCPTable,
    TLSTable,
)
from ocibroker.provider import Options
from ocibroker.providers import BUILT_IN
from ocibroker.testing import Authority, EmbeddedRegistry, ProviderContract, chart
from ocibroker_acr import AcrOptions
from ocibroker_acr.vault_options import KeyVaultOptions
from ocibroker_artifactory import ArtifactoryOptions
from ocibroker_basic import BasicOptions
from ocibroker_chainguard import ChainguardOptions
from ocibroker_cloudsmith import CloudsmithOptions
from ocibroker_digitalocean import DigitalOceanOptions
from ocibroker_dockerhub import DockerHubOptions
from ocibroker_ecr import EcrOptions
from ocibroker_ecr.secrets_manager import SecretsManagerOptions
from ocibroker_exec import ExecOptions
from ocibroker_gar import GarOptions
from ocibroker_gar.secret_manager import SecretManagerOptions
from ocibroker_github import GitHubOptions
from ocibroker_gitlab import GitLabOptions
from ocibroker_harbor import HarborOptions
from ocibroker_keyring import KeyringOptions
from ocibroker_kubernetes import KubernetesOptions
from ocibroker_kubernetes.secret_source import KubernetesSecretOptions
from ocibroker_oidc import OidcOptions
from ocibroker_oidc.identity_token import AddressedOptions, IdentityTokenOptions
from ocibroker_oidc.kubernetes import KubernetesTokenOptions
from ocibroker_oidc.spiffe import SpiffeOptions
from ocibroker_oracle import OracleOptions
from ocibroker_quay import QuayOptions
from ocibroker_vault import VaultOptions, VaultProviderOptions
from tests.docs import matrix
from tests.docs.manual import PAGES, ROOT, Block, anchors, blocks, links, rows, section

CONFIGURATION = ROOT / "docs" / "configuration.md"
FLEET = ROOT / "docs" / "fleet.md"
PROVIDERS = ROOT / "docs" / "providers.md"
REGISTRY = "registry.example.com"
CLOUDS: Mapping[str, type[Options]] = MappingProxyType(
    {
        "ecr.md": EcrOptions,
        "gar.md": GarOptions,
        "acr.md": AcrOptions,
        "exec.md": ExecOptions,
        "oidc.md": OidcOptions,
        "kubernetes.md": KubernetesOptions,
        "github.md": GitHubOptions,
    }
)
VENDORS: Mapping[str, type[Options]] = MappingProxyType(
    {
        "GitLab": GitLabOptions,
        "Docker Hub": DockerHubOptions,
        "Quay": QuayOptions,
        "Harbor": HarborOptions,
        "Artifactory": ArtifactoryOptions,
        "Chainguard": ChainguardOptions,
        "Cloudsmith": CloudsmithOptions,
        "Oracle": OracleOptions,
        "DigitalOcean": DigitalOceanOptions,
    }
)
SECRETS = ROOT / "docs" / "secrets.md"
STORES: Mapping[str, tuple[type[Options], Container[str]]] = MappingProxyType(
    {
        "## Vault and OpenBao": (VaultOptions, ()),
        "## The operating system's keyring": (KeyringOptions, ()),
        "## AWS Secrets Manager": (SecretsManagerOptions, EcrOptions.__struct_fields__),
        "## Google Secret Manager": (SecretManagerOptions, GarOptions.__struct_fields__),
        "## Azure Key Vault": (KeyVaultOptions, AcrOptions.__struct_fields__),
        "## Kubernetes": (KubernetesSecretOptions, ("fleet_secret", "service_account", "path")),
        "## The providers `vault` and `keyring`": (VaultProviderOptions, VaultOptions.__struct_fields__),
    }
)
"""Each store's options, and those of them that are described elsewhere, or are not for references."""
OIDC = ROOT / "docs" / "oidc.md"
IDENTITIES: Mapping[str, type[Options]] = MappingProxyType(
    {
        "### GitHub Actions": IdentityTokenOptions,
        "### Kubernetes": KubernetesTokenOptions,
        "### Google Cloud": AddressedOptions,
        "### SPIFFE": SpiffeOptions,
    }
)
OURS = re.compile(r"ocibroker |.*\| (\w+-credential-ocibroker|ocibroker-credential-provider)")
COMMANDS = [line for block in blocks("sh") for line in block.text.splitlines() if OURS.match(line)]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment in which a private registry is configured; ``REGISTRY`` is its address."""
    home, authority, app = tmp_path_factory.mktemp("home"), Authority(), chart("app", "1.2.3")
    with EmbeddedRegistry(tls=authority.server_context("localhost"), users={"alice": "wonder"}) as registry:
        registry.push("charts/app", app.tag, app.manifest, app.media_type, app.blobs)
        (home / "password").write_text("wonder\n")
        config = home / "config.toml"
        config.touch(mode=0o600)
        config.write_text(
            f'[[registry]]\nmatch = "{registry.address}"\nprovider = "basic"\n'
            'options = { username = "alice", password = { file = "password" } }\n'
        )
        yield {
            "REGISTRY": registry.address,
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
            "OCIBROKER_CONFIG": str(config),
            "OCIBROKER_SOCKET": "off",
            "SSL_CERT_FILE": str(authority.write(home)),
        }


class TestConfiguration:
    @pytest.mark.parametrize(
        ("title", "table"),
        [
            ("## `[[registry]]`", RegistryTable),
            ("## `[[tls]]`", TLSTable),
            ("## `[plugins]`", PluginsTable),
            ("## `[cache]`", CacheTable),
            ("## `[sidecar]`", SidecarTable),
            ("## `[sidecar.tcp]`", TCPTable),
            ("## Options of the built-in providers", BasicOptions),
        ],
    )
    def test_every_key_is_documented_and_no_other(self, title: str, table: type[msgspec.Struct]) -> None:
        documented = {key: "required" in cells for key, cells in rows(section(CONFIGURATION, title)).items()}
        assert documented == {field.encode_name: field.required for field in msgspec.structs.fields(table)}

    @pytest.mark.parametrize(("page", "options"), CLOUDS.items(), ids=CLOUDS)
    def test_every_option_of_a_cloud_is_documented_and_no_other(self, page: str, options: type[Options]) -> None:
        assert [*rows(section(ROOT / "docs" / page, "## Options"))] == [*options.__struct_fields__]

    @pytest.mark.parametrize(("vendor", "options"), VENDORS.items(), ids=VENDORS)
    def test_every_option_of_a_vendor_is_documented_and_no_other(self, vendor: str, options: type[Options]) -> None:
        documented = rows(section(ROOT / "docs" / "registries.md", f"## {vendor}"))
        required = {name: "required" in cells for name, cells in documented.items()}
        assert required == {field.encode_name: field.required for field in msgspec.structs.fields(options)}

    @pytest.mark.parametrize("title", STORES)
    def test_every_option_of_a_store_is_documented_and_no_other(self, title: str) -> None:
        options, elsewhere = STORES[title]
        own = {field.encode_name: field.required for field in msgspec.structs.fields(options)}
        documented = {key: "required" in cells for key, cells in rows(section(SECRETS, title)).items()}
        assert documented == {key: own[key] for key in own if key not in elsewhere}

    @pytest.mark.parametrize("title", IDENTITIES)
    def test_every_option_of_a_reference_to_an_identity_token_is_documented(self, title: str) -> None:
        documented = {key: "required" in cells for key, cells in rows(section(OIDC, title)).items()}
        fields = msgspec.structs.fields(IDENTITIES[title])
        assert documented == {field.encode_name: field.required for field in fields}

    def test_every_table_is_documented(self) -> None:
        titles = re.findall(r"^## `\[+(\w+)\]+`$", CONFIGURATION.read_text(), re.MULTILINE)
        assert titles == [field.encode_name for field in msgspec.structs.fields(Document)]

    @pytest.mark.parametrize("block", blocks("toml"), ids=str)
    def test_an_example_loads_without_a_warning(
        self, block: Block, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        decode(tomllib.loads(block.text), Document, culprit=str(block))
        path = tmp_path / "config.toml"
        path.touch(mode=0o600)
        path.write_text(block.text)
        config = load_config(path, {"HOME": str(tmp_path)})
        assert (dict(config.providers.broken), caplog.messages) == ({}, [])

    def test_a_fragment_of_another_file_says_which_and_parses(self) -> None:
        fragments = [block for info in ("toml pyproject", "toml registries") for block in blocks(info)]
        assert all(tomllib.loads(block.text) for block in fragments)
        assert len(fragments) + len(blocks("toml")) == sum(page.read_text().count("\n```toml") for page in PAGES)


class TestProviders:
    def test_every_hook_is_documented_with_its_signature(self) -> None:
        documented = PROVIDERS.read_text()
        signatures = list(hook_signatures())
        assert signatures
        assert [signature for signature in signatures if signature not in documented] == []

    def test_every_part_of_the_contract_is_documented(self) -> None:
        titles = re.findall(r"^### `(\w+)", PROVIDERS.read_text(), re.MULTILINE)
        assert titles == [name for name in vars(hookspecs.Provider) if not name.startswith("_")]

    def test_every_part_of_the_suite_is_documented(self) -> None:
        documented = {name.partition("(")[0] for name in rows(section(PROVIDERS, "## Testing it"))}
        parts = {*vars(ProviderContract), *ProviderContract.__annotations__}
        assert documented == {name for name in parts if not name.startswith(("_", "test_"))}


class TestExamples:
    @pytest.mark.parametrize("block", blocks("python"), ids=str)
    def test_python_runs(self, block: Block, machine: dict[str, str]) -> None:
        code = block.text.replace(REGISTRY, machine["REGISTRY"])
        run([sys.executable, "-W", "error", "-c", code], machine)

    @pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
    @pytest.mark.parametrize("command", sorted(set(COMMANDS)))
    def test_a_command_runs(self, command: str, machine: dict[str, str]) -> None:
        run(["/bin/sh", "-c", command.replace(REGISTRY, machine["REGISTRY"])], machine)

    def test_the_provider_passes_the_contract_suite(self, machine: dict[str, str], tmp_path: Path) -> None:
        (block,) = blocks("python contract")
        (tmp_path / "test_hello.py").write_text(block.text)
        environ = {**machine, "PYTHONPATH": str(ROOT / "examples" / "plugin-template")}
        run(
            [sys.executable, "-m", "pytest", "-q", "-W", "error", "--rootdir", str(tmp_path), str(tmp_path)],
            environ,
        )

    def test_the_provider_is_the_one_in_examples(self) -> None:
        text, folder = (ROOT / "CONTRIBUTING.md").read_text(), ROOT / "examples" / "plugin-template"
        assert f"```python\n{(folder / 'ocibroker_hello.py').read_text()}```" in text
        assert f"```python contract\n{(folder / 'test_hello.py').read_text()}```" in text


@pytest.mark.parametrize("kind", ["acceptance", "fault"])
def test_every_item_that_is_said_to_be_shown_is_named_by_a_test_and_the_reverse(kind: str) -> None:
    page = (ROOT / "docs" / {"acceptance": "acceptance.md", "fault": "faults.md"}[kind]).read_text()
    said = set(re.findall(rf"\| {kind}\((\d+)\) \|$", page, re.MULTILINE))
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = {item for items in re.findall(rf"mark\.{kind}\(([\d, ]+)\)", tests) for item in items.split(", ")}
    listed = set(re.findall(r"^\| (\d+) \|", page, re.MULTILINE))
    assert sorted(said - named, key=int) == []
    assert sorted(named - listed, key=int) == []


class TestMatrix:
    def test_it_is_what_the_plugins_and_the_front_ends_say(self) -> None:
        assert matrix.PAGE.read_text() == matrix.matrix(), "write it anew: python -m tests.docs.matrix"

    @pytest.mark.parametrize("module", BUILT_IN.values(), ids=BUILT_IN)
    def test_every_plugin_says_what_it_is_tested_against(self, module: str) -> None:
        proofs = [proof for _, proof in importlib.import_module(module).TESTED]
        assert proofs
        assert [proof for proof in proofs if not proof.startswith(("real: ", "emulator: "))] == []


class TestFleet:
    def test_every_test_that_the_page_names_is_there(self) -> None:
        named = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", FLEET.read_text())
        assert named
        assert [one for one in named if not re.search(rf"def {one[1]}\(", source(one[0]))] == []

    def test_every_feature_has_a_test_or_the_reason_why_not(self) -> None:
        text = section(FLEET, "## Feature by feature")
        found = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line[:2] == "| "]
        features = [row for row in found if row[0] != "feature of Fleet"]
        assert [row for row in features if len(row) != 3 or not (row[2] or row[1].startswith("no: "))] == []


class TestLinks:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_every_relative_link_resolves(self, page: Path) -> None:
        assert [to for to in links(page) if not resolves(page, to)] == []

    def test_every_page_is_in_the_index(self) -> None:
        index = ROOT / "docs" / "index.md"
        linked = {(index.parent / to).resolve() for to in links(index)}
        assert {page for page in (ROOT / "docs").glob("*.md") if page != index} <= linked


def source(test: str) -> str:
    path = ROOT / test
    return path.read_text() if path.is_file() else ""


def hook_signatures() -> Iterator[str]:
    parsed = (ast.parse(inspect.getsource(module)) for module in (hookspecs, secret_source))
    for node in (node for module in parsed for node in module.body):
        if isinstance(node, ast.FunctionDef) and "_spec" in map(ast.unparse, node.decorator_list):
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            yield f"def {node.name}({ast.unparse(node.args)}){returns}"


def run(argv: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(argv, env=environ, cwd=ROOT, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def resolves(page: Path, to: str) -> bool:
    path, _, anchor = to.partition("#")
    target = (page.parent / path) if path else page
    return target.exists() and (not anchor or anchor in anchors(target))
