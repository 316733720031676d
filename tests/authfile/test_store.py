"""Writing: nothing is lost, nothing is half, and nobody else can read it."""

import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.authfile import AuthFile, Login, logins_path, put_login, remove_login
from ocibroker.credential import Basic, Bearer, Credential, IdentityToken
from ocibroker.errors import ConfigurationError, InvalidValue, WriteFailed
from ocibroker.secret import Secret
from tests.authfile.documents import image

ROOT = Path(__file__).parents[2]
LOGIN = Login("r.test", Basic(username="alice", secret=Secret("wonder")))
OTHERS = {
    "psFormat": "{{.ID}}",
    "credHelpers": {"b.test": "ecr-login"},
    "auths": {"old.test": {"auth": "YTpi", "email": "a@old.test"}, "odd.test": 7},
    "number": 12345678901234567890123,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ocibroker" / "auth.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def writer(path: Path, *hosts: str, **environ: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.authfile.writer", str(path), *hosts]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environ})


def ended(process: subprocess.Popen[bytes]) -> int:
    with process:
        return process.wait(60)


class TestRoundTrip:
    @pytest.mark.acceptance(37)
    @pytest.mark.parametrize(
        "credential",
        [
            Basic(username="alice", secret=Secret("won:der")),
            IdentityToken(secret=Secret("refresh-me")),
            IdentityToken(username="00000000-0000-0000-0000-000000000000", secret=Secret("refresh-me")),
            Bearer(secret=Secret("bear-me")),
        ],
        ids=repr,
    )
    def test_what_was_put_is_read(self, path: Path, credential: Credential) -> None:
        put_login(path, Login("r.test/team", credential))
        assert AuthFile.read(path).login(image("r.test/team/app")) == Login("r.test/team", credential)

    @given(
        username=st.text(st.characters(exclude_characters=":", exclude_categories=("Cc", "Cs")), min_size=1),
        password=st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1),
    )
    def test_any_user_and_any_password_are_read_as_they_were(
        self, tmp_path_factory: pytest.TempPathFactory, username: str, password: str
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "any" / "auth.json"
        login = Login("r.test", Basic(username=username, secret=Secret(password)))
        put_login(path, login)
        assert AuthFile.read(path).login(image("r.test")) == login

    def test_a_secret_in_the_keyring_leaves_the_user_name_only(self, path: Path) -> None:
        put_login(path, Login("r.test", keyring="alice"))
        assert json.loads(path.read_text()) == {"auths": {"r.test": {"username": "alice", "keyring": True}}}
        assert AuthFile.read(path).login(image("r.test")) == Login("r.test", keyring="alice")

    def test_a_secret_is_in_one_place(self) -> None:
        with pytest.raises(InvalidValue, match="either in the file or in the keyring"):
            Login("r.test", LOGIN.credential, "alice")


class TestWhatElseIsThere:
    @pytest.fixture
    def found(self, path: Path) -> Path:
        path.parent.mkdir(mode=0o700)
        path.touch(mode=0o600)
        path.write_text(json.dumps(OTHERS))
        return path

    def test_it_stays(self, found: Path) -> None:
        put_login(found, LOGIN)
        assert remove_login(found, image("r.test")) == (LOGIN,)
        assert json.loads(found.read_text()) == OTHERS
        assert "12345678901234567890123" in found.read_text()

    def test_a_removal_takes_every_spelling_of_the_same_place_and_no_other(self, path: Path) -> None:
        keys = ("https://r.test/v1/", "r.test:443", "r.test", "r.test/team", "a.r.test")
        for key in keys:
            put_login(path, Login(key, LOGIN.credential))
        assert {login.key for login in remove_login(path, image("r.test"))} == {*keys[:3]}
        assert [*json.loads(path.read_text())["auths"]] == ["r.test/team", "a.r.test"]

    def test_a_removal_of_what_is_not_there_writes_nothing(self, found: Path) -> None:
        before = found.stat()
        assert remove_login(found, image("r.test")) == ()
        assert found.stat() == before
        assert remove_login(found.parent.parent / "gone" / "auth.json", image("r.test")) == ()
        assert not (found.parent.parent / "gone").exists()

    def test_a_broken_entry_can_be_removed(self, found: Path) -> None:
        assert remove_login(found, image("odd.test")) == (Login("odd.test"),)

    def test_a_broken_file_is_not_overwritten(self, found: Path) -> None:
        found.write_text("{")
        for change in (lambda: put_login(found, LOGIN), lambda: remove_login(found, image("r.test"))):
            with pytest.raises(ConfigurationError, match=r"auth\.json: is not JSON"):
                change()
        assert found.read_text() == "{"

    @pytest.mark.acceptance(39)
    @pytest.mark.parametrize("content", ["", " \n", '{"auths": null}'])
    def test_an_empty_file_is_filled(self, found: Path, content: str) -> None:
        found.write_text(content)
        put_login(found, LOGIN)
        assert AuthFile.read(found).login(image("r.test")) == LOGIN


class TestWhoCanReadIt:
    def test_the_owner_alone(self, path: Path) -> None:
        put_login(path, LOGIN)
        assert (mode(path.parent), mode(path), mode(path.with_name("auth.json.lock"))) == (0o700, 0o600, 0o600)

    def test_a_file_that_others_could_read_is_closed_to_them(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700)
        path.touch()
        path.chmod(0o644)
        put_login(path, LOGIN)
        assert mode(path) == 0o600

    def test_another_name_of_the_same_file_gets_nothing(self, path: Path, tmp_path: Path) -> None:
        path.parent.mkdir(mode=0o700)
        (tmp_path / "planted").write_text("{}")
        path.hardlink_to(tmp_path / "planted")
        put_login(path, LOGIN)
        assert (tmp_path / "planted").read_text() == "{}"


def planted_link(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere"
    elsewhere.write_text("{}")
    path.symlink_to(elsewhere)


def foreign(path: Path) -> None:
    path.write_text("{}")
    _given_away(path)


def foreign_folder(path: Path) -> None:
    _given_away(path.parent)


def open_folder(path: Path) -> None:
    path.parent.chmod(0o777)


def linked_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to(path.parent.with_name("elsewhere"))


def linked_lock(path: Path) -> None:
    path.with_name("auth.json.lock").symlink_to(path.parent.parent / "elsewhere")


def fifo_lock(path: Path) -> None:
    os.mkfifo(path.with_name("auth.json.lock"))


def _given_away(path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.chown(path, 12345, 12345)


class TestWhatStandsInItsPlace:
    @pytest.mark.parametrize(
        ("plant", "why"),
        [
            (planted_link, r"auth\.json: is not a regular file"),
            (os.mkfifo, r"auth\.json: is not a regular file"),
            (os.mkdir, r"auth\.json: (is not a regular file|cannot be read)"),
            (foreign, r"auth\.json: belongs to another user"),
            (foreign_folder, r"ocibroker: belongs to another user"),
            (open_folder, r"ocibroker: can be written by others \(chmod go-w "),
            (linked_folder, r"ocibroker: cannot be written: "),
            (linked_lock, r"auth\.json\.lock: cannot be opened: "),
            (fifo_lock, r"auth\.json\.lock: is not a regular file"),
        ],
        ids=lambda value: getattr(value, "__name__", ""),
    )
    def test_it_is_refused_and_untouched(self, path: Path, plant: Callable[[Path], object], why: str) -> None:
        path.parent.mkdir(mode=0o700)
        plant(path)
        elsewhere = path.parent.parent / "elsewhere"
        with pytest.raises((WriteFailed, ConfigurationError), match=why):
            put_login(path, LOGIN)
        left = {one.name for one in path.parent.iterdir()}
        assert left <= {"auth.json", "auth.json.lock"}
        assert not elsewhere.is_file() or elsewhere.read_text() == "{}"

    def test_a_folder_that_cannot_be_made_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(WriteFailed, match="cannot be written: "):
            put_login(tmp_path / "file" / "ocibroker" / "auth.json", LOGIN)


class TestFaults:
    def test_a_full_disk_leaves_the_old_file(self, path: Path) -> None:
        """The limit on a file's size stands for it: a write fails halfway."""
        put_login(path, LOGIN)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
        try:
            with pytest.raises(WriteFailed, match="cannot be written: File too large"):
                put_login(path, Login("new.test", Basic(username="alice", secret=Secret("x" * 1000))))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert AuthFile.read(path).login(image("r.test")) == LOGIN
        assert {one.name for one in path.parent.iterdir()} == {"auth.json", "auth.json.lock"}

    def test_a_kill_at_any_step_leaves_the_old_file_or_the_new_one(self, path: Path) -> None:
        put_login(path, LOGIN)
        old, moment, seen = path.read_bytes(), 0, set()
        while ended(writer(path, "new.test", CRASH_AT=str(moment + 1))) != 0:
            moment += 1
            found = AuthFile.read(path)
            assert found.login(image("r.test")) == LOGIN
            assert (found.login(image("new.test")) is None) == (path.read_bytes() == old)
            seen.add(path.read_bytes())
            path.write_bytes(old)
        assert moment > 20
        assert len(seen) == 2

    def test_a_lock_that_is_held_is_waited_for_and_then_said(self, path: Path) -> None:
        from ocibroker.filelock import locked

        path.parent.mkdir()
        with locked(path), pytest.raises(WriteFailed, match="is held by another process"), locked(path, seconds=0):
            pytest.fail("two hold it")


@pytest.mark.acceptance(39)
def test_twenty_processes_lose_nothing(path: Path) -> None:
    hosts = [f"r{number}.test" for number in range(20)]
    assert [ended(process) for process in [writer(path, host) for host in hosts]] == [0] * len(hosts)
    read = AuthFile.read(path)
    assert [host for host in hosts if read.login(image(host)) is None] == []
    assert mode(path) == 0o600


def test_sixteen_processes_that_write_the_same_hosts_leave_all_of_them(path: Path) -> None:
    hosts = [f"r{number}.test" for number in range(25)]
    assert {ended(process) for process in [writer(path, *hosts) for _ in range(16)]} == {0}
    assert [*json.loads(path.read_text())["auths"]] != []
    assert {*json.loads(path.read_text())["auths"]} == {*hosts}


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"HOME": "/home/alice"}, "/home/alice/.config/ocibroker/auth.json"),
        ({"HOME": "/home/alice", "XDG_CONFIG_HOME": "/elsewhere"}, "/elsewhere/ocibroker/auth.json"),
    ],
)
def test_where_it_is(environ: dict[str, str], path: str) -> None:
    assert logins_path(environ) == Path(path)
