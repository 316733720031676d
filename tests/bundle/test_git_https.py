"""Git repositories over HTTPS, from ``git http-backend``: who gets a credential, and who is trusted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from ocibroker import Broker
from ocibroker.bundle.git_way import Way
from ocibroker.errors import (
    CannotCarry,
    ConfigurationError,
    CredentialWithheld,
    IntegrityError,
    NotFound,
    OcibrokerError,
    RedirectRefused,
    RegistryRefused,
    TLSFailed,
    WrongScheme,
)
from ocibroker.provider import Bearer, Credential, IdentityToken, Secret
from ocibroker.testing import Authority, CannedResponse
from ocibroker.testing.request import Request
from tests.bundle.forge import Forge, by_git, forge
from tests.bundle.git_history import Work
from tests.e2e.git_server import git
from tests.kubernetes.mounts import mounted
from tests.kubernetes.mounts import rule as fleet_rule
from tests.transport.brokers import made_rule, rule
from tests.transport.canary import Canary
from tests.transport.connect_proxy import proxying
from tests.transport.made_provider import MadeProvider

pytestmark = pytest.mark.e2e


@pytest.mark.acceptance(22)
def test_each_path_has_its_own_credential(here: Forge, commits: Mapping[str, str], canary: Canary) -> None:
    wrong = here.rule("other", "other-password")
    here.read(here.url("private/app"), here.broker(here.rule("private"), wrong))
    sent = {*here.running.saw("authorization")}
    assert sent == {here.git.accounts["private"].basic}


@pytest.mark.acceptance(20)
def test_what_no_rule_gives_is_withheld_and_said(here: Forge, commits: Mapping[str, str]) -> None:
    with pytest.raises(CredentialWithheld, match="withheld: ") as caught:
        here.read(here.url("private/app"), here.broker(here.rule("other")))
    assert caught.value.culprit == f"https://{here.address}/private/app.git"
    assert here.running.saw("authorization") == []


@pytest.mark.acceptance(20)
def test_what_is_refused_is_told_from_what_is_withheld(here: Forge, commits: Mapping[str, str]) -> None:
    with pytest.raises(RegistryRefused, match="refused the credential") as caught:
        here.read(here.url("private/app"), here.broker(here.rule("private", "wrong")))
    assert not isinstance(caught.value, CredentialWithheld)
    assert here.left == []


@pytest.mark.parametrize("ruled", [True, False])
def test_a_credential_may_be_asked_for_after_the_first_answer(
    here: Forge, commits: Mapping[str, str], *, ruled: bool
) -> None:
    refusal = CannedResponse(401, {"WWW-Authenticate": 'Basic realm="git"'})
    here.before = lambda request: refusal if request.method == "POST" else None
    broker = here.broker(here.rule() if ruled else "")
    with pytest.raises(RegistryRefused) as caught:
        here.read(here.url("open/app"), broker)
    assert isinstance(caught.value, CredentialWithheld) is not ruled


def test_within_the_host_a_redirect_leads_to_what_the_rules_say_of_there(
    here: Forge, commits: Mapping[str, str]
) -> None:
    def moved(request: Request) -> CannedResponse | None:
        if not request.path.startswith("/old/"):
            return None
        to = f"https://{here.address}{request.path.replace('/old/', '/private/')}?{request.query_string}"
        return CannedResponse(301, {"Location": to})

    here.before = moved
    broker = here.broker(here.rule("private"), here.rule("old", "old-password"))
    assert here.read(here.url("old/app"), broker).resolved == commits["main"]
    assert {*here.running.saw("authorization")} == {here.git.accounts["private"].basic}


@pytest.mark.acceptance(24, 28)
@pytest.mark.parametrize("path", ["open/app", "private/app"])
@pytest.mark.parametrize("whose", ["both", "git"])
def test_no_credential_goes_where_a_redirect_leads(
    path: str, whose: str, here: Forge, spy: Forge, past: tuple[Work, Mapping[str, str]]
) -> None:
    for name in ("open/app", "private/app"):
        spy.git.publish(name, past[0].folder)
        here.git.publish(name, past[0].folder)

    def moved(request: Request) -> CannedResponse | None:
        if whose == "git" and not by_git(request):
            return None
        location = f"https://{spy.address}{request.path}?{request.query_string}"
        return CannedResponse(302, {"Location": location})

    here.before = moved
    broker = here.broker(here.rule(), spy.rule())
    if whose == "git":
        with pytest.raises(RedirectRefused):
            here.read(here.url(path), broker)
        assert spy.running.requests == []
    elif path == "private/app":
        with pytest.raises(CredentialWithheld, match="none goes where a redirect leads"):
            here.read(here.url(path), broker)
    else:
        assert here.read(here.url(path), broker).resolved == past[1]["main"]
    assert spy.hits() == []
    assert spy.running.saw("authorization") == []


@pytest.mark.parametrize(
    "answer",
    [CannedResponse(200, {"Content-Type": "text/html"}, b"<html>"), CannedResponse(200, {}, b"0" * 40 + b"\tx\n")],
    ids=["page", "old-protocol"],
)
def test_what_is_no_repository_is_refused(answer: CannedResponse, here: Forge) -> None:
    here.before = lambda _: answer
    with pytest.raises(IntegrityError, match="does not answer as a git repository does"):
        here.read(here.url("open/app"))


def test_a_repository_that_is_not_there_is_named(here: Forge) -> None:
    with pytest.raises(NotFound) as caught:
        here.read(here.url("open/none"))
    assert caught.value.culprit == f"https://{here.address}/open/none.git"


def test_a_server_that_is_not_trusted_gets_nothing(here: Forge, commits: Mapping[str, str], tmp_path: Path) -> None:
    other = Authority().write(tmp_path)
    with pytest.raises(TLSFailed):
        here.read(here.url("private/app"), here.broker(here.rule(), environ={"SSL_CERT_FILE": str(other)}))
    assert here.running.requests == []


def test_plain_http_is_for_hosts_that_allow_it(here: Forge) -> None:
    with pytest.raises(WrongScheme):
        here.read(f"git::http://{here.address}/open/app.git")


def test_a_private_authority_is_trusted_by_the_policy_alone(
    here: Forge, commits: Mapping[str, str], tmp_path: Path
) -> None:
    other = Authority().write(tmp_path)
    entry = f'[[tls]]\nmatch = "{here.address}"\nca = ["{here.desk.roots}"]\nca_only = true\n'
    broker = here.broker(here.rule(), entry, environ={"SSL_CERT_FILE": str(other)})
    assert here.read(here.url("private/app"), broker).resolved == commits["main"]


@pytest.mark.parametrize("path", ["private/app", "other/app"])
def test_a_secret_of_fleets_is_the_user_and_the_authority_of_its_rule_alone(
    path: str, here: Forge, past: tuple[Work, Mapping[str, str]], tmp_path: Path
) -> None:
    for name in ("private/app", "other/app"):
        here.git.publish(name, past[0].folder)
    secret: Mapping[str, str | bytes] = {
        "username": "alice",
        "password": here.canary.ascii.reveal(),
        "cacerts": here.desk.roots.read_bytes(),
    }
    mount = mounted(tmp_path / "secret", secret)
    (tmp_path / "other").mkdir()
    environ = {"SSL_CERT_FILE": str(Authority().write(tmp_path / "other"))}
    broker = here.broker(fleet_rule(f"{here.address}/private", f'fleet_secret = "{mount}"'), environ=environ)
    if path == "private/app":
        assert here.read(here.url(path), broker).resolved == past[1]["main"]
        return
    with pytest.raises(TLSFailed):
        here.read(here.url(path), broker)


def test_an_insecure_host_is_reached(here: Forge, commits: Mapping[str, str], tmp_path: Path) -> None:
    entry = f'[[tls]]\nmatch = "{here.address}"\ninsecure = true\n'
    broker = here.broker(here.rule(), entry, environ={"SSL_CERT_FILE": str(Authority().write(tmp_path))})
    assert here.read(here.url("private/app"), broker).resolved == commits["main"]


@pytest.mark.acceptance(17)
@pytest.mark.parametrize("locked", [False, True], ids=["open-key", "encrypted-key"])
def test_a_client_certificate_is_shown(
    past: tuple[Work, Mapping[str, str]],
    authority: Authority,
    roots: Path,
    tmp_path: Path,
    canary: Canary,
    *,
    locked: bool,
) -> None:
    tls = authority.server_context("localhost", client_authority=authority)
    (tmp_path / "client").mkdir()
    certificate, key = authority.issue("alice").write(tmp_path / "client")
    more = ""
    if locked:
        _encrypt(key, canary)
        more = f'client_key_password = "{canary.ascii.reveal()}"\n'
    with forge(tmp_path / "here", roots, tls, canary) as here:
        here.git.publish("open/app", past[0].folder)
        entry = f'[[tls]]\nmatch = "{here.address}"\nclient_cert = "{certificate}"\nclient_key = "{key}"\n{more}'
        assert here.read(here.url("open/app"), here.broker(entry)).resolved == past[1]["main"]
        assert all(request.client_certificate for request in here.running.requests)


def _encrypt(key: Path, canary: Canary) -> None:
    from cryptography.hazmat.primitives import serialization as pem

    loaded = pem.load_pem_private_key(key.read_bytes(), None)
    lock = pem.BestAvailableEncryption(canary.ascii.reveal().encode())
    key.write_bytes(loaded.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, lock))


@pytest.mark.acceptance(19)
def test_the_proxy_of_the_policy_is_used_and_knows_its_own_password_only(
    here: Forge, commits: Mapping[str, str]
) -> None:
    wanted = "Basic cHJveHk6cEBzcyB3b3JkJQ=="  # proxy, p@ss word%
    with proxying(wanted=wanted, route=lambda _, __: ("127.0.0.1", here.running.port)) as proxy:
        url = f"http://proxy:p%40ss%20word%25@localhost:{proxy.port}"
        entry = f'[[tls]]\nmatch = "charts.test"\nproxy = "{url}"\n'
        broker = here.broker(rule("charts.test", password=here.canary.ascii.reveal()), entry)
        bundle = here.read("git::https://charts.test/private/app.git", broker)
    assert bundle.resolved == commits["main"]
    assert {*proxy.lines} == {"CONNECT charts.test:443 HTTP/1.1"}
    assert {*proxy.authorizations} == {wanted}
    assert [hit for line in proxy.lines for hit in here.canary.hits(line)] == []


HOSTILE = """\
[url "https://evil.test/"]
	insteadOf = https://localhost
[credential]
	helper = "!touch {pwned}; echo username=eve; echo password=eve; :"
[core]
	hooksPath = {hooks}
	fsmonitor = touch {pwned}
	gitProxy = touch {pwned}
	sshCommand = touch {pwned}
[http]
	proxy = http://localhost:1
	sslVerify = false
	extraHeader = "X-Evil: yes"
[init]
	templateDir = {hooks}
[filter "evil"]
	smudge = touch {pwned}
	required = true
[fetch]
	recurseSubmodules = true
"""


def test_nothing_of_the_users_own_configuration_has_an_effect(here: Forge, tmp_path: Path) -> None:
    pwned, hooks, home = tmp_path / "pwned", tmp_path / "hooks", tmp_path / "user"
    for folder in (hooks, hooks / "hooks", home):
        folder.mkdir()
    for hook in (hooks / "post-checkout", hooks / "hooks" / "post-checkout", hooks / "reference-transaction"):
        hook.write_text(f"#!/bin/sh\ntouch {pwned}\n")
        hook.chmod(0o755)
    config = home / ".gitconfig"
    config.write_text(HOSTILE.format(pwned=pwned, hooks=hooks))
    (home / ".netrc").write_text("default login eve password eve\n")
    work = Work.begun(tmp_path / "work")
    commit = work.commit({"file": "content", ".gitattributes": "* filter=evil\n"})
    here.git.publish("private/app", work.folder)
    environ = {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": f"touch {pwned}",
        "GIT_SSL_NO_VERIFY": "1",
        "GIT_ASKPASS": str(hooks / "post-checkout"),
        "GIT_EXEC_PATH": str(hooks),
        "GIT_TEMPLATE_DIR": str(hooks),
    }
    bundle = here.read(here.url("private/app"), here.broker(here.rule(), environ=environ))
    assert (bundle.resolved, (bundle.root / "file").read_text()) == (commit, "content")
    assert not pwned.exists()
    assert here.running.saw("x-evil") == []
    assert {*here.running.saw("authorization")} == {here.git.accounts["private"].basic}


def test_a_path_that_leads_to_git_alone_is_enough(here: Forge, commits: Mapping[str, str], tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").symlink_to(git())
    broker = here.broker(here.rule(), environ={"PATH": str(programs)})
    assert here.read(here.url("private/app"), broker).resolved == commits["main"]


def test_git_that_is_not_installed_is_named(here: Forge, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"git: is not installed \(install git"):
        here.read(here.url("open/app"), here.broker(environ={"PATH": str(tmp_path)}))


def test_no_error_shows_what_git_said(here: Forge, commits: Mapping[str, str], canary: Canary) -> None:
    """A server that quotes what it was sent."""
    password = canary.ascii.reveal()
    here.before = lambda request: CannedResponse(500, {}, password.encode()) if request.method == "POST" else None
    with pytest.raises(OcibrokerError) as caught:
        here.read(here.url("private/app"))
    assert canary.hits(repr(caught.value)) == []


def giving(here: Forge, credential: Credential) -> Broker:
    environ = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(here.runtime)}
    return here.desk.broker(made_rule(here.address), environ=environ, offered=[MadeProvider(lambda _: credential)])


def test_an_identity_token_is_not_sent_as_something_else(here: Forge, commits: Mapping[str, str]) -> None:
    with pytest.raises(CannotCarry, match="cannot carry an identity token"):
        here.read(here.url("open/app"), giving(here, IdentityToken(secret=Secret("token"))))
    assert [request for request in here.running.requests if by_git(request)] == []


def test_a_bearer_token_needs_a_git_that_carries_it(here: Forge, commits: Mapping[str, str]) -> None:
    def guarded(request: Request) -> CannedResponse | None:
        known = request.headers.get("authorization") == "Bearer token"
        return None if known else CannedResponse(401, {"WWW-Authenticate": 'Bearer realm="git"'})

    broker = giving(here, Bearer(secret=Secret("token")))
    version = subprocess.run([git(), "version"], capture_output=True, text=True, check=True).stdout.split()[2]
    if tuple(map(int, version.split(".")[:2])) >= (2, 46):
        here.before = guarded
        assert here.read(here.url("open/app"), broker).resolved == commits["main"]
        return
    with pytest.raises(CannotCarry, match="needs a git that knows authtype"):
        here.read(here.url("open/app"), broker)
    assert [request for request in here.running.requests if by_git(request)] == []


def test_a_way_shows_no_answer(canary: Canary) -> None:
    way = Way(url="", protocol="", answers={"x": lambda: canary.ascii.reveal().encode()})
    assert "x" not in repr(way)
