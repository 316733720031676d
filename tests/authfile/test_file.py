"""Reading: which file, which entry, and what is in it."""

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.authfile import AuthFile, Login
from ocibroker.credential import Basic, Bearer, IdentityToken
from ocibroker.errors import ConfigurationError, OcibrokerError
from ocibroker.secret import Secret
from ocibroker.target import Target
from tests.authfile.documents import auth, basic, document, holding, image

NOBODY = "00000000-0000-0000-0000-000000000000"


class TestTheFile:
    @pytest.mark.acceptance(39)
    @pytest.mark.parametrize("content", [b"", b" \n", b"{}", b'{"auths": null}', b'{"auths": {}}'])
    @pytest.mark.parametrize("legacy", [False, True])
    def test_an_empty_one_has_no_entries(self, tmp_path: Path, content: bytes, *, legacy: bool) -> None:
        path = tmp_path / "config.json"
        path.write_bytes(content)
        read = AuthFile.read(path, legacy=legacy)
        assert (read.login(image("r.test")), read.store, dict(read.helpers)) == (None, "", {})

    @pytest.mark.parametrize("home", ["gone", os.devnull])
    def test_a_missing_one_has_no_entries(self, tmp_path: Path, home: str) -> None:
        assert AuthFile.read(tmp_path / home / "config.json").login(image("r.test")) is None

    def test_the_null_device_is_an_empty_one(self) -> None:
        assert AuthFile.read(Path(os.devnull)).login(image("r.test")) is None

    @pytest.mark.parametrize(
        "content",
        [
            b"{",
            b"[]",
            b"null",
            b"7",
            b"\xff{}",
            b'{"auths": []}',
            b'{"auths": 7}',
            b'{"credsStore": 7}',
            b"[" * 9999,
        ],
    )
    def test_a_broken_one_is_an_error_that_names_it(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "config.json"
        path.write_bytes(content)
        with pytest.raises(ConfigurationError, match=r"config\.json: is not") as caught:
            AuthFile.read(path)
        assert caught.value.__context__ is None

    @pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["fifo", "folder"])
    def test_what_is_no_file_is_an_error_at_once(self, tmp_path: Path, make: object) -> None:
        path = tmp_path / "config.json"
        make(path)  # type: ignore[operator]
        with pytest.raises(ConfigurationError, match=r"config.json: (is not a regular file|cannot be read)"):
            AuthFile.read(path)

    def test_an_endless_one_is_an_error(self, tmp_path: Path) -> None:
        path = tmp_path / "config.json"
        with path.open("wb") as file:
            file.truncate(5 * 1024 * 1024)
        with pytest.raises(ConfigurationError, match="is larger than"):
            AuthFile.read(path)

    def test_the_oldest_form_has_no_auths_around_its_entries(self, tmp_path: Path) -> None:
        path = tmp_path / ".dockercfg"
        path.write_text(json.dumps({"https://r.test/v1/": basic()}))
        assert AuthFile.read(path, legacy=True).login(image("r.test/app")) is not None

    def test_it_shows_no_secret(self) -> None:
        assert auth("alice:wonder") not in repr(AuthFile.parse(document(r=basic()), source="env"))


class TestTheEntry:
    @pytest.mark.parametrize(
        "key",
        [
            "r.test",
            "R.TEST",
            "r.test.",
            "r.test:443",
            "r.test/",
            "r.test/v1/",
            "r.test/v2",
            "https://r.test",
            "https://r.test/",
            "https://r.test:443",
            "https://r.test/v1/",
            "HTTPS://r.test/v2/",
            "http://r.test",
            "https://r.test/some/page",
        ],
    )
    def test_a_host_has_many_spellings(self, key: str) -> None:
        assert holding(key).login(image("r.test/team/app")) is not None

    @pytest.mark.parametrize(
        "key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"]
    )
    @pytest.mark.parametrize("target", ["docker.io/alpine", "index.docker.io/team/app", "registry-1.docker.io"])
    def test_docker_hub_has_more(self, key: str, target: str) -> None:
        assert holding(key).login(image(target)) is not None

    @pytest.mark.parametrize(
        "key",
        [
            "",
            "/",
            "r.test@evil.test",
            "alice@r.test",
            "https://alice:x@r.test/",
            "r.test:5000",
            "http://r.test:5000",
            "r.test:0443",
            "r.test:https",
            "ftp://r.test",
            "oci://r.test",
            "r.tes",
            "test",
            "*.test",
            "a.r.test",
            "r.test.evil.test",
            "r.test\\@evil.test",
            "r.test?x",
            "r.test#x",
            " r.test",
            "r.test\n",
            "r%2etest",
            "https:///r.test",
            "https://https://r.test",
            "r.test/te",
            "r.test/team/ap",
            "r.test/team/app/more",
            "r.test//team",
            "r.test/v1/team",
        ],
    )
    def test_what_names_another_place_does_not_answer(self, key: str) -> None:
        assert holding(key).login(image("r.test/team/app")) is None

    @pytest.mark.parametrize(
        ("keys", "user"),
        [
            (("r.test", "r.test/team", "r.test/team/app"), "user2"),
            (("r.test/team/app/more", "r.test", "r.test/team"), "user2"),
            (("r.test/other", "https://r.test/v1/"), "user1"),
            (("https://r.test/v1/", "r.test:443", "r.test"), "user2"),
            (("https://r.test/v1/", "r.test:443"), "user0"),
        ],
        ids=["whole path", "longest prefix", "host", "own spelling first", "first of the others"],
    )
    def test_the_most_specific_one_answers(self, keys: tuple[str, ...], user: str) -> None:
        found = holding(*keys).login(image("r.test/team/app"))
        assert found is not None
        assert isinstance(found.credential, Basic)
        assert found.credential.username == user

    def test_a_port_that_is_left_out_is_the_targets_own(self) -> None:
        plain = Target.from_url("http://r.test/charts")
        assert holding("r.test:80").login(plain) is not None
        assert holding("r.test").login(plain) is not None
        assert holding("r.test:443").login(plain) is None

    def test_a_broken_one_stands_in_its_own_way_only(self) -> None:
        file = AuthFile.parse(document(**{"a.test": 7, "b.test": basic()}), source="auth.json")
        assert file.login(image("b.test")) is not None
        with pytest.raises(ConfigurationError, match=r"auth.json: auths\['a.test'\]: is no object"):
            file.login(image("a.test"))

    @given(
        one=st.from_regex(r"[a-z0-9./:@\\-]{1,20}", fullmatch=True),
        other=st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}", fullmatch=True),
    )
    def test_the_entry_of_one_host_never_answers_for_another(self, one: str, other: str) -> None:
        file = holding(one)
        try:
            named = Target(one.partition("://")[2].partition("/")[0] if "://" in one else one.partition("/")[0])
        except OcibrokerError:
            named = None
        found = file.login(Target(other, "team/app"))
        assert found is None or (named is not None and named.registry == other)


class TestTheSecret:
    @pytest.mark.parametrize(
        ("entry", "credential"),
        [
            (basic("alice:won:der"), Basic(username="alice", secret=Secret("won:der"))),
            (basic("alice:wonder\0\0"), Basic(username="alice", secret=Secret("wonder"))),
            ({"auth": "YWxpY2U6\r\nd29uZGVy"}, Basic(username="alice", secret=Secret("wonder"))),
            ({"username": "alice", "password": "wonder"}, Basic(username="alice", secret=Secret("wonder"))),
            ({**basic("a:b"), "username": "x", "password": "y"}, Basic(username="a", secret=Secret("b"))),
            ({"auth": None, "username": "a", "password": "b", "email": 7}, Basic(username="a", secret=Secret("b"))),
            ({"identitytoken": "t"}, IdentityToken(secret=Secret("t"))),
            ({**basic(f"{NOBODY}:"), "identitytoken": "t"}, IdentityToken(username=NOBODY, secret=Secret("t"))),
            ({**basic(":"), "identitytoken": "t"}, IdentityToken(secret=Secret("t"))),
            ({**basic("a:b"), "identitytoken": "t"}, IdentityToken(username="a", secret=Secret("t"))),
            ({"registrytoken": "t"}, Bearer(secret=Secret("t"))),
            ({**basic(), "identitytoken": "i", "registrytoken": "r"}, Bearer(secret=Secret("r"))),
            ({}, None),
            (None, None),
            ({"email": "alice@r.test"}, None),
        ],
        ids=str,
    )
    def test_it_is_decoded(self, entry: object, credential: object) -> None:
        file = AuthFile.parse(document(**{"r.test": entry}), source="auth.json")
        assert file.login(image("r.test")) == Login("r.test", credential)  # type: ignore[arg-type]

    def test_it_may_be_in_the_keyring(self) -> None:
        file = holding("r.test", entry={"username": "alice", "keyring": True})
        assert file.login(image("r.test")) == Login("r.test", keyring="alice")

    @pytest.mark.parametrize(
        "entry",
        [
            7,
            [],
            {"auth": 7},
            {"auth": "canary"},
            {"auth": "!canary!"},
            {"auth": auth("canary")},
            basic(":canary"),
            basic("alice:"),
            basic("canary\n:x"),
            {"auth": "//86YQ=="},
            {"username": "alice"},
            {"password": "canary"},
            {"identitytoken": "canary\r\nX: y"},
            {"registrytoken": "canary token"},
            {"keyring": True},
            {"username": 7, "keyring": True},
        ],
        ids=str,
    )
    def test_a_broken_one_is_an_error_that_does_not_show_it(self, entry: object) -> None:
        file = AuthFile.parse(document(**{"r.test": entry}), source="auth.json")
        with pytest.raises(ConfigurationError, match=r"auth.json: auths\['r.test'\]: ") as caught:
            file.login(image("r.test"))
        assert "canary" not in str(caught.value)
        assert caught.value.__context__ is None


class TestTheHelper:
    FILE = AuthFile.parse(
        json.dumps(
            {
                "credsStore": "desktop",
                "credHelpers": {
                    "r.test": "ecr-login",
                    "https://index.docker.io/v1/": "hub",
                    "f.test": "",
                    "b.test": 7,
                },
            }
        ),
        source="config.json",
    )

    @pytest.mark.parametrize(
        ("target", "helper"),
        [
            ("r.test/team/app", "ecr-login"),
            ("r.test:443", "ecr-login"),
            ("docker.io/alpine", "hub"),
            ("a.r.test", "desktop"),
            ("r.test:5000", "desktop"),
            ("f.test", ""),
        ],
    )
    def test_it_is_that_of_the_host_else_the_store(self, target: str, helper: str) -> None:
        assert self.FILE.helper(image(target)) == helper

    def test_a_broken_one_stands_in_its_own_way_only(self) -> None:
        assert "b.test" not in self.FILE.helpers
        with pytest.raises(ConfigurationError, match=r"config.json: credHelpers\['b.test'\]"):
            self.FILE.helper(image("b.test"))

    def test_they_are_listed_as_the_file_names_them(self) -> None:
        assert dict(self.FILE.helpers) == {
            "r.test": "ecr-login",
            "https://index.docker.io/v1/": "hub",
            "f.test": "",
        }
        assert self.FILE.store == "desktop"


@given(st.binary() | st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_nothing_but_our_own_errors_comes_of_any_bytes(content: bytes | str) -> None:
    with suppress(OcibrokerError):
        AuthFile.parse(content, source="env").login(image("r.test"))


@given(
    entry=st.dictionaries(
        st.sampled_from(["auth", "username", "password", "identitytoken", "registrytoken", "keyring"]),
        st.none() | st.booleans() | st.text() | st.text().map(auth) | st.binary().map(lambda data: data.hex()),
    )
)
def test_nothing_but_our_own_errors_comes_of_any_entry(entry: dict[str, object]) -> None:
    file = AuthFile.parse(document(**{"r.test": entry}), source="env")
    with suppress(OcibrokerError):
        file.login(image("r.test"))
