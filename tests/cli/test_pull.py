"""`ocibroker pull`: what is printed, what is written, and how it ends."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from ocibroker.cli.progress import Bars
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry, chart
from tests.cli.desk import Desk, Outcome
from tests.cli.sitting import Sitting
from tests.oci.stock import Artifact, Blob, artifact, image, index, noise
from tests.transport.brokers import rule

FILES = artifact(Blob(b"one", "one.txt"), Blob(b"three", "three.txt"))


@dataclass(frozen=True)
class Table:
    """A desk, a registry, and a folder ``out`` to pull into."""

    desk: Desk
    registry: EmbeddedRegistry
    ca: Path

    def push(self, stocked: Artifact, name: str = "team/app:1") -> str:
        repository, _, tag = name.partition(":")
        self.registry.push(repository, tag, stocked.manifest, stocked.media_type, stocked.blobs)
        return self.at(name)

    def charts(self, *versions: str) -> str:
        """Push them and return the reference without a version."""
        for version in versions:
            app = chart("app", version)
            self.push(Artifact(app.manifest, blobs=app.blobs), f"charts/app:{app.tag}")
        return f"oci://{self.at('charts/app')}"

    def at(self, name: str) -> str:
        return f"{self.registry.address}/{name}"

    @property
    def environ(self) -> dict[str, str]:
        return {"SSL_CERT_FILE": str(self.ca)}

    @property
    def out(self) -> Path:
        return self.desk.home / "out"

    def pull(self, *argv: str) -> Outcome:
        return self.desk.run("pull", "-o", str(self.out), *argv, **self.environ)

    @property
    def files(self) -> dict[str, bytes]:
        found = (path for path in self.out.rglob("*") if path.is_file())
        return {path.relative_to(self.out).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def table(desk: Desk, authority: Authority, tmp_path: Path) -> Iterator[Table]:
    with EmbeddedRegistry(tls=authority.server_context("localhost"), users={"alice": "wonder"}) as registry:
        desk.configure(rule(registry.address))
        yield Table(desk, registry, authority.write(tmp_path / "ca"))


class TestOutput:
    def test_each_file_is_a_line_of_its_own(self, table: Table) -> None:
        outcome = table.pull(table.push(FILES))
        assert outcome.code == 0
        assert outcome.stdout.splitlines() == [str(table.out / "one.txt"), str(table.out / "three.txt")]
        assert table.files == {"one.txt": b"one", "three.txt": b"three"}

    def test_without_a_terminal_each_file_is_a_plain_line_when_it_is_complete(self, table: Table) -> None:
        outcome = table.pull(table.push(FILES))
        assert sorted(outcome.stderr.splitlines()) == [
            "ocibroker: one.txt: 3 bytes",
            "ocibroker: three.txt: 5 bytes",
        ]

    def test_a_layout_is_one_line(self, table: Table) -> None:
        outcome = table.pull(table.push(image(b"layer")))
        assert (outcome.code, outcome.stdout) == (0, f"{table.out / 'app'}\n")

    def test_layers_that_are_left_out_are_told(self, table: Table) -> None:
        outcome = table.pull(table.push(artifact(Blob(b"one", "one"), Blob(b"two"), Blob(b"three"))))
        assert outcome.code == 0
        assert "layers without a name are left out: 2 (--layout has them)" in outcome.stderr

    def test_the_folder_is_the_current_one_unless_another_is_named(self, table: Table) -> None:
        reference, here = table.push(FILES), table.desk.home / "here"
        here.mkdir()
        argv = table.desk.command("pull", reference)
        done = subprocess.run(
            argv,
            cwd=here,
            env=table.desk.surroundings(**table.environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stdout) == (0, "one.txt\nthree.txt\n")
        assert (here / "one.txt").read_bytes() == b"one"

    def test_several_are_told_in_their_order(self, table: Table) -> None:
        first, second = table.push(artifact(Blob(b"1", "a")), "a:1"), table.push(artifact(Blob(b"2", "b")), "b:1")
        assert table.pull(second, first).stdout.splitlines() == [str(table.out / "b"), str(table.out / "a")]


class TestChoosing:
    @pytest.mark.parametrize(
        ("argv", "found"),
        [
            ((), "1.3.0"),
            (("--version", "~1.2"), "1.2.3"),
            (("--version", "1.2.3"), "1.2.3"),
            (("--devel",), "2.0.0-rc.1"),
            (("--version", ">1.3-0"), "2.0.0-rc.1"),
        ],
    )
    def test_a_version(self, table: Table, argv: tuple[str, ...], found: str) -> None:
        outcome = table.pull(*argv, table.charts("1.2.3", "1.3.0", "2.0.0-rc.1"))
        assert (outcome.code, outcome.stdout) == (0, f"{table.out / f'app-{found}.tgz'}\n")

    def test_without_one_the_tag_is_latest(self, table: Table) -> None:
        table.push(FILES, "team/app:latest")
        assert table.pull(table.at("team/app")).code == 0

    def test_a_chart_without_that_tag_says_how_to_ask_for_its_highest_version(self, table: Table) -> None:
        reference = table.charts("1.0.0").removeprefix("oci://")
        outcome = table.pull(reference)
        assert outcome.code == 4
        assert f"{reference}:latest: is not known" in outcome.stderr
        assert "(name a tag, or ask for a version: --version '*' is the highest)" in outcome.stderr
        assert table.pull("--version", "*", reference).code == 0

    def test_a_platform(self, table: Table) -> None:
        many = {"linux/amd64": image(b"amd64"), "linux/arm64": image(b"arm64", architecture="arm64")}
        for number, one in enumerate(many.values()):
            table.push(one, f"team/app:{number}")
        outcome = table.pull("--platform", "linux/arm64", table.push(index(many), "team/app:many"))
        assert outcome.code == 0
        assert b"arm64" in table.files.values()
        assert b"amd64" not in table.files.values()

    def test_a_layout_of_what_would_be_files(self, table: Table) -> None:
        outcome = table.pull("--layout", table.push(FILES))
        assert (outcome.code, outcome.stdout) == (0, f"{table.out / 'app'}\n")
        assert {"app/index.json", "app/oci-layout"} <= table.files.keys()


class TestFailing:
    def test_one_that_fails_stops_no_other_and_the_first_decides_the_code(self, table: Table) -> None:
        good, spoilt = table.push(FILES), table.push(artifact(Blob(b"x", "x")), "spoilt:1")
        missing = table.at("missing:1")
        table.registry.responses["/v2/spoilt/manifests/1"] = CannedResponse(200, {}, b"no manifest")
        outcome = table.pull(spoilt, good, missing)
        assert outcome.code == 6
        assert outcome.stdout.splitlines() == [str(table.out / "one.txt"), str(table.out / "three.txt")]
        assert f"ocibroker: {spoilt}: " in outcome.stderr
        assert f"ocibroker: {missing}: " in outcome.stderr
        assert table.pull(missing, spoilt).code == 4

    def test_two_that_would_be_one_file_are_not(self, table: Table) -> None:
        references = [table.push(artifact(Blob(name.encode(), "file")), f"{name}:1") for name in ("a", "b")]
        outcome = table.pull(*references)
        assert (outcome.code, outcome.stdout) == (2, f"{table.out / 'file'}\n")
        assert f"would replace what this run writes to {table.out / 'file'}" in outcome.stderr

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (CannedResponse(404), 4),
            (CannedResponse(403), 4),
            (CannedResponse(503), 5),
            (CannedResponse(200, {}, b"nonsense"), 6),
        ],
    )
    def test_one_is_one_line_and_a_code(self, table: Table, answer: CannedResponse, code: int) -> None:
        reference = table.push(FILES)
        table.registry.responses["/v2/team/app/manifests/1"] = answer
        outcome = table.pull(reference)
        assert (outcome.code, outcome.stdout, len(outcome.stderr.splitlines())) == (code, "", 1)
        assert outcome.stderr.startswith(f"ocibroker: {reference}: ")

    def test_a_file_where_the_folder_should_be(self, table: Table) -> None:
        table.out.write_text("")
        outcome = table.pull(table.push(FILES))
        assert (outcome.code, "cannot be written" in outcome.stderr) == (1, True)

    @pytest.mark.parametrize(
        ("argv", "words"),
        [
            ((), "Missing argument"),
            (("--platform", "linux", "x.test/a"), "--platform 'linux': is not OS/ARCH or OS/ARCH/VARIANT"),
            (("--platform", "/amd64", "x.test/a"), "is not OS/ARCH"),
            (("--platform", "a/b/c/d", "x.test/a"), "is not OS/ARCH"),
            (("nowhere",), "does not name its registry"),
            (("x.test",), "names no repository"),
            (("x.test/a:",), "tag"),
            (("x.test/a:../b",), "x.test/a:../b"),
            (("x.test/a@sha256:00",), "sha256"),
            (("--version", "^1", "x.test/a:1"), "names a version twice"),
            (("--version", "no range", "oci://x.test/a"), "no range"),
            (("--nonsense", "x.test/a"), "No such option"),
        ],
    )
    def test_what_cannot_be_is_said_before_anything_is_asked(
        self, table: Table, argv: tuple[str, ...], words: str
    ) -> None:
        outcome = table.pull(*argv)
        assert (outcome.code, outcome.stdout, len(table.registry.requests)) == (2, "", 0)
        assert words in outcome.stderr


class TestSecrets:
    @pytest.mark.parametrize("password", ["wonder", "refused-canary"])
    @pytest.mark.parametrize("redirected", [False, True])
    def test_none_is_shown_however_it_ends(self, table: Table, password: str, *, redirected: bool) -> None:
        table.desk.configure(table.desk.config.read_text().replace('"wonder"', f'"{password}"'))
        if redirected:
            table.registry.redirects["/v2/team/app/blobs/"] = f"{table.registry.url}/gone?signature=canary&for="
        outcome = table.desk.run("-vv", "pull", "-o", str(table.out), table.push(FILES), **table.environ)
        assert outcome.code == (0 if password == "wonder" and not redirected else 4)
        encoded = base64.b64encode(f"alice:{password}".encode()).decode()
        assert not [secret for secret in (password, encoded, "canary") if secret in outcome.everything]


HOSTILE = ["\x1b[2J\x1b]0;owned\x07", "a\rb", "\x9b31m", "a\nb"]


class TestHostileNames:
    @pytest.mark.parametrize("title", HOSTILE)
    def test_a_title_cannot_steer_the_terminal(self, table: Table, title: str) -> None:
        outcome = table.pull(table.push(artifact(Blob(b"x", title))))
        assert (outcome.code, table.files) == (6, {})
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", outcome.everything)
        assert len(outcome.stderr.splitlines()) == 1

    def test_a_program_gets_the_name_as_it_is(self, table: Table) -> None:
        outcome = table.pull(table.push(artifact(Blob(b"x", "\u202egnp.exe"))))
        assert (outcome.stdout, outcome.stderr) == (
            f"{table.out}/\u202egnp.exe\n",
            "ocibroker: \\u202egnp.exe: 1 bytes\n",
        )

    def test_a_title_of_markup_is_text(self, table: Table) -> None:
        outcome = table.pull(table.push(artifact(Blob(b"x", "[bold]{task.id}:smile:"))))
        assert (outcome.code, outcome.stderr) == (0, "ocibroker: [bold]{task.id}:smile:: 1 bytes\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")
class TestOnATerminal:
    def seen(self, table: Table, reference: str, *before: str) -> tuple[int, str]:
        command = table.desk.command(*before, "pull", "-o", str(table.out), reference)
        environ = table.desk.surroundings(**table.environ, TERM="xterm-256color", COLUMNS="100")
        with Sitting.of(command, environ, shown=True) as sitting:
            return sitting.ended(), sitting.seen

    @pytest.mark.parametrize("title", ["\u202egnp.exe", "\u2028ocibroker: all is well"])
    def test_a_title_stays_on_its_line_and_in_its_order(self, table: Table, title: str) -> None:
        code, seen = self.seen(table, table.push(artifact(Blob(b"x", title))))
        assert (code, table.files) == (0, {title: b"x"})
        assert title[0] not in seen

    def test_there_is_a_bar_for_each_file(self, table: Table) -> None:
        body = noise(300_000)
        code, seen = self.seen(table, table.push(artifact(Blob(body, "app.bin"))))
        assert (code, table.files) == (0, {"app.bin": body})
        assert "━" in seen
        assert "300.0/300.0 kB" in seen
        assert "ocibroker: app.bin" not in seen

    def test_logs_are_not_drawn_over(self, table: Table) -> None:
        _, seen = self.seen(table, table.push(FILES), "-v")
        assert "ocibroker: three.txt: 5 bytes" in seen
        assert "\x1b" not in seen

    def test_a_title_of_markup_is_text_there_too(self, table: Table) -> None:
        code, seen = self.seen(table, table.push(artifact(Blob(b"x", "[bold]{task.id}:smile:"))))
        assert (code, "[bold]{task.id}:smile:" in seen) == (0, True)

    def test_the_cursor_is_shown_again(self, table: Table) -> None:
        _, seen = self.seen(table, table.push(artifact(Blob(b"x", "x"))))
        assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h")


def test_images_that_share_a_layer_share_its_bar() -> None:
    with Progress(console=Console(file=io.StringIO())) as progress:
        bars = Bars(progress)
        for size in (10, 10):
            bars.begin("layer", size)
        for count in (4, 10, 6):
            bars.advance("layer", count)
        assert [(task.description, task.completed, task.total) for task in progress.tasks] == [("layer", 20, 20)]
