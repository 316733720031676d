"""What a terminal shows, and what a pipe gets."""

import io
import os
from contextlib import suppress

import pytest
from rich.text import Text

from ocibroker.cli.facts import Fact, fact_table
from ocibroker.cli.terminal import Terminal
from ocibroker.line import one_line

LOUD = [Fact("INSECURE", "really", loud=True)]
LONG = [Fact("ca", "/very" * 100, "here")]


class Person(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stdout: io.StringIO, facts: list[Fact], **environ: str) -> str:
    terminal = Terminal(stdout, io.StringIO(), {"TERM": "xterm", "COLUMNS": "60", **environ})
    terminal.show(fact_table(facts))
    terminal.deliver()
    return stdout.getvalue()


def test_a_pipe_gets_plain_lines_however_long() -> None:
    assert shown(io.StringIO(), LOUD + LONG).splitlines()[1].split() == ["ca", "/very" * 100, "here"]


def test_a_person_sees_every_character_of_a_long_value() -> None:
    lines = Text.from_ansi(shown(Person(), LONG)).plain.splitlines()
    assert max(map(len, lines)) <= 60
    assert "".join(lines).count("v") == 100


@pytest.mark.parametrize(
    ("stdout", "environ", "red"),
    [(Person(), {}, True), (Person(), {"NO_COLOR": "1"}, False), (io.StringIO(), {"FORCE_COLOR": "1"}, False)],
    ids=["people", "people who want none", "programs"],
)
def test_color_is_for_people_who_want_it(stdout: io.StringIO, environ: dict[str, str], *, red: bool) -> None:
    codes = shown(stdout, LOUD, **environ).split("\x1b[")[1:]
    assert any("31" in code.partition("m")[0].split(";") for code in codes) is red


def test_nothing_is_written_before_the_end() -> None:
    stdout = io.StringIO()
    terminal = Terminal(stdout, io.StringIO(), {})
    terminal.say("held")
    assert stdout.getvalue() == ""
    terminal.deliver()
    assert stdout.getvalue() == "held\n"


def test_what_an_encoding_lacks_becomes_an_escape() -> None:
    raw = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(raw, encoding="ascii"), io.StringIO(), {})
    terminal.say("/home/zo\u00eb")
    terminal.deliver()
    assert raw.getvalue() == b"/home/zo\\xeb\n"


def test_a_note_that_nobody_reads_is_lost() -> None:
    read, write = os.pipe()
    os.close(read)
    with suppress(BrokenPipeError), os.fdopen(write, "w", buffering=1) as stderr:
        Terminal(io.StringIO(), stderr, {}).note("unread")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain, and not “ASCII”", "plain, and not “ASCII”"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\u202egnp.exe\u2028", "\\u202egnp.exe\\u2028"),
        ("not UTF-8: \udcff", "not UTF-8: \\udcff"),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == line
