"""Managed identities by the agent of Azure Arc."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import OcibrokerError
from ocibroker.errors import CredentialUnavailable
from ocibroker_acr import AcrProvider
from ocibroker_acr.managed_identity import arc_key
from tests.azure.emulator import Azure
from tests.azure.metadata import ARC
from tests.plugins.acr.asking import HOST, failure, rule, whose
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)

ARC_SAYS = {
    "IDENTITY_ENDPOINT": f"http://{ARC}/metadata/identity/oauth2/token",
    "IMDS_ENDPOINT": f"http://{ARC}",
}


class ArcProvider(AcrProvider):
    """The same under another name, and with another folder for the agent's files."""

    name = "arc"


def test_who_can_read_the_agents_file_is_believed(azure: Azure, desk: Desk) -> None:
    tokens = desk.folder / "tokens"
    tokens.mkdir()
    (tokens / "arc.key").write_text(azure.metadata.key)
    azure.metadata.system, azure.metadata.named = "arc-machine", tokens / "arc.key"
    broker = desk.broker(rule(provider="arc"), environ=ARC_SAYS, route=azure.route, offered=[ArcProvider(tokens)])
    assert whose(azure, broker) == "arc-machine"
    assert azure.asked == [ARC, ARC, HOST]


def test_an_agent_that_does_not_challenge_refuses(azure: Azure, desk: Desk) -> None:
    azure.metadata.foreign = 403
    error = failure(desk.broker(environ=ARC_SAYS, route=azure.route))
    assert ("the agent of Azure Arc refused: status 403" in error.message, azure.asked) == (True, [ARC])


def test_a_file_elsewhere_is_never_read(azure: Azure, desk: Desk) -> None:
    secret = desk.folder / "secret.key"
    secret.write_text(azure.metadata.key)
    azure.metadata.named = secret
    error = failure(desk.broker(environ=ARC_SAYS, route=azure.route))
    assert "names a file that is not its own" in error.message
    assert (azure.asked, azure.plain.saw("authorization")) == ([ARC], [])


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Basic",
        "Basic realm=",
        "Bearer realm={folder}/arc.key",
        "Basic realm=arc.key",
        "Basic realm=/etc/passwd",
        "Basic realm={folder}/../{name}/arc.key",
        "Basic realm={folder}/sub/arc.key",
        "Basic realm={folder}/arc.txt",
        "Basic realm={folder}/.key",
        "Basic realm={folder}/..key/../arc.key",
        "Basic realm={folder}/arc.key\x00",
    ],
)
def test_no_other_challenge_is_answered(challenge: str, tmp_path: Path) -> None:
    (tmp_path / "arc.key").write_text("key")
    with pytest.raises(CredentialUnavailable, match="not its own"):
        arc_key(challenge.format(folder=tmp_path, name=tmp_path.name), tmp_path)


@pytest.mark.parametrize("content", [b"", b"k" * 4097, b"\xff\xfe", b"two\nlines"])
def test_what_is_no_key_is_not_sent(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "arc.key").write_bytes(content)
    with pytest.raises(CredentialUnavailable, match="holds no key"):
        arc_key(f"Basic realm={tmp_path}/arc.key", tmp_path)


def test_a_file_that_may_not_be_read_names_the_group(tmp_path: Path) -> None:
    with pytest.raises(CredentialUnavailable, match="cannot be read") as caught:
        arc_key(f"Basic realm={tmp_path}/none.key", tmp_path)
    assert "himds" in caught.value.hint


@given(st.text(max_size=40))
def test_nothing_but_a_typed_error_comes_of_a_challenge(realm: str) -> None:
    with pytest.raises(OcibrokerError):
        arc_key(f"Basic realm={realm}", Path(os.sep) / "var" / "none")
