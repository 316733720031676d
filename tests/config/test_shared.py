"""A fleet's store in the configuration: where it is, and the keys to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocibroker import Broker
from ocibroker.config import SharedStore, load_config
from ocibroker.errors import ConfigurationError, CredentialUnavailable

KEY = "00" * 32


def shared(folder: Path, url: str, more: str = "", **environ: str) -> SharedStore:
    path = folder / "config.toml"
    path.touch(0o600)
    path.write_text(f'[cache]\nstore = "{url}"\nencryption_key = {{ env = "KEY" }}\n{more}')
    found = load_config(path, environ).shared
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("rediss://Cache.Example.com", "rediss://cache.example.com:6379/0"),
        ("rediss://cache.example.com/", "rediss://cache.example.com:6379/0"),
        ("rediss://10.0.0.1:7000/12", "rediss://10.0.0.1:7000/12"),
        ("rediss://[2001:DB8::1]:7000/0", "rediss://[2001:db8::1]:7000/0"),
        ("redis://localhost:7000/1", "redis://localhost:7000/1"),
        ("redis://127.8.8.8", "redis://127.8.8.8:6379/0"),
        ("redis://[::1]", "redis://[::1]:6379/0"),
        ("redis://[::ffff:127.0.0.1]", "redis://[::ffff:7f00:1]:6379/0"),
    ],
)
def test_a_url_is_a_server_and_a_database(url: str, canonical: str, tmp_path: Path) -> None:
    assert shared(tmp_path, url).url == canonical


@pytest.mark.parametrize(
    "text",
    [
        "00" * 32,
        "AB" * 32,
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "_____________________________________-_____=",
        "//////////////////////////////////////////8=",
    ],
)
def test_a_key_is_32_bytes_in_base64_or_hex(text: str, tmp_path: Path) -> None:
    key = shared(tmp_path, "rediss://c.test", KEY=text).key()
    assert len(key.derived("a purpose")) == 32
    assert key.derived("a purpose") != key.derived("another purpose")
    assert text not in repr(key)


def test_both_ways_to_write_a_key_mean_the_same(tmp_path: Path) -> None:
    base64 = shared(tmp_path, "rediss://c.test", KEY="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").key()
    assert base64.derived("x") == shared(tmp_path, "rediss://c.test", KEY=KEY).key().derived("x")


@pytest.mark.parametrize(
    "text", ["hunter2", "00" * 31, "00" * 33, "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "é" * 32]
)
def test_anything_else_stops_the_broker_and_the_error_says_how_to_make_one(text: str, tmp_path: Path) -> None:
    shared(tmp_path, "rediss://c.test", KEY=text)
    with pytest.raises(ConfigurationError) as caught:
        Broker.from_config(tmp_path / "config.toml", environ={"KEY": text})
    assert str(caught.value) == (
        f"{tmp_path / 'config.toml'}:3: cache.encryption_key: env KEY: is not 32 bytes in base64 or hex"
        " (make one by `openssl rand -base64 32`)"
    )


def test_a_key_that_is_not_there_stops_it_too(tmp_path: Path) -> None:
    shared(tmp_path, "rediss://c.test", 'previous_encryption_key = { file = "old-key" }')
    with pytest.raises(ConfigurationError, match=r"3: cache.encryption_key: variable KEY: is not set"):
        Broker.from_config(tmp_path / "config.toml", environ={})
    with pytest.raises(
        ConfigurationError, match=r"4: cache.previous_encryption_key: file .*/old-key: cannot be read"
    ):
        Broker.from_config(tmp_path / "config.toml", environ={"KEY": KEY})


def test_a_password_is_read_when_it_is_needed(tmp_path: Path) -> None:
    found = shared(tmp_path, "rediss://c.test", 'username = "u"\npassword = { file = "password" }\n', KEY=KEY)
    assert found.password is not None
    with pytest.raises(CredentialUnavailable):
        found.password()
    (tmp_path / "password").write_text("wonder\n")
    assert found.password().reveal() == "wonder"


def test_nothing_secret_shows_itself(tmp_path: Path) -> None:
    found = shared(tmp_path, "rediss://c.test", 'username = "u"\npassword = "wonder"\n', KEY=KEY)
    assert "wonder" not in repr(found)
    with pytest.raises(TypeError, match="EncryptionKey"):
        found.key().__reduce__()
