"""Other credential helpers: which of them are run, and what of their answers is believed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Basic, OcibrokerError
from ocibroker.child import Completed
from ocibroker.credential import IdentityToken
from ocibroker.credential_helper import CredentialHelper
from ocibroker.errors import ConfigurationError, CredentialUnavailable
from ocibroker.helper_protocol import NESTED
from ocibroker.target import Target

TARGET = Target.parse("registry.example.com:5000/team/app")
MISS = b"credentials not found in native keychain"
NAME = "docker-credential-stub"


def program(folder: Path, name: str = NAME, mode: int = 0o755) -> Path:
    folder.mkdir(mode=0o755, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def find(path: str, suffix: str = "stub") -> CredentialHelper | None:
    return CredentialHelper.find(suffix, {"PATH": path})


class Told:
    """Answers as a program would, and keeps what it was asked."""

    def __init__(self, stdout: bytes, status: int = 0) -> None:
        self.completed = Completed(status, stdout)
        self.asked: list[tuple[list[str], bytes, bool]] = []

    def __call__(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        inherit: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> Completed:
        self.asked.append((list(argv), stdin, inherit))
        return self.completed


def ask(stdout: bytes, status: int = 0) -> object:
    return CredentialHelper(Path("/opt") / NAME).ask(TARGET, Told(stdout, status))


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX system's modes and links")
class TestFinding:
    def test_it_is_the_first_on_the_path(self, tmp_path: Path) -> None:
        first, _ = program(tmp_path / "one"), program(tmp_path / "two")
        path = os.pathsep.join(map(str, (tmp_path / "none", tmp_path / "one", tmp_path / "two")))
        assert find(path) == CredentialHelper(first)

    @pytest.mark.parametrize(
        "suffix", ["../x", "-x", "a;b", "", "a/b", "A", ".x", "a b", "a\n", "a\x00", "é", "x" + "\u0660"]
    )
    def test_a_name_that_could_be_anything_else_is_refused(self, suffix: str, tmp_path: Path) -> None:
        program(tmp_path / "bin")
        with pytest.raises(ConfigurationError, match="no name of a credential helper"):
            find(str(tmp_path / "bin"), suffix)

    @pytest.mark.parametrize("path", ["", ".", ":", "bin", "bin:.:"], ids=repr)
    def test_what_the_working_directory_decides_is_not_looked_at(
        self, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program(tmp_path)
        program(tmp_path / "bin")
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ConfigurationError, match="is not on the PATH") as caught:
            find(path)
        assert caught.value.culprit == NAME

    def test_without_a_path_there_is_none(self) -> None:
        with pytest.raises(ConfigurationError, match="is not on the PATH"):
            CredentialHelper.find("stub", {})

    def test_what_cannot_be_run_is_none(self, tmp_path: Path) -> None:
        program(tmp_path / "bin", mode=0o644)
        with pytest.raises(ConfigurationError, match="is not on the PATH"):
            find(str(tmp_path / "bin"))

    @pytest.mark.parametrize(("folder", "mode"), [(0o777, 0o755), (0o1777, 0o755), (0o755, 0o757)])
    def test_what_everybody_could_have_planted_is_refused(self, folder: int, mode: int, tmp_path: Path) -> None:
        path = program(tmp_path / "bin", mode=mode)
        path.parent.chmod(folder)
        with pytest.raises(ConfigurationError, match="can be written by everybody"):
            find(str(path.parent))

    def test_a_link_into_a_folder_of_everybody_is_refused(self, tmp_path: Path) -> None:
        real = program(tmp_path / "open")
        real.parent.chmod(0o777)
        (tmp_path / "bin").mkdir(mode=0o755)
        (tmp_path / "bin" / NAME).symlink_to(real)
        with pytest.raises(ConfigurationError, match="can be written by everybody") as caught:
            find(str(tmp_path / "bin"))
        assert caught.value.culprit == str(real.parent)


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX system's links")
class TestOurselves:
    def test_by_name_even_where_we_are_not_installed(self) -> None:
        assert find("", "ocibroker") is None

    def test_through_links_of_other_names(self, tmp_path: Path) -> None:
        ours = program(tmp_path / "venv", "docker-credential-ocibroker")
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "hop").symlink_to(ours)
        (tmp_path / "bin" / NAME).symlink_to("hop")
        assert find(str(tmp_path / "bin")) is None

    def test_any_may_be_the_one_that_started_us(self, tmp_path: Path) -> None:
        found = program(tmp_path / "bin")
        assert CredentialHelper.find("stub", {"PATH": str(found.parent), NESTED: "1"}) is None


class TestAsking:
    @pytest.mark.parametrize(
        ("target", "server"),
        [
            ("registry.example.com/team/app", b"registry.example.com"),
            ("registry.example.com:5000", b"registry.example.com:5000"),
            ("docker.io/library/alpine", b"https://index.docker.io/v1/"),
            ("registry-1.docker.io/library/alpine", b"https://index.docker.io/v1/"),
        ],
    )
    def test_it_is_asked_for_the_host_as_docker_asks(self, target: str, server: bytes) -> None:
        told = Told(MISS, 1)
        CredentialHelper(Path("/opt") / NAME).ask(Target.parse(target), told)
        assert told.asked == [([f"/opt/{NAME}", "get"], server, True)]

    def test_a_user_and_a_secret_are_a_login(self) -> None:
        found = ask(b'{"ServerURL": "x", "Username": "alice", "Secret": "wonder", "More": 1}\n')
        assert isinstance(found, Basic)
        assert (found.username, found.secret.reveal()) == ("alice", "wonder")

    def test_the_user_of_a_token_says_that_it_is_one(self) -> None:
        found = ask(b'{"Username": "<token>", "Secret": "eyJh.b.c"}')
        assert isinstance(found, IdentityToken)
        assert (found.username, found.secret.reveal()) == ("", "eyJh.b.c")

    @pytest.mark.parametrize(
        ("stdout", "status"),
        [(MISS, 1), (MISS + b"\n", 1), (b" " + MISS + b"\r\n", 1), (b'{"Username": "", "Secret": ""}', 0)],
    )
    def test_a_miss_is_no_login(self, stdout: bytes, status: int) -> None:
        assert ask(stdout, status) is None

    @pytest.mark.parametrize(
        ("stdout", "status"),
        [
            (b"hunter2 is locked", 1),
            (MISS + b": hunter2", 1),
            (b"error: " + MISS + b" hunter2", 1),
            (b'{"Username": "alice", "Secret": "hunter2"}', 1),
            (b"hunter2", 0),
            (b"", 0),
            (b"[]", 0),
            (b"null", 0),
            (b'{"Username": "hunter2"}', 0),
            (b'{"Secret": "hunter2"}', 0),
            (b'{"Username": "alice", "Secret": 7}', 0),
            (b'{"Username": "", "Secret": "hunter2"}', 0),
            (b'{"Username": "alice", "Secret": ""}', 0),
            (b'{"Username": "hunter2:x", "Secret": "hunter2"}', 0),
            (b'{"Username": "alice", "Secret": "hunter2\\nhost=evil.example"}', 0),
            (b'{"Username": "alice", "Secret": "hunter2"} {"Username": "bob"}', 0),
            (b"\xff\xfe", 0),
            (b"[" * 100_000, 0),
        ],
    )
    def test_anything_else_is_a_failure_that_names_the_program_only(self, stdout: bytes, status: int) -> None:
        with pytest.raises(CredentialUnavailable) as caught:
            ask(stdout, status)
        assert caught.value.culprit == NAME
        assert f"echo registry.example.com:5000 | {NAME} get" in caught.value.hint
        assert "hunter2" not in f"{caught.value!r} {caught.value}"
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)

    @given(
        stdout=st.one_of(
            st.binary(),
            st.dictionaries(
                st.sampled_from(["Username", "Secret", "x"]), st.text() | st.none() | st.integers()
            ).map(lambda found: json.dumps(found).encode()),
        ),
        status=st.integers(0, 3),
    )
    def test_no_answer_leads_to_anything_but_a_typed_error(self, stdout: bytes, status: int) -> None:
        try:
            found = ask(stdout, status)
        except OcibrokerError:
            return
        assert found is None or isinstance(found, Basic | IdentityToken)
