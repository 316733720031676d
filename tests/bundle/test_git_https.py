"""Git repositories over HTTPS, from ``git http-backend``: who gets a credential, and which."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

import pytest

from ocibroker import Broker
from ocibroker.errors import (
    CannotCarry,
    CredentialWithheld,
    IntegrityError,
    NotFound,
    RedirectRefused,
    RegistryRefused,
)
from ocibroker.provider import Bearer, Credential, IdentityToken, Secret
from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.bundle.forge import Forge, by_git
from tests.bundle.git_history import Work
from tests.e2e.git_server import git
from tests.transport.brokers import made_rule
from tests.transport.canary import Canary
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
