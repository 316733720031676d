"""The logins of other tools, found without a word of configuration."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocibroker import Anonymous, Basic, OcibrokerError
from ocibroker.authfile import Login, put_login
from ocibroker.errors import CredentialUnavailable
from ocibroker.frontends.docker import DOCKER
from ocibroker.provider import Bearer, IdentityToken, Secret, Strength, Target
from ocibroker.testing import ProviderContract
from ocibroker_docker_config import DockerConfigProvider
from tests.plugins.laptop import FAILURE, MISS, Laptop, answering, entry, logins

HOST = "registry.example.com"
TARGET = f"{HOST}/team/app"
PASSWORD = "c0rrect-h0rse: battery staple"


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path)


class TestContract(ProviderContract):
    provider = DockerConfigProvider()
    recognised = (
        TARGET,
        "docker.io/library/alpine",
        "localhost:5000",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
    )
    secrets = (PASSWORD,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        laptop = Laptop(folder)
        laptop.configure(auths={HOST: entry("alice", PASSWORD)})
        return laptop.environ


class TestAskedOfAHelper(ProviderContract):
    provider = DockerConfigProvider()
    secrets = (PASSWORD,)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        laptop = Laptop(folder)
        laptop.configure(credsStore="stub")
        laptop.helper("stub", answering("alice", PASSWORD))
        return laptop.environ


def test_it_claims_every_target_for_want_of_anybody_else() -> None:
    claim = DockerConfigProvider().claim(Target.parse(TARGET))
    assert claim.strength is Strength.FALLBACK


class TestPlaces:
    FILES = (
        (".config/ocibroker/auth.json", "ours"),
        ("run/containers/auth.json", "runtime"),
        (".config/containers/auth.json", "podman"),
        (".docker/config.json", "docker"),
        (".dockercfg", "old-docker"),
        (".config/helm/registry/config.json", "helm"),
    )

    def test_the_first_with_a_login_wins(self, laptop: Laptop) -> None:
        for name, user in self.FILES:
            found = logins(registry_example_com=user)
            laptop.write(name, found["auths"] if name == ".dockercfg" else found)
        for name, user in self.FILES:
            access = laptop.access(TARGET)
            assert isinstance(access.credential, Basic)
            assert (access.provider, access.credential.username) == ("docker-config", user)
            (laptop.home / name).write_text(json.dumps(logins(other_example_com="somebody")))
        assert laptop.access(TARGET).provider is None

    def test_what_a_variable_holds_goes_before_files(self, laptop: Laptop) -> None:
        laptop.configure(**logins(registry_example_com="docker"))
        assert laptop.having(DOCKER_AUTH_CONFIG=json.dumps(logins(registry_example_com="ci"))).user(TARGET) == "ci"
        assert laptop.having(DOCKER_AUTH_CONFIG=json.dumps(logins(other_example_com="ci"))).user(TARGET) == "docker"

    def test_a_named_file_of_podman_keeps_the_default_places_out(self, laptop: Laptop) -> None:
        laptop.configure(**logins(registry_example_com="docker"))
        named = laptop.write("named.json", logins(other_example_com="podman"))
        asked = laptop.having(REGISTRY_AUTH_FILE=str(named))
        assert (asked.user("other.example.com"), asked.user(TARGET)) == ("podman", None)

    @pytest.mark.parametrize("home", ["", "/nonexistent", os.devnull])
    def test_without_a_home_nothing_in_it_is_found(self, home: str, laptop: Laptop) -> None:
        laptop.configure(**logins(registry_example_com="docker"))
        assert isinstance(laptop.having(HOME=home).access(TARGET).credential, Anonymous)

    def test_where_was_looked_is_part_of_the_reason(self, laptop: Laptop) -> None:
        nowhere = laptop.access(TARGET).credential
        assert nowhere == Anonymous(f"no rule matches {TARGET}, and there is no login for {HOST}")
        docker, podman = laptop.configure(), laptop.write(".config/containers/auth.json", "")
        somewhere = laptop.access(TARGET).credential
        assert somewhere == Anonymous(
            f"no rule matches {TARGET}, and there is no login for {HOST} in {podman} and {docker}"
        )


class TestEntries:
    @pytest.mark.parametrize(
        ("target", "user"),
        [(HOST, "host"), (f"{HOST}/team", "team"), (f"{HOST}/team/app", "team"), (f"{HOST}/teams", "host")],
    )
    def test_the_most_specific_wins(self, target: str, user: str, laptop: Laptop) -> None:
        laptop.configure(auths={HOST: entry("host"), f"{HOST}/team": entry("team")})
        assert laptop.user(target) == user

    def test_two_paths_of_a_host_never_share_an_answer(self, laptop: Laptop) -> None:
        laptop.configure(auths={f"{HOST}/one": entry("one"), f"{HOST}/two": entry("two")})
        with laptop.broker() as broker:
            found = [broker.access(f"{HOST}/{path}").credential for path in ("one/app", "two/app", "three/app")]
        assert [one.username if isinstance(one, Basic) else None for one in found] == ["one", "two", None]

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ({"identitytoken": "r3fresh"}, IdentityToken(secret=Secret("r3fresh"))),
            ({"registrytoken": "b3arer"}, Bearer(secret=Secret("b3arer"))),
        ],
    )
    def test_tokens_are_found_too(self, value: object, expected: object, laptop: Laptop) -> None:
        laptop.configure(auths={HOST: value})
        assert laptop.access(TARGET).credential == expected

    def test_a_mark_without_a_secret_is_no_login(self, laptop: Laptop) -> None:
        laptop.write(".config/containers/auth.json", {"auths": {HOST: {}}})
        laptop.configure(**logins(registry_example_com="docker"))
        assert laptop.user(TARGET) == "docker"

    def test_a_login_whose_keyring_is_not_there_is_an_error(self, laptop: Laptop) -> None:
        laptop.write(".config/ocibroker/auth.json", {"auths": {HOST: {"username": "alice", "keyring": True}}})
        with pytest.raises(CredentialUnavailable) as caught:
            laptop.access(TARGET)
        assert caught.value.culprit == "keyring"


@pytest.mark.acceptance(39)
class TestWhatIsBroken:
    @pytest.mark.parametrize("content", ["", " \n", "{}", '{"auths": null}'], ids=repr)
    def test_an_empty_file_has_no_logins(self, content: str, laptop: Laptop) -> None:
        laptop.write(".config/containers/auth.json", content)
        assert isinstance(laptop.access(TARGET).credential, Anonymous)
        laptop.configure(**logins(registry_example_com="docker"))
        assert laptop.user(TARGET) == "docker"

    def test_an_entry_is_an_error_for_its_own_host_only(self, laptop: Laptop) -> None:
        file = laptop.write(
            ".config/containers/auth.json", {"auths": {HOST: {"auth": "%%%"}, "other.example.com": entry("alice")}}
        )
        laptop.configure(**logins(registry_example_com="docker"))
        assert laptop.user("other.example.com") == "alice"
        assert isinstance(laptop.access("third.example.com").credential, Anonymous)
        with pytest.raises(CredentialUnavailable, match="base64") as caught:
            laptop.access(TARGET)
        assert caught.value.culprit == f"{file}: auths['{HOST}']"
        assert caught.value.hint

    @pytest.mark.parametrize("content", ["{", "[]", '{"auths": 7}', "\x00"], ids=repr)
    def test_a_file_stands_in_nobodys_way_who_has_a_login_elsewhere(
        self, content: str, laptop: Laptop, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = laptop.write(".config/containers/auth.json", content)
        laptop.configure(**logins(registry_example_com="docker"))
        with laptop.broker() as broker, caplog.at_level(logging.WARNING):
            for _ in range(3):
                assert isinstance(broker.access(TARGET).credential, Basic)
        assert [message.partition(": ")[0] for message in caplog.messages] == [str(file)]

    def test_a_file_that_may_hold_the_login_is_an_error_and_not_anonymous_access(self, laptop: Laptop) -> None:
        file = laptop.write(".config/containers/auth.json", "{")
        laptop.configure(**logins(other_example_com="docker"))
        with pytest.raises(CredentialUnavailable, match=f"no login for {HOST} was found elsewhere") as caught:
            laptop.access(TARGET)
        assert caught.value.culprit == str(file)
        assert "[[registry]] rule" in caught.value.hint

    def test_a_rule_opens_a_public_registry_in_spite_of_it(self, laptop: Laptop) -> None:
        laptop.write(".config/containers/auth.json", "{")
        laptop.write(".config/ocibroker/config.toml", f'[[registry]]\nmatch = "{HOST}"\nprovider = "anonymous"\n')
        assert isinstance(laptop.access(TARGET).credential, Anonymous)

    def test_a_variable_is_named_and_not_shown(self, laptop: Laptop) -> None:
        with pytest.raises(CredentialUnavailable) as caught:
            laptop.having(DOCKER_AUTH_CONFIG=f"{{{PASSWORD}").access(TARGET)
        assert caught.value.culprit == "DOCKER_AUTH_CONFIG"
        assert PASSWORD not in str(caught.value)


class TestHelpers:
    def test_the_hosts_own_goes_before_the_store_and_that_before_the_file(self, laptop: Laptop) -> None:
        for suffix in ("own", "store"):
            laptop.helper(suffix, answering(suffix))
        laptop.configure(
            credHelpers={HOST: "own"},
            credsStore="store",
            **logins(registry_example_com="file", other_example_com="file"),
        )
        assert (laptop.user(TARGET), laptop.user("other.example.com")) == ("own", "store")
        assert laptop.asked == [f"['get'] {HOST}", "['get'] other.example.com"]

    def test_one_without_a_login_sends_on_to_its_file_and_then_to_the_next(self, laptop: Laptop) -> None:
        laptop.helper("empty", MISS)
        laptop.write(".config/containers/auth.json", {"credsStore": "empty", **logins(registry_example_com="same")})
        laptop.configure(**logins(other_example_com="next"))
        assert (laptop.user(TARGET), laptop.user("other.example.com")) == ("same", "next")

    def test_it_gets_the_users_environment_and_the_mark_against_loops(self, laptop: Laptop) -> None:
        code = "import json, os; print(json.dumps({'Username': 'x', 'Secret': json.dumps(sorted(os.environ))}))"
        laptop.helper("curious", code)
        laptop.configure(credsStore="curious")
        found = laptop.having(AWS_PROFILE="prod", GNUPGHOME="/keys").access(TARGET).credential
        assert isinstance(found, Basic)
        assert {"AWS_PROFILE", "GNUPGHOME", "HOME", "OCIBROKER_NESTED"} <= set(json.loads(found.secret.reveal()))

    @pytest.mark.acceptance(39)
    @pytest.mark.parametrize("suffix", ["missing", "../missing", "-x", "a;b"])
    def test_one_that_cannot_be_run_stands_in_no_other_hosts_way(self, suffix: str, laptop: Laptop) -> None:
        file = laptop.configure(credHelpers={HOST: suffix}, **logins(other_example_com="alice"))
        assert laptop.user("other.example.com") == "alice"
        assert isinstance(laptop.access("third.example.com").credential, Anonymous)
        with pytest.raises(CredentialUnavailable) as caught:
            laptop.access(TARGET)
        assert str(file) in caught.value.culprit
        assert suffix in caught.value.culprit

    def test_one_that_fails_is_an_error_for_its_host_that_shows_nothing_of_its_answer(self, laptop: Laptop) -> None:
        laptop.helper("locked", FAILURE)
        laptop.configure(credHelpers={HOST: "locked"}, **logins(registry_example_com="file"))
        with pytest.raises(CredentialUnavailable, match="ended with status 1") as caught:
            laptop.access(TARGET)
        assert caught.value.culprit.endswith("config.json: docker-credential-locked")
        assert "hunter2" not in str(caught.value)

    def test_a_store_that_fails_stands_in_nobodys_way_who_has_a_login_elsewhere(self, laptop: Laptop) -> None:
        laptop.write(".config/containers/auth.json", {"credsStore": "missing"})
        laptop.configure(**logins(registry_example_com="docker"))
        assert laptop.user(TARGET) == "docker"
        with pytest.raises(CredentialUnavailable, match=r"no login for third\.example\.com was found elsewhere"):
            laptop.access("third.example.com")

    def test_a_store_that_fails_is_an_error_where_its_file_says_that_it_has_the_login(self, laptop: Laptop) -> None:
        laptop.write(".config/containers/auth.json", {"credsStore": "missing", "auths": {HOST: {}}})
        laptop.configure(**logins(registry_example_com="docker"))
        with pytest.raises(CredentialUnavailable, match="is not on the PATH"):
            laptop.access(TARGET)

    def test_its_answer_is_believed_for_five_minutes(self, laptop: Laptop) -> None:
        laptop.helper("stub", answering("alice"))
        laptop.configure(credsStore="stub")
        with laptop.broker() as broker:
            for seconds, runs in ((0, 1), (299, 1), (300, 2), (599, 2), (600, 3)):
                laptop.clock.seconds = seconds
                broker.access(TARGET)
                assert len(laptop.asked) == runs
            assert broker.explain(TARGET).cache == "until 2026-01-01T00:15:00+00:00"

    def test_a_login_is_in_force_one_second_later(self, laptop: Laptop) -> None:
        with laptop.broker() as broker:
            assert broker.access(TARGET).provider is None
            laptop.configure(**logins(registry_example_com="alice"))
            laptop.clock.seconds += 1
            assert broker.access(TARGET).provider == "docker-config"

    @pytest.mark.parametrize("link", [False, True], ids=["by-name", "through-a-link"])
    def test_one_that_is_ourselves_is_left_out(self, laptop: Laptop, *, link: bool) -> None:
        ours = laptop.helper("ocibroker", answering("loop"))
        (laptop.bin / "docker-credential-other").symlink_to(ours)
        laptop.configure(credsStore="other" if link else "ocibroker", **logins(registry_example_com="file"))
        assert (laptop.user(TARGET), laptop.user("other.example.com")) == ("file", None)
        assert laptop.asked == []

    def test_the_store_is_asked_where_the_hosts_own_is_ourselves(self, laptop: Laptop) -> None:
        laptop.helper("store", answering("store"))
        laptop.configure(credHelpers={HOST: "ocibroker"}, credsStore="store", **logins(registry_example_com="file"))
        assert laptop.user(TARGET) == "store"

    def test_one_that_asks_the_command_line_in_turn_is_asked_once(self, laptop: Laptop) -> None:
        command = "[sys.executable, '-m', 'ocibroker', 'get', server, '--output', 'docker']"
        laptop.helper("between", f"import os; os.execv(sys.executable, {command})")
        laptop.configure(credsStore="between", **logins(registry_example_com="file"))
        assert laptop.user(TARGET) == "file"
        assert laptop.asked == [f"['get'] {HOST}"]


@pytest.mark.acceptance(39)
@pytest.mark.parametrize("verb", ["store", "erase"])
def test_the_front_end_never_reaches_into_a_keychain(verb: str, laptop: Laptop) -> None:
    laptop.helper("keychain", answering("alice"))
    laptop.configure(credsStore="keychain")
    told = json.dumps({"ServerURL": HOST, "Username": "bob", "Secret": PASSWORD}) if verb == "store" else HOST
    with laptop.broker() as broker:
        assert DOCKER.answer(verb, told.encode(), broker).status == 0
    assert laptop.asked == []


@pytest.mark.acceptance(37)
@pytest.mark.parametrize("username", ["", "00000000-0000-0000-0000-000000000000"], ids=["no-user", "acr"])
def test_an_identity_token_survives_store_and_helper(username: str, laptop: Laptop) -> None:
    token = IdentityToken(username=username, secret=Secret("r3fresh-token"))
    put_login(laptop.home / ".config" / "ocibroker" / "auth.json", Login(HOST, token))
    with laptop.broker() as broker:
        assert broker.access(TARGET).credential == token
        told = DOCKER.answer("get", HOST.encode(), broker).stdout
    assert json.loads(told) == {"ServerURL": HOST, "Username": "<token>", "Secret": "r3fresh-token"}

    other = Laptop(laptop.home / "other")
    other.home.mkdir()
    other.helper("stub", f"print({told.decode()!r})")
    other.configure(credHelpers={HOST: "stub"})
    assert other.access(TARGET).credential == IdentityToken(secret=Secret("r3fresh-token"))


def hosts() -> st.SearchStrategy[str]:
    return st.sampled_from(
        [
            HOST,
            "other.example.com",
            "example.com",
            f"{HOST}.evil.example",
            f"https://{HOST}",
            f"{HOST}/team",
            "",
            "*",
        ]
    )


def values(host: str) -> st.SearchStrategy[object]:
    """Return entries that are broken in some way, or whose user is the host that they stand at."""
    named = f"user-of-{host}".replace(":", "-")
    return st.one_of(
        st.just(entry(named)),
        st.just({"username": named, "password": "wonder"}),
        st.none() | st.integers() | st.text() | st.dictionaries(st.sampled_from(["auth", "username"]), st.text()),
    )


def documents() -> st.SearchStrategy[str]:
    auths = st.lists(hosts(), unique=True).flatmap(
        lambda names: st.fixed_dictionaries({n: values(n) for n in names})
    )
    odd = st.none() | st.text() | st.dictionaries(hosts(), st.text() | st.integers())
    found = st.fixed_dictionaries({}, optional={"auths": auths | odd, "credHelpers": odd, "credsStore": odd})
    return found.map(json.dumps) | st.text()


@settings(max_examples=150)
@given(docker=documents(), variable=documents().filter(lambda text: "\x00" not in text))
def test_no_file_makes_it_fail_untyped_or_give_away_another_hosts_login(
    docker: str, variable: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    laptop = Laptop(tmp_path_factory.mktemp("home")).having(DOCKER_AUTH_CONFIG=variable)
    laptop.write(".docker/config.json", docker.encode("utf-8", "replace").decode())
    try:
        found = laptop.access(f"{HOST}/team").credential
    except OcibrokerError:
        return
    if isinstance(found, Basic) and found.username.startswith("user-of-"):
        assert found.username in {f"user-of-{HOST}", f"user-of-{HOST}/team", f"user-of-https-//{HOST}"}
