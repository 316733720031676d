"""Who reaches the Unix socket, and whose place it takes."""

from __future__ import annotations

import os
import re
import socket
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from ocibroker.config import SidecarSettings, UnixListening
from ocibroker.errors import ConfigurationError, WriteFailed
from ocibroker.sidecar.doors import default_place
from ocibroker.sidecar.unix_socket import unix_socket
from tests.sidecar.served import Client, served
from tests.sidecar.stranger import NOBODY, ask_as, only_root

OWN = UnixListening()
OTHERS = UnixListening(mode=0o666, allow_uids=frozenset({NOBODY}))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestMode:
    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
    @pytest.mark.parametrize("wanted", [0o600, 0o660, 0o666])
    def test_is_the_one_that_was_configured_whatever_the_umask(self, folder: Path, wanted: int, umask: int) -> None:
        before = os.umask(umask)
        try:
            with unix_socket(folder / "new" / "s", UnixListening(mode=wanted)) as made:
                assert mode(made.path) == wanted
                assert mode(folder / "new") == (0o700 if wanted == 0o600 else 0o711)
        finally:
            os.umask(before)

    def test_is_never_wider_than_it_was_configured(self, folder: Path) -> None:
        path, seen, over = folder / "s", set[int](), threading.Event()

        def look() -> None:
            while not over.is_set():
                for place in (path, folder / ".s" / "s"):
                    try:
                        seen.add(mode(place))
                    except FileNotFoundError:
                        continue

        watcher = threading.Thread(target=look)
        watcher.start()
        for _ in range(300):
            with unix_socket(path, OWN):
                pass
        over.set()
        watcher.join()
        assert seen == {0o600}

    @only_root
    def test_keeps_another_user_out(self, folder: Path) -> None:
        with served(SidecarSettings(socket=UnixListening(path=folder / "s"))) as one:
            assert ask_as(NOBODY, folder / "s") == "PermissionError"
        assert one.tiny.asked == 0


class TestCaller:
    @only_root
    def test_who_is_not_on_the_list_gets_no_byte_and_is_counted(self, folder: Path, loop: str) -> None:
        with served(SidecarSettings(socket=UnixListening(path=folder / "s", mode=0o666)), loop=loop) as one:
            assert ask_as(NOBODY, folder / "s") in {"", "ConnectionResetError", "BrokenPipeError"}
            assert ask_as(NOBODY, folder / "s") in {"", "ConnectionResetError", "BrokenPipeError"}
        assert one.denied == {"uid": 2}
        assert all(re.fullmatch(rf"uid {NOBODY} \(pid \d+\) at socket", who) for who in one.strangers)
        assert one.tiny.asked == 0

    @only_root
    def test_who_is_on_the_list_is_served_and_known(self, folder: Path, loop: str) -> None:
        listening = UnixListening(path=folder / "s", mode=0o666, allow_uids=frozenset({NOBODY}))
        with served(SidecarSettings(socket=listening), loop=loop) as one:
            assert f'"uid": {NOBODY}' in ask_as(NOBODY, folder / "s")
            with Client.of(folder / "s") as own:
                assert own.ask().said["uid"] == os.geteuid()
        assert not one.denied


class TestOwner:
    @only_root
    @pytest.mark.parametrize(
        ("owner", "uid", "gid"),
        [("65534", NOBODY, 0), ("65534:65534", NOBODY, NOBODY), (":65534", 0, NOBODY), ("root:root", 0, 0)],
    )
    def test_gets_the_socket(self, folder: Path, owner: str, uid: int, gid: int) -> None:
        listening = UnixListening(owner=owner, mode=0o660, allow_uids=frozenset({NOBODY}))
        with unix_socket(folder / "s", listening) as made:
            found = made.path.stat()
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (uid, gid, 0o660)

    @only_root
    def test_may_call_with_the_default_mode(self, folder: Path) -> None:
        listening = UnixListening(path=folder / "s", owner=str(NOBODY), allow_uids=frozenset({NOBODY}))
        with served(SidecarSettings(socket=listening)):
            assert " 200 OK" in ask_as(NOBODY, folder / "s")

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            (UnixListening(owner="nobody-of-that-name"), "is no user or group here"),
            (UnixListening(owner=":no-such-group"), "is no user or group here"),
            (UnixListening(owner=""), "names nobody"),
            (UnixListening(owner="root:"), "names no group"),
            (UnixListening(owner="54321"), "may not call.*add 54321 to sidecar.allow_uids"),
            (UnixListening(allow_uids=frozenset({54321})), "names users whom the socket's mode keeps out"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_is_refused_where_it_would_be_ignored(
        self, folder: Path, settings: UnixListening, message: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=message), unix_socket(folder / "s", settings):
            pass
        assert list(folder.iterdir()) == []


def regular(path: Path) -> None:
    path.write_text("mine")


def link(path: Path) -> None:
    path.symlink_to(path.parent / "target")
    (path.parent / "target").write_text("mine")


def directory(path: Path) -> None:
    path.mkdir()


def a_strangers(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
    os.chown(path, NOBODY, NOBODY)


@pytest.mark.fault(38)
class TestPlace:
    def test_of_a_living_one_is_not_taken(self, folder: Path) -> None:
        with served(SidecarSettings(socket=UnixListening(path=folder / "s"))) as one:
            with (
                pytest.raises(ConfigurationError, match="another process serves here"),
                unix_socket(folder / "s", OWN),
            ):
                pass
            with Client.of(folder / "s") as client:
                assert client.ask().status == 200
        assert one.tiny.asked == 1

    def test_of_a_living_one_that_holds_no_lock_is_not_taken(self, folder: Path) -> None:
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(folder / "s"))
            other.listen(1)
            with (
                pytest.raises(ConfigurationError, match="another process serves here"),
                unix_socket(folder / "s", OWN),
            ):
                pass
            Client.of(folder / "s").connection.close()

    def test_of_a_dead_one_is_taken_and_never_empty(self, folder: Path) -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(folder / "s"))
        with unix_socket(folder / "s", OWN) as made:
            Client.of(made.path).connection.close()
        assert [path.name for path in folder.iterdir()] == ["s.lock"]

    @pytest.mark.parametrize("make", [regular, link, directory], ids=lambda make: make.__name__)
    def test_of_something_else_is_left_as_it_is(self, folder: Path, make: Callable[[Path], None]) -> None:
        make(folder / "s")
        paths = [*folder.rglob("*")]  # to list a folder is to read it, and its time of that would change
        before = {path: path.lstat() for path in paths}
        with pytest.raises(ConfigurationError, match="is no socket"), unix_socket(folder / "s", OWN):
            pass
        assert {path: path.lstat() for path in before} == before

    @only_root
    def test_of_a_strangers_socket_is_left_as_it_is(self, folder: Path) -> None:
        a_strangers(folder / "s")
        with pytest.raises(ConfigurationError, match="is a socket of another user"), unix_socket(folder / "s", OWN):
            pass
        assert (folder / "s").is_socket()

    def test_is_given_back_only_if_it_is_still_ours(self, folder: Path) -> None:
        with ExitStack() as stack:
            stack.enter_context(unix_socket(folder / "s", OWN))
            (folder / "s").unlink()
            other = stack.enter_context(socket.socket(socket.AF_UNIX))
            other.bind(str(folder / "s"))
        assert (folder / "s").is_socket()

    def test_with_a_lock_file_that_is_a_link_is_refused(self, folder: Path) -> None:
        (folder / "s.lock").symlink_to(folder / "elsewhere")
        with pytest.raises(WriteFailed, match=r"s\.lock: cannot be opened"), unix_socket(folder / "s", OWN):
            pass
        assert not (folder / "elsewhere").exists()

    def test_is_cleared_of_what_a_killed_process_left(self, folder: Path) -> None:
        (folder / ".s").mkdir(0o700)
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(folder / ".s" / "s"))
        with unix_socket(folder / "s", OWN):
            assert not (folder / ".s").exists()

    def test_that_is_too_long_is_a_clear_error(self, folder: Path) -> None:
        longest = (107 if sys.platform == "linux" else 103) - len(f"{folder}/./s")
        _open(folder / ("s" * longest))
        with pytest.raises(
            ConfigurationError, match=r"is too long for a socket: \d+ bytes, of which .* allows \d+"
        ):
            _open(folder / ("s" * (longest + 1)))

    def test_is_made_with_what_is_missing_above_it(self, folder: Path) -> None:
        with unix_socket(folder / "a" / "b" / "s", OWN):
            assert {mode(folder / "a"), mode(folder / "a" / "b")} == {0o700}


def _open(path: Path) -> None:
    with unix_socket(path, OWN):
        pass


class TestFolder:
    @pytest.mark.parametrize("level", [".", ".."])
    def test_that_others_may_write_is_refused(self, folder: Path, level: str) -> None:
        below = folder / "below"
        below.mkdir()
        (below / level).resolve().chmod(0o777)
        with pytest.raises(ConfigurationError, match="can be written by others"):
            _open(below / "s")
        assert list(below.iterdir()) == []

    def test_that_is_itself_sticky_and_open_is_refused(self, folder: Path) -> None:
        folder.chmod(0o1777)
        with pytest.raises(ConfigurationError, match="can be written by others"):
            _open(folder / "s")

    @only_root
    @pytest.mark.parametrize("level", [".", ".."])
    def test_of_another_user_is_refused(self, folder: Path, level: str) -> None:
        below = folder / "below"
        below.mkdir()
        os.chown((below / level).resolve(), NOBODY, NOBODY)
        with pytest.raises(ConfigurationError, match="belongs to another user"):
            _open(below / "s")

    def test_behind_a_link_is_checked_itself(self, folder: Path) -> None:
        (folder / "real").mkdir()
        (folder / "real").chmod(0o777)
        (folder / "link").symlink_to("real")
        with pytest.raises(ConfigurationError, match=r"real: can be written by others"):
            _open(folder / "link" / "s")

    def test_that_lets_nobody_through_is_refused_where_others_shall_call(self, folder: Path) -> None:
        folder.chmod(0o700)
        with pytest.raises(ConfigurationError, match="lets nobody else through"), unix_socket(folder / "s", OTHERS):
            pass


class TestDefault:
    def test_is_in_the_runtime_directory(self) -> None:
        place = default_place({"XDG_RUNTIME_DIR": "/run/user/1000"})
        assert place == Path("/run/user/1000/ocibroker/broker.sock")

    @only_root
    @pytest.mark.parametrize("runtime", ["", "relative"])
    def test_is_roots_runtime_directory_for_root(self, runtime: str) -> None:
        assert default_place({"XDG_RUNTIME_DIR": runtime}) == Path("/run/ocibroker/broker.sock")
