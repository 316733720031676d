"""A configuration that is wrong: the file, the line and the key, what is wrong, and the next step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb

import pytest

from ocibroker.config import json_schema, load_config
from ocibroker.errors import ConfigurationError, TLSConfigurationError
from ocibroker.providers import BUILT_IN, load


@dataclass(frozen=True)
class Wrong:
    text: str
    said: str
    error: type[ConfigurationError] = ConfigurationError


BASIC = '[[registry]]\nmatch = "a.test"\nprovider = "basic"\n'
OPTIONS = 'options = { username = "u", password = "p" }\n'
FLEET = '[cache]\nstore = "{url}"\nencryption_key = {{ env = "KEY" }}\n'
TLS = '[[tls]]\nmatch = "a.test"\n'

TABLE = {
    "not TOML": Wrong("[[registry", "FILE: is not TOML: "),
    "unknown key": Wrong(
        BASIC + OPTIONS + 'realm = "x"', ":5: registry[0].realm: unknown key (did you mean realms?)"
    ),
    "unknown table": Wrong("[tsl]", ":1: tsl: unknown key (did you mean tls?)"),
    "unknown key, nothing near": Wrong("[plugins]\nzzz = 1", ":2: plugins.zzz: unknown key (valid keys: enable)"),
    "wrong type": Wrong(BASIC + 'options = "x"', ":4: registry[0].options: Expected table, got text"),
    "wrong type of a URL": Wrong(TLS + "proxy = 1", ":3: tls[0].proxy: Expected text, got whole number"),
    "wrong choice": Wrong(
        TLS + 'min_version = "1.1"', "tls[0].min_version: Invalid enum value '1.1' (choose from 1.2, 1.3)"
    ),
    "wrong type of a number": Wrong(BASIC + 'timeout = "x"', ":4: registry[0].timeout: Expected number, got text"),
    "a table for a list of them": Wrong("[tls]", ":1: tls: Expected list, got table (write [[tls]])"),
    "missing key": Wrong("[[tls]]", ":1: tls[0]: Object missing required field `match`"),
    "unknown option": Wrong(BASIC + 'options = { user = "u" }', ":4: registry[0].options.user: unknown key"),
    "no secret": Wrong(
        BASIC + "options = { username = 'u', password = 7 }",
        "registry[0].options.password: is neither text nor a reference to a secret",
    ),
    "two sources": Wrong(
        BASIC + "options = { username = 'u', password = { file = 'a', env = 'B' } }", "needs exactly one source"
    ),
    "match with a scheme": Wrong(
        BASIC.replace("a.test", "https://a.test") + OPTIONS,
        ":2: registry[0].match: match = 'https://a.test': carries a scheme (write host[:port][/path])",
    ),
    "TLS for a path": Wrong(
        '[[tls]]\nmatch = "a.test/x"',
        ":2: tls[0].match: match = 'a.test/x': is for a host, not for a path on it (leave out the path)",
    ),
    "unknown provider": Wrong(
        BASIC.replace("basic", "bsic"), ":3: registry[0].provider: plugin bsic: is not installed"
    ),
    "timeout": Wrong(
        BASIC + OPTIONS + "timeout = -1", ":5: registry[0].timeout: is not a number of seconds from 0 to 3600"
    ),
    "realm": Wrong(BASIC + OPTIONS + 'realms = ["u@h"]', ":5: registry[0].realms: '…@h': carries a user name"),
    "twins": Wrong(
        2 * (BASIC + OPTIONS),
        "FILE: registry[0] and registry[1] have the same match (remove one of them, or give one an account)",
    ),
    "twins, one with the port that the other means": Wrong(
        BASIC + OPTIONS + (BASIC + OPTIONS).replace("a.test", "a.test:443"),
        "registry[0] and registry[1] have the same match",
    ),
    "a program to be looked for": Wrong(
        BASIC + "options = { username = 'u', password = { exec = ['pass', 'x'] } }",
        ":4: registry[0].options.password: names its program by no absolute path",
    ),
    "store": Wrong(
        '[cache]\nstore = "disk"', ":2: cache.store: is no store (choose memory, file, or write rediss://"
    ),
    "store of another scheme": Wrong(
        FLEET.format(url="http://u:hunter2@c.test"), ":2: cache.store: is neither a redis:// nor a rediss:// URL"
    ),
    "store with a password in its URL": Wrong(
        FLEET.format(url="rediss://u:hunter2@c.test"),
        ":2: cache.store: holds a user name or a password (set cache.username and cache.password instead)",
    ),
    "store with a password behind its URL": Wrong(
        FLEET.format(url="rediss://c.test/0?password=hunter2"),
        ":2: cache.store: is more than a server and a database (write rediss://host:port/0)",
    ),
    "store without a host": Wrong(FLEET.format(url="rediss://:6379"), ":2: cache.store: '': is not a host name"),
    "store in the clear": Wrong(
        FLEET.format(url="redis://c.test"),
        ":2: cache.store: would send to c.test in the clear (write rediss://; redis:// is for loopback only)",
    ),
    "store in the clear, by address": Wrong(
        FLEET.format(url="redis://10.0.0.1"), "would send to 10.0.0.1 in the clear"
    ),
    "store without a key": Wrong(
        '[cache]\nstore = "rediss://c.test"',
        "cache.encryption_key: is missing: nothing is shared in the clear (make one by `openssl rand -base64 32`",
    ),
    "store with a user and no password": Wrong(
        FLEET.format(url="rediss://c.test") + 'username = "u"', ":4: cache.username: without password"
    ),
    "store of no tenant": Wrong(
        FLEET.format(url="rediss://c.test") + 'tenant = "Team A"', ":4: cache.tenant: is no name of a tenant"
    ),
    "a key for a store of one machine": Wrong(
        '[cache]\nstore = "file"\nencryption_key = "hunter2"',
        ":3: cache.encryption_key: is for a store that a fleet shares only (set store = ",
    ),
    "twins of one account": Wrong(2 * (BASIC + OPTIONS + 'account = "work"\n'), "have the same match"),
    "account": Wrong(BASIC + OPTIONS + 'account = "../x"', ":5: registry[0].account: is no name"),
    "insecure and a CA": Wrong(
        TLS + 'ca = ["x"]\ninsecure = true',
        "tls[0]: TLS of a.test: insecure and ca contradict each other",
        TLSConfigurationError,
    ),
    "key password without key": Wrong(
        TLS + 'client_key_password = "x"', "tls[0]: client_key_password without client_key (remove it)"
    ),
    "certificate without key": Wrong(
        TLS + 'client_cert = "x"', "tls[0]: TLS of a.test: client_cert without client_key", TLSConfigurationError
    ),
    "proxy": Wrong(
        TLS + 'proxy = "socks5://user:hunter2@p"',
        "FILE, tls[0]: the proxy is neither an https:// nor an http:// URL",
        TLSConfigurationError,
    ),
}


@pytest.mark.parametrize("wrong", TABLE.values(), ids=TABLE.keys())
def test_the_error_names_the_place_and_the_next_step(wrong: Wrong, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(wrong.text)
    with pytest.raises(ConfigurationError) as caught:
        load_config(path, {})
    assert type(caught.value) is wrong.error
    assert str(caught.value).startswith(str(path))
    assert wrong.said in str(caught.value).replace(str(path), "FILE")
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"# caf\xe9")
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        load_config(path, {})


def test_a_file_that_others_can_write_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    path.chmod(0o606)
    with pytest.raises(ConfigurationError) as caught:
        load_config(path, {})
    assert caught.value.hint == f"chmod go-w {path}"


def test_no_traceback_holds_the_text_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(BASIC + 'options = { username = "u", password = "hunter2", more = 1 }')
    with pytest.raises(ConfigurationError) as caught:
        load_config(path, {})
    frames = [repr(frame.f_locals) for frame, _ in walk_tb(caught.value.__traceback__)]
    own = [frame for frame in frames if "caught" not in frame]
    assert own
    assert not [frame for frame in own if "hunter2" in frame]


@pytest.mark.parametrize(
    ("mode", "password", "warned"),
    [
        (0o644, '"hunter2"', True),
        (0o600, '"hunter2"', False),
        (0o644, '{ file = "password" }', False),
    ],
)
def test_a_literal_secret_that_others_can_read_is_warned_about(
    mode: int, password: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, *, warned: bool
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(BASIC + f'options = {{ username = "u", password = {password} }}')
    path.chmod(mode)
    load_config(path, {})
    said = [record.getMessage() for record in caplog.records]
    expected = (
        f"{path}: registry[0].options.password is a literal that others can read: chmod 600, or use a reference"
    )
    assert said == ([expected] if warned else [])


def test_paths_are_relative_to_the_file_and_a_tilde_is_the_home(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TLS + 'ca = ["near.pem", "~/home.pem", "/far.pem"]')
    config = load_config(path, {"HOME": "/home/alice"})
    assert [str(ca) for ca in config.tls[0].policy.ca] == [
        f"{tmp_path}/near.pem",
        "/home/alice/home.pem",
        "/far.pem",
    ]


def test_the_schema_knows_the_options_of_every_provider() -> None:
    schema = json_schema(load())
    options = {
        rule["if"]["properties"]["provider"]["const"]: rule["then"]["properties"]["options"]["properties"].keys()
        for rule in schema["$defs"]["RegistryTable"]["allOf"]
    }
    assert options == {name: {*one.options.__struct_fields__} for name, one in load().known.items()}
    assert options.keys() == BUILT_IN.keys()
    assert options["basic"] == {"username", "password"}


def test_the_schema_refuses_unknown_keys_as_the_loader_does() -> None:
    tables = json_schema(load())["$defs"]
    assert {name: table["additionalProperties"] for name, table in tables.items() if name != "SecretRef"} == {
        "CacheTable": False,
        "Document": False,
        "PluginsTable": False,
        "RegistryTable": False,
        "SidecarTable": False,
        "TCPTable": False,
        "TLSTable": False,
    }


@pytest.mark.parametrize(
    ("store", "fits"),
    [
        ("memory", True),
        ("file", True),
        ("rediss://cache.example.com:6379/0", True),
        ("redis://127.0.0.1", True),
        ("rediss://user:password@cache.example.com", False),
        ("disk", False),
    ],
)
def test_the_schema_knows_what_a_store_looks_like(store: str, *, fits: bool) -> None:
    pattern = json_schema(load())["$defs"]["CacheTable"]["properties"]["store"]["anyOf"][0]["pattern"]
    assert (re.search(pattern, store) is not None) is fits
