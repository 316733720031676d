"""`ocibroker config`: check, schema, path."""

import json

import pytest

from ocibroker.testing import Authority
from tests.cli.desk import Desk

GOOD = """
[[registry]]
match = "registry.test"
provider = "basic"
options = { username = "alice", password = { file = "password" } }
[[registry]]
match = "*.public.test"
provider = "anonymous"
[[tls]]
match = "*.test"
ca = ["ca.pem"]
"""


class TestCheck:
    def test_a_right_file_is_counted(self, desk: Desk) -> None:
        path = desk.configure(GOOD)
        Authority().write(path.parent)
        outcome = desk.run("config", "check")
        assert (outcome.code, outcome.stderr) == (0, "")
        assert outcome.stdout == f"ok: 2 rules and 1 TLS entry in {path}\n"

    def test_no_file_is_fine(self, desk: Desk) -> None:
        outcome = desk.run("config", "check")
        assert (outcome.code, outcome.stdout) == (0, "ok: there is no file, and none is needed\n")

    def test_an_authority_that_is_missing_is_not(self, desk: Desk) -> None:
        path = desk.configure(GOOD)
        outcome = desk.run("config", "check")
        assert (outcome.code, outcome.stdout) == (2, "")
        assert f"{path.parent / 'ca.pem'}: cannot be read" in outcome.stderr

    def test_a_host_that_is_trusted_blindly_is_told(self, desk: Desk) -> None:
        path = desk.configure("[[tls]]\nmatch = 'a.test'\ninsecure = true\n")
        outcome = desk.run("config", "check")
        assert outcome.code == 0
        assert outcome.stderr == f"ocibroker: insecure is set for a.test ({path}, tls[0])\n"

    def test_a_password_that_cannot_be_had_is_not(self, desk: Desk) -> None:
        desk.configure(
            "[[tls]]\nmatch = 'a.test'\nclient_cert = 'c'\nclient_key = 'k'\n"
            "client_key_password = { env = 'KEY' }\n"
        )
        outcome = desk.run("config", "check")
        assert (outcome.code, outcome.stderr) == (
            4,
            "ocibroker: variable KEY: is not set (set it, or use { file = … })\n",
        )


class TestSchema:
    def test_it_knows_the_built_in_providers_options(self, desk: Desk) -> None:
        schema = json.loads(desk.run("config", "schema").stdout)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        conditions = schema["$defs"]["RegistryTable"]["allOf"]
        assert "basic" in {one["if"]["properties"]["provider"]["const"] for one in conditions}

    def test_it_is_there_while_the_file_is_wrong(self, desk: Desk) -> None:
        desk.configure("[[registry]]\nmatch = 1\n")
        outcome = desk.run("config", "schema")
        assert outcome.code == 0
        assert json.loads(outcome.stdout)["title"] == "ocibroker"
        assert outcome.stderr.startswith("ocibroker: only the built-in providers, since ")


class TestPath:
    def test_it_is_the_file_in_use(self, desk: Desk) -> None:
        path = desk.configure(GOOD)
        outcome = desk.run("config", "path")
        assert (outcome.stdout, outcome.stderr) == (f"{path}\n", "")

    def test_without_one_it_is_where_one_would_be(self, desk: Desk) -> None:
        outcome = desk.run("config", "path")
        assert outcome.code == 0
        assert outcome.stdout == f"{desk.config}\n"
        assert outcome.stderr == f"ocibroker: {desk.config} (not there)\n"

    @pytest.mark.parametrize(
        ("argv", "environ"), [(["--config", "/else/where"], {}), ([], {"OCIBROKER_CONFIG": "/else/where"})]
    )
    def test_a_file_that_is_named_wins(self, desk: Desk, argv: list[str], environ: dict[str, str]) -> None:
        desk.configure(GOOD)
        outcome = desk.run(*argv, "config", "path", **environ)
        assert (outcome.stdout, outcome.stderr) == ("/else/where\n", "ocibroker: /else/where (not there)\n")
