"""What commands remember from one to the next: what expires, and only that."""

import json
from pathlib import Path

import pytest

from tests.cli.desk import Outcome
from tests.cli.neighbourhood import Neighbourhood

RULE = "[[registry]]\nmatch = 'acme.test'\nprovider = 'acme'\noptions = {{ kind = '{kind}' }}\n{more}"
TARGET = "acme.test/app"


@pytest.fixture
def home(neighbourhood: Neighbourhood) -> Neighbourhood:
    neighbourhood.desk.configure(RULE.format(kind="bearer", more=""))
    return neighbourhood


def get(home: Neighbourhood, *argv: str) -> Outcome:
    outcome = home.process("get", TARGET, "--output", "json", *argv)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout)["secret"].endswith("-me")
    return outcome


def listed(home: Neighbourhood) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(home.process("cache", "list", "--output", "json").stdout)
    return found


def test_a_token_is_remembered_by_the_next_command_as_it_was(home: Neighbourhood) -> None:
    assert get(home).stdout == get(home).stdout
    assert home.asked == 1


def test_refresh_asks_the_provider_and_remembers_what_it_says(home: Neighbourhood) -> None:
    for _ in range(2):
        get(home, "--refresh")
    get(home)
    assert home.asked == 2


@pytest.mark.parametrize(("wanted", "asked"), [("10m", 1), ("20h", 1), ("3d", 1), ("90", 1)])
def test_a_life_that_is_wanted_counts(home: Neighbourhood, wanted: str, asked: int) -> None:
    get(home)
    get(home, "--min-ttl", wanted)
    assert home.asked == asked


@pytest.mark.parametrize("wanted", ["", "soon", "-1", "1.5h", "10 m", "1w"])
def test_what_is_no_duration_is_refused(home: Neighbourhood, wanted: str) -> None:
    outcome = home.process("get", TARGET, "--min-ttl", wanted)
    assert (outcome.code, outcome.stdout, home.asked) == (2, "", 0)
    assert "write 90s, 10m, 2h or 1d" in outcome.stderr


def test_a_credential_without_an_end_is_not_kept(home: Neighbourhood) -> None:
    home.desk.configure(RULE.format(kind="identity_token", more=""))
    for _ in range(2):
        get(home)
    assert (home.asked, listed(home)) == (2, [])


def test_who_wants_no_file_says_so(home: Neighbourhood) -> None:
    home.desk.configure(RULE.format(kind="bearer", more="[cache]\nstore = 'memory'\n"))
    for _ in range(2):
        get(home)
    assert (home.asked, listed(home)) == (2, [])


def test_another_rule_is_another_s_answer(home: Neighbourhood) -> None:
    get(home)
    home.desk.configure(RULE.format(kind="bearer", more="[[tls]]\nmatch = 'acme.test'\nmin_version = '1.3'\n"))
    get(home)
    assert home.asked == 2


def test_the_list_names_provider_and_end_and_no_secret(home: Neighbourhood) -> None:
    get(home)
    (one,) = listed(home)
    assert (one["provider"], one["kind"], one["expired"]) == ("acme", "bearer", False)
    table = home.process("cache", "list")
    assert [line.split()[1:3] for line in table.stdout.splitlines()] == [["provider", "kind"], ["acme", "bearer"]]
    assert "bear-me" not in table.everything


def test_explain_tells_of_it_without_asking(home: Neighbourhood) -> None:
    get(home)
    told = json.loads(home.process("explain", TARGET, "--output", "json").stdout)
    assert told["cache"].startswith("until ")
    assert home.asked == 1


def test_clear_forgets_everything(home: Neighbourhood) -> None:
    get(home)
    outcome = home.process("cache", "clear")
    assert (outcome.code, outcome.stdout) == (0, "forgotten: 1 credential\n")
    assert listed(home) == []
    get(home)
    assert home.asked == 2
    home.process("cache", "clear")
    assert home.process("cache", "clear").stdout == "forgotten: 0 credentials\n"


def test_the_path_is_below_the_runtime_directory_or_the_caches(home: Neighbourhood) -> None:
    assert home.process("cache", "path").stdout == f"{Path(home.desk.home) / '.cache' / 'ocibroker'}\n"


def test_an_unknown_store_is_an_error_that_names_the_key(home: Neighbourhood) -> None:
    home.desk.configure("[cache]\nstore = 'disk'\n")
    outcome = home.process("get", TARGET)
    assert outcome.code == 2
    assert "cache.store" in outcome.stderr
