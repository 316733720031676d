"""What is in a support bundle, and what is not."""

from __future__ import annotations

import json
import re
from importlib.metadata import requires
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.doctor.redaction import redacted
from ocibroker.version import __version__
from tests.doctor.house import House, Visit, unpacked

CONFIG = """
[[registry]]
match = "registry.test/team"
provider = "basic"
options = { username = "alice", password = "CANARY" }
[[registry]]
match = "file.test"
provider = "basic"
options = { username = "alice", password = { file = "secret" } }
[[registry]]
match = "program.test"
provider = "basic"
options = { username = "alice", password = { exec = ["/bin/echo", "CANARY"] } }
[[tls]]
match = "registry.test"
proxy = "http://me:CANARY@proxy.test:3128"
[cache]
store = "file"
"""
BROKEN = {
    "an unknown key": 'passwort = "CANARY"',
    "an unknown table": '[CANARY]\nuser = "CANARY"',
    "a wrong type": 'registry = "CANARY"',
    "a reference with another key": '[[registry]]\noptions = { password = { flie = "CANARY" } }',
    "an option that is called as a plain key": '[[registry]]\nprovider = "nexus"\noptions = { key = "CANARY" }',
    "options that are none": '[[registry]]\nprovider = "basic"\noptions = "CANARY"',
    "an unknown provider": '[[registry]]\nprovider = "nexus"\noptions = { token = "CANARY", pin = 4711 }',
    "a proxy that is none": '[[tls]]\nmatch = "a.test"\nproxy = "socks9://me:CANARY@proxy.test"',
    "a store with a password": '[cache]\nstore = "rediss://me:CANARY@redis.test"',
    "no TOML": 'registry = ["CANARY',
}


def bundle(house: House, text: str, **environ: str) -> dict[str, str]:
    house.desk.configure(text.replace("CANARY", house.password))
    path = house.desk.home / "bundle.zip"
    house.run(Visit("name.invalid", {"FIX": house.password, **environ}), "--bundle", str(path))
    return unpacked(path)


def part(parts: dict[str, str], name: str) -> Any:  # noqa: ANN401
    return json.loads(parts[name])


def test_it_has_the_findings_versions_configuration_and_environment(house: House) -> None:
    parts = bundle(house, CONFIG)
    assert [*parts] == ["findings.json", "versions.json", "configuration.json", "environment.json"]
    assert part(parts, "findings.json")["steps"][0]["id"] == "configuration.file"
    versions = part(parts, "versions.json")
    assert (versions["ocibroker"], set(versions)) == (__version__, {"ocibroker", "python", "platform", "packages"})
    assert versions["packages"]["httpx"]


def test_it_has_the_version_of_each_package_that_is_wanted(house: House) -> None:
    wanted = {re.split(r"[^\w-]", one)[0] for one in requires("ocibroker") or () if "testing" not in one}
    assert wanted
    assert wanted <= {*part(bundle(house, CONFIG), "versions.json")["packages"]}


def test_the_configuration_keeps_what_helps_and_no_secret(house: House) -> None:
    parts = bundle(house, CONFIG)
    found = part(parts, "configuration.json")
    first, second, third = found["registry"]
    assert first == {
        "match": "registry.test/team",
        "provider": "basic",
        "options": {"username": "alice", "password": "(redacted)"},
    }
    assert second["options"]["password"] == {"file": "secret"}
    assert third["options"]["password"] == {"exec": "(redacted)"}
    assert found["tls"] == [{"match": "registry.test", "proxy": "http://proxy.test:3128"}]
    assert found["cache"] == {"store": "file"}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_configuration_that_is_wrong_shows_no_secret_either(house: House, text: str) -> None:
    parts = bundle(house, text)
    assert [house.canary.hits(one) for one in parts.values()] == [[]] * len(parts)
    assert "4711" not in parts["configuration.json"]


def test_of_the_environment_paths_are_shown_and_of_all_else_the_name_alone(house: House) -> None:
    secrets = {
        "AWS_SECRET_ACCESS_KEY": house.password,
        "DOCKER_AUTH_CONFIG": house.password,
        "HTTPS_PROXY": f"http://me:{house.password}@proxy.test",
        "https_proxy": f"what is this {house.password}",
        "UNRELATED": house.password,
    }
    parts = bundle(house, CONFIG, AWS_PROFILE="prod", **secrets)
    found = part(parts, "environment.json")
    assert found["AWS_PROFILE"] == "prod"
    assert found["AWS_SECRET_ACCESS_KEY"] == found["DOCKER_AUTH_CONFIG"] == found["https_proxy"] == "(redacted)"
    assert found["HTTPS_PROXY"] == "http://proxy.test"
    assert {"UNRELATED", "FIX"} & found.keys() == set()
    assert [house.canary.hits(one) for one in parts.values()] == [[]] * len(parts)


KEYS = st.sampled_from(
    ["options", "password", "token", "client_key_password", "encryption_key", "registry", "tls", "sidecar", "tcp"]
)
HIDDEN = "the-secret-itself"
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(st.just(HIDDEN), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20),
)


@given(DOCUMENTS)
def test_a_text_whose_key_is_for_none_is_never_shown_however_deep_it_lies(document: dict[str, Any]) -> None:
    assert HIDDEN not in json.dumps(redacted(document))


def test_arguments_of_a_program_are_not_among_the_findings(house: House) -> None:
    house.desk.configure(CONFIG.replace("CANARY", house.password).replace("program.test", "name.invalid"))
    path = house.desk.home / "bundle.zip"
    outcome = house.run(Visit("name.invalid"), "--bundle", str(path))
    assert "password from exec /bin/echo … (local)" in outcome.stdout
    assert house.canary.hits(unpacked(path)["findings.json"] + outcome.everything) == []
