"""Which entry of a ``secrets-path.yaml`` a path gets, whatever stands in the file."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import ConfigurationError, OcibrokerError
from ocibroker.provider import FLEET_PATH, Basic, Caller
from ocibroker_kubernetes.paths import settings_for
from ocibroker_kubernetes.value import Value
from tests.kubernetes.mounts import entry, for_paths, mounted, rule
from tests.transport.brokers import Desk

SEGMENT = st.text("ab*?[]^!-x\\", min_size=1, max_size=6)
PATH = st.lists(st.text("abx-", min_size=1, max_size=4), min_size=1, max_size=3).map("/".join)
CANARY = "c4n4ry"


def file(text: str | bytes) -> Value:
    return Value("secrets-path.yaml", "the file", text if isinstance(text, bytes) else text.encode())


def chosen(path: str, keys: Sequence[str]) -> str | None:
    """Return the key whose user a path gets."""
    text = for_paths({key: entry(username=key, password="wonder") for key in keys})
    found = settings_for(path, file(text))
    if found is None:
        return None
    credential = found.credential()
    assert isinstance(credential, Basic)
    return credential.username


@pytest.mark.acceptance(22)
@pytest.mark.parametrize(
    ("path", "keys", "expected"),
    [
        ("apps/one", ["apps/one", "apps/two"], "apps/one"),
        ("apps/one", ["*/one", "apps/*", "apps/one"], "apps/one"),
        ("apps/one", ["a*/*", "apps/*"], "apps/*"),
        ("apps/one", ["*/*", "*/on*"], "*/on*"),
        ("apps/one", ["*", "apps"], None),
        ("apps/one/sub", ["apps/one", "apps/*"], None),
        ("apps/one", ["/apps/one/"], "/apps/one/"),
        ("apps/one", ["apps/[a-o]ne"], "apps/[a-o]ne"),
        ("apps/one", ["apps/[^a-o]ne"], None),
        ("apps/one", ["apps/o?e", "apps/o?"], "apps/o?e"),
        ("apps/One", ["apps/one"], None),
    ],
)
def test_the_most_specific_one_wins(path: str, keys: list[str], expected: str | None) -> None:
    assert chosen(path, keys) == expected
    assert chosen(path, keys[::-1]) == expected


@pytest.mark.parametrize("keys", [["apps/o*", "apps/*e"], ["apps/one", "/apps/one"]], ids=["globs", "spelt-twice"])
def test_two_equal_ones_are_an_error_that_names_both(keys: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="match 'apps/one' equally well") as caught:
        chosen("apps/one", keys)
    assert all(repr(key) in caught.value.message for key in keys)


@pytest.mark.parametrize("key", ["apps/[a", "apps\\*", "apps/[!a]"])
def test_what_go_reads_in_another_way_is_an_error(key: str) -> None:
    with pytest.raises(ConfigurationError, match="no pattern here"):
        chosen("apps/one", [key])


@given(PATH, st.lists(st.lists(SEGMENT, min_size=1, max_size=3).map("/".join), max_size=5, unique=True))
def test_the_order_of_the_file_plays_no_part(path: str, keys: list[str]) -> None:
    def outcome(keys: list[str]) -> str | None:
        try:
            return chosen(path, keys)
        except ConfigurationError:
            return "an error"

    assert outcome(keys) == outcome(keys[::-1])


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_it_holds_the_outcome_is_settings_none_or_a_typed_error(content: bytes) -> None:
    with suppress(OcibrokerError):
        found = settings_for("apps/one", file(content))
        assert found is None or found.source == "the file, 'apps/one'"


@given(
    st.dictionaries(
        st.sampled_from(["username", "password", "caBundle", "sshPrivateKey", "insecureSkipVerify", "basicHTTP"]),
        st.sampled_from([f"{CANARY}", "", None, 1, True, ["x"], {"y": 1}, "\x00", "é"]),
    )
)
def test_no_error_shows_a_value(values: dict[str, object]) -> None:
    user = {"username": "bob"} if isinstance(values.get("username"), str) else {}  # which is no secret
    text = yaml.safe_dump({"apps/one": {**values, **user}}, allow_unicode=True)

    def all_of() -> str:
        found = settings_for("apps/one", file(text))
        assert found is not None
        return f"{found!r} {found.credential()!r} {found.ssh_key()!r}"

    try:
        shown = all_of()
    except OcibrokerError as error:
        shown = "".join(traceback.format_exception(error))
    assert CANARY not in shown


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("apps/one: {username: 12}", "is no text"),
        ("apps/one: {caBundle: '%'}", "is not base64"),
        ('apps/one: {password: "\\ud800"}', "is not valid Unicode"),
        ("a: &a {username: x}\napps/one: {<<: *a}", "not a YAML mapping"),
        ("apps/one: {basicHTTP: 'true'}", "neither true nor false"),
        ("apps/one: {caCerts: x}", "unknown key"),
        ("apps/one: x", "is no mapping"),
        ("apps/one: {username: a}\napps/one: {username: b}", "stands there once"),
        ("apps/one: {username: a, username: b}", "stands there once"),
        ("[" * 5000, "not a YAML mapping"),
        ("!!python/object/apply:os.system ['true']", "not a YAML mapping"),
        ("&a [*a]", "not a YAML mapping"),
    ],
)
def test_what_is_malformed_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        settings_for("apps/one", file(text))


class TestWhosePathItIs:
    @pytest.mark.parametrize(
        ("option", "caller", "expected"),
        [("one", "two", "u1"), ("", "two", "u2"), ("", "", "u3")],
        ids=["the-rules", "the-callers", "the-targets"],
    )
    def test_the_rules_comes_first_and_the_targets_last(
        self, option: str, caller: str, expected: str, desk: Desk, tmp_path: Path
    ) -> None:
        users = {"one": "u1", "two": "u2", "charts/app": "u3"}
        text = for_paths({path: entry(username=user, password="x") for path, user in users.items()})
        folder = mounted(tmp_path / "paths", {"secrets-path.yaml": text})
        broker = desk.broker(rule("registry.test", f'fleet_secret = "{folder}", path = "{option}"'))
        who = Caller(annotations={FLEET_PATH: caller}) if caller else None
        credential = broker.access("registry.test/charts/app", caller=who).credential
        assert isinstance(credential, Basic)
        assert credential.username == expected

    @pytest.mark.acceptance(20)
    def test_a_path_without_an_entry_is_an_error_unless_the_rule_says_otherwise(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        folder = mounted(tmp_path / "paths", {"secrets-path.yaml": for_paths({"one": entry(username="u")})})
        options = f'fleet_secret = "{folder}", path = "other"'
        with pytest.raises(OcibrokerError, match="holds nothing for the path 'other'"):
            desk.broker(rule("registry.test", options)).access("registry.test/app")
        allowed = desk.broker(rule("registry.test", options, more="anonymous_fallback = true"))
        assert allowed.access("registry.test/app").headers() == {}
