"""What is malformed is an error that says where, and never a setting that is silently another."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocibroker.errors import (
    ConfigurationError,
    OcibrokerError,
    TLSConfigurationError,
    WrongScheme,
)
from ocibroker.testing import Authority
from tests.kubernetes.mounts import USER, entry, for_paths, mounted, rule
from tests.kubernetes.private import APP, pull, registry
from tests.transport.brokers import Desk

STORAGE = {**USER, "reference": "registry.test/fleet"}


@pytest.mark.acceptance(9, 10, 11)
@pytest.mark.parametrize(
    ("values", "kind", "culprit", "why"),
    [
        ({"cacerts": ""}, TLSConfigurationError, "{folder}/cacerts", "is empty"),
        ({"cacerts": "garbage"}, TLSConfigurationError, "{folder}/cacerts", "holds no PEM certificate"),
        ({"insecureSkipVerify": "yes"}, ConfigurationError, "file {folder}/insecureSkipVerify", "neither true"),
        ({"basicHTTP": ""}, ConfigurationError, "file {folder}/basicHTTP", "neither true nor false"),
        ({"basicHTTP": b"\xff"}, ConfigurationError, "file {folder}/basicHTTP", "not UTF-8"),
        (
            {"cacerts": "{ca}", "insecureSkipVerify": "true"},
            ConfigurationError,
            "folder {folder}",
            "cacerts and insecureSkipVerify contradict",
        ),
        (
            {"cacerts": "{ca}", "basicHTTP": "true"},
            ConfigurationError,
            "folder {folder}",
            "cacerts and basicHTTP contradict",
        ),
        (
            {"insecureSkipVerify": "true", "basicHTTP": "true"},
            ConfigurationError,
            "folder {folder}",
            "insecureSkipVerify and basicHTTP contradict",
        ),
        ({"username": "alice"}, OcibrokerError, "folder {folder}", "username without a password"),
        ({"password": "wonder"}, OcibrokerError, "folder {folder}", "password without a user name"),
        (
            {**STORAGE, "agentUsername": "alice"},
            OcibrokerError,
            "folder {folder}",
            "agentUsername without a password",
        ),
        (
            {**STORAGE, "insecure": "true", "insecureSkipTLS": "0"},
            ConfigurationError,
            "folder {folder}",
            "insecure",
        ),
        ({"reference": "elsewhere.test/x"}, OcibrokerError, "folder {folder}", "is for elsewhere.test, not for"),
        ({"reference": ""}, OcibrokerError, "folder {folder}", "holds no reference"),
        ({"reference": "a b"}, ConfigurationError, "file {folder}/reference", "host"),
        ({"username": "alice", "password": "a\nb"}, OcibrokerError, "file {folder}/password", "control"),
        ({"secrets-path.yaml": "- a"}, ConfigurationError, "file {folder}/secrets-path.yaml", "no|not a YAML"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_an_error_that_names_file_or_keys(
    values: dict[str, str | bytes],
    kind: type[OcibrokerError],
    culprit: str,
    why: str,
    desk: Desk,
    tmp_path: Path,
    private: Authority,
) -> None:
    folder = mounted(
        tmp_path / "helm",
        {key: one.format(ca=private.pem) if isinstance(one, str) else one for key, one in values.items()},
    )
    broker = desk.broker(rule("registry.test", f'fleet_secret = "{folder}"'))
    for _ in range(2):
        with pytest.raises(kind, match=why) as caught:
            broker.access("registry.test/app")
        assert caught.value.culprit == culprit.format(folder=folder)
        assert "wonder" not in str(caught.value)


def test_an_authority_beside_what_is_not_insecure_is_no_contradiction(
    desk: Desk, tmp_path: Path, private: Authority
) -> None:
    with registry(private) as running:
        values = {**USER, "cacerts": private.pem, "insecureSkipVerify": "false\n", "basicHTTP": "0"}
        text = rule(running.address, f'fleet_secret = "{mounted(tmp_path / "helm", values)}"')
        assert pull(desk, text, running.address) == APP.manifest


@pytest.mark.parametrize("text", ["garbage", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"])
def test_text_of_authorities_is_named_by_its_entry(text: str, desk: Desk, tmp_path: Path) -> None:
    yaml = for_paths({"one": entry(ca=text)})
    folder = mounted(tmp_path / "paths", {"secrets-path.yaml": yaml})
    broker = desk.broker(rule("registry.test", f'fleet_secret = "{folder}", path = "one"'))
    with pytest.raises(TLSConfigurationError) as caught:
        broker.access("registry.test/app")
    assert caught.value.culprit == f"file {folder}/secrets-path.yaml, 'one': caBundle"


@pytest.mark.acceptance(12)
def test_plain_http_is_spoken_only_where_the_secret_says_so(desk: Desk, tmp_path: Path) -> None:
    with registry(None) as running:
        text = rule(running.address, f'fleet_secret = "{mounted(tmp_path / "helm", USER)}"')
        with pytest.raises(WrongScheme):
            pull(desk, text, running.address)
        assert not any("authorization" in request.headers for request in running.requests)
