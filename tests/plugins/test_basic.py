"""A user name and a password, from wherever they are kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest

from ocibroker import Basic, Broker, OcibrokerError
from ocibroker.errors import ConfigurationError, CredentialUnavailable
from ocibroker.provider import Request, SecretRef, Target, TextRef
from ocibroker.testing import ProviderContract
from ocibroker_basic import BasicOptions, ocibroker_providers

TARGET = "charts.example.com/team/app"
(BASIC,) = ocibroker_providers()
PASSWORD = "c0rrect-h0rse: battery staple"
READ = "import os, pathlib; print(pathlib.Path(os.environ['HOME'], 'password').read_text(), end='')"


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class _Kept(ProviderContract):
    provider = BASIC
    look_alikes = ("registry.example.com", "docker.io/library/alpine", "localhost:5000", "basic.example.com")
    secrets = (PASSWORD,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "user").write_text("alice\n")
        (folder / "password").write_text(f"{PASSWORD}\n")
        return {"CHARTS_USER": "alice", "CHARTS_PASSWORD": PASSWORD}


class TestKeptInFiles(_Kept):
    options = MappingProxyType({"username": {"file": "user"}, "password": {"file": "password"}})


class TestKeptInVariables(_Kept):
    options = MappingProxyType({"username": {"env": "CHARTS_USER"}, "password": {"env": "CHARTS_PASSWORD"}})


class TestKeptInTheConfiguration(_Kept):
    options = MappingProxyType({"username": "alice", "password": PASSWORD})


class TestAskedOfAProgram(_Kept):
    options = MappingProxyType({"username": "alice", "password": {"exec": [sys.executable, "-c", READ]}})

    def prepare(self, folder: Path) -> Mapping[str, str]:
        return {**super().prepare(folder), "HOME": str(folder)}


def configured(folder: Path, username: str, password: str, *, more: str = "") -> Path:
    path = folder / "config.toml"
    options = f"options = {{ username = {username}, password = {password} }}"
    path.write_text(f'[[registry]]\nmatch = "charts.example.com"\nprovider = "basic"\n{options}\n{more}')
    path.chmod(0o600)
    return path


def credential(broker: Broker) -> Basic:
    found = broker.access(TARGET).credential
    assert isinstance(found, Basic)
    return found


PROGRAM = f'''{{ exec = ["{sys.executable}", "-c", "print('{PASSWORD}')"] }}'''


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ('"alice"', f'"{PASSWORD}"'),
        ('{ file = "user" }', '{ file = "password" }'),
        ('{ file = "lf/user" }', '{ file = "lf/password" }'),
        ('{ file = "crlf/user" }', '{ file = "crlf/password" }'),
        ('{ env = "CHARTS_USER" }', '{ env = "CHARTS_PASSWORD" }'),
        ('"alice"', PROGRAM),
    ],
    ids=["literals", "files", "files-with-a-line-break", "files-of-windows", "variables", "program"],
)
def test_every_source_gives_the_same_credential(username: str, password: str, tmp_path: Path) -> None:
    for folder, ending in (("", ""), ("lf", "\n"), ("crlf", "\r\n")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "user").write_bytes(f"alice{ending}".encode())
        (tmp_path / folder / "password").write_bytes(f"{PASSWORD}{ending}".encode())
    environ = {"CHARTS_USER": "alice", "CHARTS_PASSWORD": PASSWORD}
    with Broker.from_config(configured(tmp_path, username, password), environ=environ) as broker:
        found = credential(broker)
        assert (found.username, found.secret.reveal()) == ("alice", PASSWORD)
        assert (found.issued_at, found.expires_at) == (None, None)


def test_only_one_line_break_does_not_belong_to_a_password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n\n")
    with Broker.from_config(configured(tmp_path, '"alice"', '{ file = "password" }'), environ={}) as broker:
        with pytest.raises(CredentialUnavailable, match="control character") as caught:
            broker.access(TARGET)
        assert caught.value.culprit == f"file {tmp_path / 'password'}"


@pytest.mark.parametrize(
    ("password", "culprit", "why"),
    [
        ('{ file = "nowhere" }', "file {folder}/nowhere", "No such file"),
        ('{ file = "." }', "file {folder}", "directory"),
        ('{ file = "empty" }', "file {folder}/empty", "empty"),
        ('{ file = "bytes" }', "file {folder}/bytes", "not UTF-8"),
        ('{ env = "NOWHERE" }', "variable NOWHERE", "is not set"),
        ('{ env = "EMPTY" }', "env EMPTY", "empty"),
        (f'{{ exec = ["{sys.executable}", "-c", "raise SystemExit(3)"] }}', sys.executable, "status 3"),
        ('{ exec = ["/nowhere/program"] }', "/nowhere/program", "cannot be run"),
    ],
    ids=[
        "missing-file",
        "folder",
        "empty-file",
        "binary-file",
        "missing-variable",
        "empty-variable",
        "failing-program",
        "missing-program",
    ],
)
def test_a_source_that_fails_is_named(password: str, culprit: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with Broker.from_config(configured(tmp_path, '"alice"', password), environ={"EMPTY": ""}) as broker:
        with pytest.raises(OcibrokerError, match=why) as caught:
            broker.access(TARGET)
        assert isinstance(caught.value, CredentialUnavailable | ConfigurationError)
        assert caught.value.culprit == culprit.format(folder=tmp_path)


def test_a_source_that_fails_is_no_anonymous_access_unless_the_rule_says_so(tmp_path: Path) -> None:
    allowed = configured(tmp_path, '"alice"', '{ file = "nowhere" }', more="anonymous_fallback = true\n")
    with Broker.from_config(allowed, environ={}) as broker:
        access = broker.access(TARGET)
        assert access.headers() == {}
        assert "anonymous_fallback" in str(access.credential)
        assert str(tmp_path / "nowhere") not in access.headers()


@pytest.mark.acceptance(33)
def test_a_rotated_file_is_in_force_one_second_later(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "password"
    file.write_text("0ld-password\n")
    path = configured(tmp_path, '"alice"', '{ file = "password" }')
    with Broker.from_config(path, environ={}, clock=clock) as broker:
        assert credential(broker).secret.reveal() == "0ld-password"
        file.write_text("n3w-and-longer-password\n")
        assert credential(broker).secret.reveal() == "0ld-password"
        clock.seconds += 1
        assert credential(broker).secret.reveal() == "n3w-and-longer-password"


@pytest.mark.acceptance(33)
@pytest.mark.skipif(os.name != "posix", reason="Kubernetes swaps a symbolic link")
def test_a_mount_of_kubernetes_is_rotated_by_its_link(tmp_path: Path) -> None:
    clock = Clock()
    for version, password in (("..2026_01", "one-password"), ("..2026_02", "two-password")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "password").write_text(password)
    (tmp_path / "..data").symlink_to("..2026_01")
    (tmp_path / "password").symlink_to("..data/password")
    path = configured(tmp_path, '"alice"', '{ file = "password" }')
    with Broker.from_config(path, environ={}, clock=clock) as broker:
        assert credential(broker).secret.reveal() == "one-password"
        (tmp_path / "..data_tmp").symlink_to("..2026_02")
        (tmp_path / "..data_tmp").replace(tmp_path / "..data")
        clock.seconds += 1
        assert credential(broker).secret.reveal() == "two-password"


def asked(username: TextRef, password: SecretRef) -> Request[BasicOptions]:
    options = BasicOptions(username=username, password=password)
    return Request(target=Target.parse(TARGET), options=options)


def test_its_identity_names_the_user_and_the_place_of_the_password() -> None:
    identity = BASIC.identity(asked(TextRef.decode("alice"), SecretRef.decode({"file": "/run/secrets/charts"})))
    assert identity.parts == ("user alice", "password from file /run/secrets/charts")
    assert identity.watch == (Path("/run/secrets/charts"),)
    assert identity.reach == "local"


def test_two_users_and_two_places_are_two_identities() -> None:
    identities = {
        BASIC.identity(asked(TextRef.decode(user), SecretRef.decode(password)))
        for user in ("alice", "bob", {"env": "USER_NAME"})
        for password in ({"file": "/one"}, {"file": "/two"}, {"env": "ONE"}, {"exec": ["/bin/one"]})
    }
    assert len(identities) == 12


def test_two_passwords_in_the_configuration_never_share_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    rules = (("one.example.com", "first-password"), ("two.example.com", "second-password"))
    path.write_text(
        "".join(
            f'[[registry]]\nmatch = "{host}"\nprovider = "basic"\n'
            f'options = {{ username = "alice", password = "{password}" }}\n'
            for host, password in rules
        )
    )
    path.chmod(0o600)
    with Broker.from_config(path, environ={}) as broker:
        for host, password in rules:
            found = broker.access(host).credential
            assert isinstance(found, Basic)
            assert found.secret.reveal() == password


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ('{ username = "alice" }', "password"),
        ('{ password = { env = "X" } }', "username"),
        ('{ username = "alice", passwort = { env = "X" } }', "did you mean password"),
        ('{ username = "alice", password = { env = "X", file = "x" } }', r"options\.password: .*\{ env = … \}"),
        ('{ username = "alice", password = 7 }', r"options\.password: .*\{ env = … \}"),
        ('{ username = "alice", password = "" }', "empty"),
    ],
    ids=["no-password", "no-user", "misspelt", "two-sources", "number", "empty"],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(options: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[[registry]]\nmatch = "charts.example.com"\nprovider = "basic"\noptions = {options}\n')
    with pytest.raises(ConfigurationError, match=why) as caught:
        Broker.from_config(path, environ={})
    assert caught.value.culprit.startswith(str(path))
