"""The helper that git asks answers for the place that it was made for, once, and for no other."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.bundle.git_answers import Answers, handed
from ocibroker.errors import CannotCarry
from tests.e2e.git_server import git

pytestmark = pytest.mark.e2e

PLACE = "https://git.test:8443"
ANSWER = b"username=alice\npassword=wonder: $(land) 'of' \\n\n"


def asked(answers: Answers, *urls: str) -> list[str]:
    """Return what git is told for each URL, by one helper."""
    with handed(answers) as secrets:
        argv = [
            git(),
            "-c",
            "credential.helper=",
            "-c",
            f"credential.helper={secrets.helper}",
            "credential",
            "fill",
        ]
        return [_filled(argv, url, secrets.inherited) for url in urls]


def _filled(argv: Sequence[str], url: str, inherited: tuple[int, ...]) -> str:
    done = subprocess.run(
        argv,
        input=f"url={url}\n\n",
        env={"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1"},
        pass_fds=inherited,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_what_is_handed_arrives_to_the_letter() -> None:
    [said] = asked({PLACE: lambda: ANSWER}, f"{PLACE}/team/app.git")
    assert said.splitlines()[-2:] == ANSWER.decode().splitlines()


def test_it_is_there_once() -> None:
    first, second = asked({PLACE: lambda: ANSWER}, PLACE, PLACE)
    assert ("alice" in first, "alice" in second) == (True, False)


@pytest.mark.parametrize(
    "url",
    [
        "http://git.test:8443",
        "https://git.test",
        "https://git.test:84430",
        "https://evil.test:8443",
        "https://git.test:8443.evil.test",
        "https://gitxtest:8443",
        "https://evil.test/git.test:8443",
    ],
)
def test_no_other_place_gets_it(url: str) -> None:
    assert asked({PLACE: lambda: ANSWER}, url) == [""]


def test_each_place_has_its_own() -> None:
    other = "http://proxy.test:3128"
    answers = {PLACE: lambda: ANSWER, other: lambda: b"username=p\npassword=q\n"}
    said = asked(answers, other, PLACE)
    assert ["password=q" in one for one in said] == [True, False]
    assert ["alice" in one for one in said] == [False, True]


def test_what_no_pipe_holds_is_refused() -> None:
    with pytest.raises(CannotCarry, match="is too long a secret for git"), handed({PLACE: lambda: b"x" * 10**6}):
        pass


@given(st.text(alphabet="'\"$`\\;|&*?[]() abc", min_size=1))
def test_no_place_is_read_as_anything_but_itself(place: str) -> None:
    with handed({place: lambda: b"answer"}) as secrets:
        script = f"{secrets.helper.removeprefix('!')} get"
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            input=f"protocol=https\nhost={place}x\n".encode(),
            pass_fds=secrets.inherited,
            capture_output=True,
            check=True,
        )
    assert (done.stdout, done.stderr) == (b"", b"")


def test_nothing_stays_open() -> None:
    with handed({PLACE: lambda: ANSWER, "cert://": lambda: b""}) as secrets:
        assert len({os.fstat(pipe).st_ino for pipe in secrets.inherited}) == 2
    for pipe in secrets.inherited:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(pipe)
