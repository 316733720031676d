"""The kinds of credential that only other people's providers give, in each form."""

import json

import pytest

from tests.cli.desk import Outcome
from tests.cli.neighbourhood import Neighbourhood

RULE = "[[registry]]\nmatch = 'acme.test'\nprovider = 'acme'\noptions = {{ kind = '{kind}' }}\n"


def get(home: Neighbourhood, kind: str, output: str) -> Outcome:
    home.desk.configure(RULE.format(kind=kind))
    return home.process("get", "acme.test/app", "--output", output)


def test_a_bearer_token_has_its_moments_in_utc(neighbourhood: Neighbourhood) -> None:
    found = json.loads(get(neighbourhood, "bearer", "json").stdout)
    assert (found["kind"], found["username"], found["secret"]) == ("bearer", None, "bear-me")
    assert (found["issued_at"], found["expires_at"][10:]) == ("2020-01-02T02:04:05Z", "T02:04:05Z")


def test_an_identity_token_without_a_user_has_none(neighbourhood: Neighbourhood) -> None:
    found = json.loads(get(neighbourhood, "identity_token", "json").stdout)
    assert (found["kind"], found["username"], found["secret"]) == ("identity_token", None, "refresh-me")


def test_docker_knows_an_identity_token_by_its_user(neighbourhood: Neighbourhood) -> None:
    found = json.loads(get(neighbourhood, "identity_token", "docker").stdout)
    assert found == {"ServerURL": "acme.test", "Username": "<token>", "Secret": "refresh-me"}


def test_a_bearer_token_is_a_header(neighbourhood: Neighbourhood) -> None:
    assert get(neighbourhood, "bearer", "header").stdout == "Authorization: Bearer bear-me\n"


@pytest.mark.parametrize(("kind", "output"), [("bearer", "docker"), ("identity_token", "header")])
def test_a_form_that_cannot_carry_it_is_refused(neighbourhood: Neighbourhood, kind: str, output: str) -> None:
    outcome = get(neighbourhood, kind, output)
    assert (outcome.code, outcome.stdout) == (2, "")
    assert outcome.stderr.count("\n") == 1
    assert "-me" not in outcome.stderr
