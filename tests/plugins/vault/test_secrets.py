"""A password that is kept in Vault: how one logs in, what is read, and what an error says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ocibroker import Basic, Broker
from ocibroker.errors import (
    ConfigurationError,
    ConnectionFailed,
    CredentialUnavailable,
    DeadlineExceeded,
    IdentityRefused,
    OcibrokerError,
    TLSFailed,
)
from ocibroker.testing import Authority
from tests.transport.brokers import MODES, Desk, Mode, ask
from tests.transport.hand_clock import HandClock
from tests.vault.emulator import BODY, HOST, Login, Vault, serving

TARGET = "charts.example.com/team/app"
SECRET = "secret/data/charts"
READ = f"GET /v1/{SECRET}"


def rule(vault: Vault, more: str, path: str = "charts") -> str:
    password = f'{{ vault = {{ url = "{vault.url}", path = "{path}", {more} }} }}'
    options = f'{{ username = "alice", password = {password} }}'
    return f'[[registry]]\nmatch = "charts.example.com"\nprovider = "basic"\noptions = {options}\n'


def with_token(desk: Desk, vault: Vault, more: str = "", path: str = "charts") -> str:
    (desk.folder / "token").write_text(vault.token(SECRET) + "\n")
    return rule(vault, f'token = {{ file = "token" }}{more and f", {more}"}', path)


def password(broker: Broker, mode: Mode = "sync") -> str:
    found = ask(broker, mode, TARGET).credential
    assert isinstance(found, Basic)
    return found.secret.reveal()


def failure(broker: Broker) -> OcibrokerError:
    with pytest.raises(OcibrokerError) as caught:
        broker.access(TARGET)
    assert BODY not in str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("mode", MODES)
def test_a_password_is_read_when_it_is_needed(mode: Mode, desk: Desk, vault: Vault) -> None:
    broker = desk.broker(with_token(desk, vault))
    assert vault.asked == []
    assert password(broker, mode) == "wonder"
    assert password(broker, mode) == "wonder"
    assert vault.asked == [READ]


def test_user_name_and_password_may_both_lie_there(desk: Desk, vault: Vault) -> None:
    text = with_token(desk, vault)
    kept = re.findall(r"\{ vault .* \} \}(?= \})", text)[0]
    name = kept.replace("path =", 'key = "username", path =')
    found = desk.broker(text.replace('"alice"', name)).access(TARGET).credential
    assert isinstance(found, Basic)
    assert (found.username, found.secret.reveal()) == ("alice", "wonder")


class TestLogins:
    JWT = "e.y.J"
    WAYS = (
        (
            "approle",
            Login({"role_id": "r0le", "secret_id": "s3cret"}),
            'auth = "approle", role_id = "r0le", secret_id = { file = "proof" }',
            "s3cret",
        ),
        (
            "kubernetes",
            Login({"role": "pull", "jwt": JWT}, status=403),
            'auth = "kubernetes", role = "pull", jwt = { file = "proof" }',
            JWT,
        ),
        ("jwt", Login({"role": "pull", "jwt": JWT}), 'auth = "jwt", role = "pull", jwt = { file = "proof" }', JWT),
        (
            "ci",
            Login({"role": "pull", "jwt": JWT}),
            'auth = "jwt", auth_mount = "ci", role = "pull", jwt = { file = "proof" }',
            JWT,
        ),
    )

    @pytest.mark.parametrize(("mount", "login", "options", "proof"), WAYS, ids=lambda value: str(value)[:8])
    def test_each_way_gives_a_token_that_reads(
        self, mount: str, login: Login, options: str, proof: str, desk: Desk, vault: Vault
    ) -> None:
        vault.logins[mount] = login
        (desk.folder / "proof").write_text(proof)
        assert password(desk.broker(rule(vault, options))) == "wonder"
        assert vault.asked == [f"POST /v1/auth/{mount}/login", READ]

    @pytest.mark.parametrize(("mount", "login", "options", "proof"), WAYS, ids=lambda value: str(value)[:8])
    def test_a_wrong_proof_is_refused_and_not_shown(
        self, mount: str, login: Login, options: str, proof: str, desk: Desk, vault: Vault
    ) -> None:
        vault.logins[mount] = login
        (desk.folder / "proof").write_text(f"wrong-{proof}")
        error = failure(desk.broker(rule(vault, options)))
        assert isinstance(error, CredentialUnavailable)
        assert re.search(rf"Vault refused the login by \w+: status {login.status}", error.message)
        assert proof not in str(error)

    def test_a_certificate_is_that_of_the_tls_entry(self, desk: Desk, authority: Authority) -> None:
        clients = Authority()
        clients.issue("ci@example.com").write(desk.folder)
        entry = f'[[tls]]\nmatch = "{HOST}:{{port}}"\nclient_cert = "cert.pem"\nclient_key = "key.pem"\n'
        with serving(authority.server_context(HOST, client_authority=clients)) as vault:
            vault.kv2["secret/charts"] = {"password": "wonder"}
            vault.logins["cert"] = Login({"name": "ci"}, certificate=True)
            text = rule(vault, 'auth = "cert", role = "ci"')
            assert password(desk.broker(text + entry.format(port=vault.server.port))) == "wonder"

    def test_a_token_may_lie_in_a_variable_that_is_named(self, desk: Desk, vault: Vault) -> None:
        text = rule(vault, 'token = { env = "VAULT_TOKEN" }')
        assert password(desk.broker(text, environ={"VAULT_TOKEN": vault.token(SECRET)})) == "wonder"

    def test_nothing_of_the_process_counts(
        self, desk: Desk, vault: Vault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        for name, value in {
            "VAULT_ADDR": "https://evil.test",
            "VAULT_TOKEN": "evil",
            "VAULT_NAMESPACE": "x",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / ".vault-token").write_text("evil")
        assert password(desk.broker(with_token(desk, vault))) == "wonder"
        assert "evil" not in vault.server.saw("x-vault-token")


class TestEngines:
    def test_version_1_of_the_engine(self, desk: Desk, vault: Vault) -> None:
        vault.kv1["old/team/charts"] = {"pass": "w0nder"}
        (desk.folder / "token").write_text(vault.token("old/team/charts"))
        more = 'mount = "old", kv = 1, key = "pass", token = { file = "token" }'
        assert password(desk.broker(rule(vault, more, "team/charts"))) == "w0nder"
        assert vault.asked == ["GET /v1/old/team/charts"]

    def test_a_namespace_is_named_in_each_request(self, desk: Desk, vault: Vault) -> None:
        vault.namespace = "team/a"
        vault.logins["approle"] = Login({"role_id": "r", "secret_id": "s"})
        more = 'namespace = "team/a", auth = "approle", role_id = "r", secret_id = "s"'
        assert password(desk.broker(rule(vault, more))) == "wonder"
        assert vault.server.saw("x-vault-namespace") == ["team/a", "team/a"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "kind", "why"),
        [
            (400, CredentialUnavailable, "status 400"),
            (403, IdentityRefused, f"status 403.*let a policy of the identity read {SECRET}"),
            (404, IdentityRefused, "status 404.*correct path, mount or kv = 2"),
            (307, CredentialUnavailable, "status 307, which leads elsewhere"),
            (429, CredentialUnavailable, "status 429"),
            (473, CredentialUnavailable, "status 473"),
            (500, CredentialUnavailable, "status 500"),
            (503, CredentialUnavailable, "status 503: it is sealed or in maintenance"),
        ],
    )
    def test_a_status_is_one_line_with_the_next_step(
        self, status: int, kind: type[OcibrokerError], why: str, desk: Desk, vault: Vault
    ) -> None:
        text = with_token(desk, vault)
        vault.status = status
        error = failure(desk.broker(text))
        assert type(error) is kind
        assert error.culprit == f"vault secret/charts at {vault.url}, password"
        assert re.search(why, str(error))

    def test_a_deleted_version_is_said_to_be_gone(self, desk: Desk, vault: Vault) -> None:
        vault.deleted.add("secret/charts")
        assert "status 404" in failure(desk.broker(with_token(desk, vault))).message

    @pytest.mark.parametrize(
        ("values", "why"),
        [
            ({"pass": "wonder"}, "has nothing under 'password'"),
            ({"password": 7}, "has something else than text under 'password'"),
            ({"password": ""}, "empty"),
            ({"password": "two\nlines"}, "control character"),
        ],
    )
    def test_what_is_not_there_or_no_password_is_said(
        self, values: dict[str, object], why: str, desk: Desk, vault: Vault
    ) -> None:
        vault.kv2["secret/charts"] = values
        error = failure(desk.broker(with_token(desk, vault)))
        assert why in error.message
        assert "wonder" not in str(error)

    def test_another_authority_is_refused_and_no_token_is_sent(self, desk: Desk) -> None:
        with serving(Authority().server_context(HOST)) as vault:
            error = failure(desk.broker(with_token(desk, vault)))
            assert isinstance(error, TLSFailed)
            assert error.culprit == f"vault secret/charts at {vault.url}, password"
            assert vault.asked == []

    def test_a_server_that_is_not_there_is_no_usable_connection(self, desk: Desk, vault: Vault) -> None:
        text = with_token(desk, vault).replace(str(vault.server.port), "1")
        assert isinstance(failure(desk.broker(text)), ConnectionFailed)

    def test_the_deadline_holds(self, desk: Desk, vault: Vault) -> None:
        with pytest.raises(DeadlineExceeded):
            desk.broker(with_token(desk, vault)).access(TARGET, deadline=1e-6)


class TestLife:
    def test_it_is_read_anew_after_five_minutes(self, desk: Desk, vault: Vault, clock: HandClock) -> None:
        broker = desk.broker(with_token(desk, vault), clock=clock)
        assert password(broker) == "wonder"
        vault.kv2["secret/charts"]["password"] = "rotated"
        clock.move(299)
        assert password(broker) == "wonder"
        clock.move(1)
        assert password(broker) == "rotated"

    def test_or_after_what_ttl_says(self, desk: Desk, vault: Vault, clock: HandClock) -> None:
        broker = desk.broker(with_token(desk, vault, "ttl = 10.0"), clock=clock)
        password(broker)
        clock.move(10)
        password(broker)
        assert vault.asked == [READ, READ]

    def test_another_token_in_its_file_is_used_one_second_later(
        self, desk: Desk, vault: Vault, clock: HandClock
    ) -> None:
        broker = desk.broker(with_token(desk, vault), clock=clock)
        password(broker)
        second = vault.token(SECRET)
        (desk.folder / "token").write_text(second)
        clock.move(1)
        password(broker)
        assert vault.server.saw("x-vault-token")[-1] == second

    def test_two_places_never_share_an_answer(self, desk: Desk, vault: Vault) -> None:
        vault.kv2["secret/other"] = {"password": "another"}
        token = vault.token(SECRET, "secret/data/other")
        one = rule(vault, f'token = "{token}"')
        other = rule(vault, f'token = "{token}"', "other").replace("charts.example.com", "other.example.com")
        broker = desk.broker(one + other)
        found = [broker.access(host).credential for host in ("charts.example.com", "other.example.com")]
        assert [one.secret.reveal() for one in found if isinstance(one, Basic)] == ["wonder", "another"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ('path = "x", token = "t"', "url"),
        ('url = "http://v.test", path = "x", token = "t"', "no https:// URL"),
        ('url = "https://u:p@v.test", path = "x", token = "t"', "no https:// URL"),
        ('url = "https://v.test?x", path = "x", token = "t"', "no https:// URL"),
        ('url = "https://v.test", path = "../sys", token = "t"', "path is no path"),
        ('url = "https://v.test", path = "/x", token = "t"', "path is no path"),
        ('url = "https://v.test", path = "a?b", token = "t"', "path is no path"),
        ('url = "https://v.test", path = "x"', "auth = 'token' needs token"),
        ('url = "https://v.test", path = "x", auth = "approle"', "auth = 'approle' needs role_id"),
        ('url = "https://v.test", path = "x", auth = "jwt"', "auth = 'jwt' needs jwt"),
        ('url = "https://v.test", path = "x", auth = "cert", token = "t"', "token has no part in"),
        ('url = "https://v.test", path = "x", auth = "ldap"', "choose from"),
        ('url = "https://v.test", path = "x", token = "t", ttl = 0.0', "ttl"),
        ('url = "https://v.test", path = "x", token = "t", kv = 3', "kv"),
        ('url = "https://v.test", path = "x", tokn = "t"', "did you mean token"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_read(options: str, why: str, desk: Desk) -> None:
    text = '[[registry]]\nmatch = "charts.example.com"\nprovider = "basic"\n'
    with pytest.raises(ConfigurationError, match=why) as caught:
        desk.broker(f'{text}options = {{ username = "a", password = {{ vault = {{ {options} }} }} }}\n')
    assert caught.value.culprit.endswith(":4")
