"""`ocibroker pull` of what lies elsewhere than in a registry, of lists, and as JSON for programs."""

from __future__ import annotations

import hashlib
import io
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from ocibroker.cli.progress import Bars
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from tests.bundle.packed import file, packed
from tests.bundle.readings import files_of
from tests.bundle.site import Site, site
from tests.cli.desk import Desk, Outcome
from tests.oci.stock import Blob, artifact
from tests.settled import settled
from tests.transport.brokers import rule
from tests.transport.raw_server import RawServer, raw

ARCHIVE = packed([file("app/Chart.yaml", b"name: app"), file("README")])


@dataclass(frozen=True)
class Table:
    """A desk, a registry and a web server, and a folder ``out`` to pull into."""

    desk: Desk
    registry: EmbeddedRegistry
    web: Site
    ca: Path

    @property
    def out(self) -> Path:
        return self.desk.home / "out"

    @property
    def environ(self) -> dict[str, str]:
        return {"SSL_CERT_FILE": str(self.ca)}

    def url(self, path: str) -> str:
        return f"https://localhost:{self.web.server.port}{path}"

    def reference(self, title: str = "one.txt", name: str = "team/app") -> str:
        stocked = artifact(Blob(b"one", title))
        self.registry.push(name, "1", stocked.manifest, stocked.media_type, stocked.blobs)
        return f"{self.registry.address}/{name}:1"

    def pull(self, *argv: str, stdin: str = "") -> Outcome:
        return self.desk.run("pull", "-o", str(self.out), *argv, stdin=stdin, **self.environ)

    def lines(self, *argv: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.pull("--json", *argv).stdout.splitlines()]


@pytest.fixture
def table(desk: Desk, authority: Authority, tmp_path: Path) -> Iterator[Table]:
    tls = authority.server_context("localhost")
    with EmbeddedRegistry(tls=tls, users={"alice": "wonder"}) as registry, site(tls) as web:
        desk.configure(rule(registry.address))
        web.files |= {"/app.tgz": ARCHIVE, "/values.yaml": b"a: 1"}
        yield Table(desk, registry, web, authority.write(tmp_path / "ca"))


class TestSources:
    def test_an_archive_becomes_a_folder(self, table: Table) -> None:
        outcome = table.pull(table.url("/app.tgz"))
        assert (outcome.code, outcome.stdout) == (0, f"{table.out / 'app'}\n")
        assert files_of(table.out) == {"app/app/Chart.yaml": b"name: app", "app/README": b"here"}

    def test_a_file_stays_one(self, table: Table) -> None:
        outcome = table.pull(table.url("/values.yaml"))
        assert (outcome.code, outcome.stdout) == (0, f"{table.out / 'values.yaml'}\n")
        assert outcome.stderr == f"ocibroker: {table.url('/values.yaml')}: 4 bytes\n"

    def test_one_whose_size_nobody_has_told_is_as_long_as_it_has_become(self, table: Table) -> None:
        chunked = CannedResponse(200, {"Transfer-Encoding": "chunked"}, b"3\r\nhow\r\n4\r\nlong\r\n0\r\n\r\n")
        table.web.answers["/chunked.txt"] = chunked
        outcome = table.pull(table.url("/chunked.txt"))
        assert outcome.stderr == f"ocibroker: {table.url('/chunked.txt')}: 7 bytes\n"

    def test_a_folder_of_this_machine_is_copied(self, table: Table) -> None:
        table.desk.write("mine.txt", "mine")
        outcome = table.pull(str(table.desk.home / "mine.txt"))
        assert (outcome.code, files_of(table.out)) == (0, {"mine.txt": b"mine"})

    def test_they_are_told_in_their_order_wherever_they_lie(self, table: Table) -> None:
        outcome = table.pull(table.url("/app.tgz"), table.reference(), table.url("/values.yaml"))
        assert outcome.code == 0
        assert outcome.stdout.splitlines() == [str(table.out / name) for name in ("app", "one.txt", "values.yaml")]

    def test_two_that_would_be_one_file_are_not_wherever_they_lie(self, table: Table) -> None:
        table.web.files["/one.txt"] = b"another"
        outcome = table.pull(table.url("/one.txt"), table.reference("one.txt"))
        assert (outcome.code, outcome.stdout) == (2, f"{table.out / 'one.txt'}\n")
        assert (
            f"{table.url('/one.txt')}: would replace what this run writes to {table.out / 'one.txt'}"
            in outcome.stderr
        )
        assert files_of(table.out) == {"one.txt": b"one"}

    @pytest.mark.acceptance(20)
    def test_what_is_withheld_is_said(self, table: Table) -> None:
        table.web.guarded["/"] = ("alice", "wonder")
        outcome = table.pull(table.url("/app.tgz"))
        assert (outcome.code, outcome.stdout) == (4, "")
        assert outcome.stderr.startswith(
            f"ocibroker: {table.url('/app.tgz')}: withheld: asks for a credential (401); none was sent: no rule "
        )
        assert outcome.stderr.endswith(" (add a [[registry]] rule for this target)\n")
        assert table.web.server.saw("authorization") == []

    @pytest.mark.parametrize(
        ("source", "code", "words"),
        [
            ("{web}/missing.tgz", 4, "is not known to localhost"),
            ("{web}/app.tgz?checksum=" + hashlib.sha256(b"").hexdigest(), 6, "is not what its checksum says"),
            ("{web}/values.yaml?archive=zip", 6, "is no complete zip archive"),
            ("http://localhost/app.tgz", 5, "plain HTTP is not allowed"),
            ("s3::https://s3.test/bucket", 2, "is to be read by s3, which is not supported"),
            ("./missing", 2, "cannot be copied: No such file or directory"),
            ("https://alice:wonder@localhost/app.tgz", 2, "carries a user name or password"),
        ],
    )
    def test_one_that_fails_is_one_line_and_a_code(self, table: Table, source: str, code: int, words: str) -> None:
        outcome = table.pull(source.format(web=table.url("")))
        lines = [line for line in outcome.stderr.splitlines() if not line.endswith(" bytes")]
        assert (outcome.code, outcome.stdout, len(lines)) == (code, "", 1)
        assert words in lines[0]
        assert "wonder" not in outcome.everything
        assert files_of(table.out) == {}


LIST = """\
# What the cluster needs.
{web}/app.tgz
   {web}/values.yaml   \r

{reference}
#{web}/missing.tgz
"""


class TestLists:
    def written(self, table: Table) -> str:
        return LIST.format(web=table.url(""), reference=table.reference())

    def test_each_line_is_a_source(self, table: Table) -> None:
        outcome = table.pull("-f", str(table.desk.write("list", self.written(table))))
        assert outcome.code == 0
        assert outcome.stdout.splitlines() == [str(table.out / name) for name in ("app", "values.yaml", "one.txt")]

    def test_a_list_may_come_by_standard_input_and_beside_sources(self, table: Table) -> None:
        table.desk.write("mine.txt", "mine")
        outcome = table.pull("--file", "-", str(table.desk.home / "mine.txt"), stdin=self.written(table))
        assert outcome.code == 0
        assert [Path(line).name for line in outcome.stdout.splitlines()] == [
            "mine.txt",
            "app",
            "values.yaml",
            "one.txt",
        ]

    def test_an_empty_one_is_nothing_to_do(self, table: Table) -> None:
        assert table.pull("-f", "-", stdin="# nothing\n") == Outcome(0, "", "")

    @pytest.mark.parametrize(("content", "words"), [(None, "list: cannot be read"), (b"\xff", "is not UTF-8")])
    def test_one_that_cannot_be_read_says_so(self, table: Table, content: bytes | None, words: str) -> None:
        path = table.desk.home / "list"
        if content is not None:
            path.write_bytes(content)
        outcome = table.pull("-f", str(path))
        assert (outcome.code, words in outcome.stderr) == (2, True)

    @pytest.mark.parametrize("file", ["-", "list"])
    def test_one_that_is_too_long_is_not_cut(self, table: Table, file: str) -> None:
        text = "# nothing\n" * 110_000
        named = file if file == "-" else str(table.desk.write(file, text))
        outcome = table.pull("-f", named, stdin=text)
        assert (outcome.code, "is longer than 1048576 bytes" in outcome.stderr) == (2, True)

    def test_what_failed_and_what_did_not_are_both_told(self, table: Table) -> None:
        sources = [table.url("/missing.tgz"), table.url("/app.tgz"), "s3://bucket", table.reference()]
        outcome = table.pull(*sources)
        assert outcome.code == 4
        assert outcome.stdout.splitlines() == [str(table.out / "app"), str(table.out / "one.txt")]
        told = [line for line in outcome.stderr.splitlines() if not line.endswith(" bytes")]
        assert told[0].startswith(f"ocibroker: {table.url('/missing.tgz')}: is not known to localhost")
        assert told[1].startswith("ocibroker: 's3://bucket': is to be read by s3")
        assert told[2:] == ["ocibroker: 2 of 4 were pulled, 2 failed"]


class TestJSON:
    def test_each_source_is_a_line(self, table: Table) -> None:
        reference = table.reference()
        one, two = table.lines(f"{table.url('/app.tgz')}?sig=c0ffee", reference)
        digest = hashlib.sha256(ARCHIVE).hexdigest()
        assert one == {
            "source": f"{table.url('/app.tgz')}?…",
            "outcome": "pulled",
            "resolved": f"{table.url('/app.tgz')}?… (sha256:{digest})",
            "paths": [str(table.out / "app")],
        }
        assert (two["source"], two["outcome"]) == (reference, "pulled")
        assert two["resolved"].startswith(f"{reference}@sha256:")
        assert two["paths"] == [str(table.out / "one.txt")]

    def test_one_that_failed_says_why(self, table: Table) -> None:
        table.web.guarded["/"] = ("alice", "wonder")
        outcome = table.pull("--json", table.url("/app.tgz"))
        (told,) = map(json.loads, outcome.stdout.splitlines())
        assert outcome.code == told["code"] == 4
        assert told["message"].startswith("withheld: ")
        assert {**told, "message": ""} == {
            "source": table.url("/app.tgz"),
            "outcome": "failed",
            "error": "CredentialWithheld",
            "code": 4,
            "culprit": table.url("/app.tgz"),
            "message": "",
            "hint": "add a [[registry]] rule for this target",
        }

    def test_no_secret_is_in_any(self, table: Table) -> None:
        outcome = table.pull("--json", "https://alice:wonder@localhost/app.tgz", f"{table.url('/x')}?sig=c0ffee")
        assert len(outcome.stdout.splitlines()) == 2
        assert not [secret for secret in ("wonder", "alice", "c0ffee") if secret in outcome.everything]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_ctrl_c_leaves_nothing(table: Table, authority: Authority) -> None:
    def script(connection: socket.socket, server: RawServer) -> None:
        server.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbeginning")
        server.ended.wait(30)

    with raw(script, authority.server_context("localhost")) as server:
        sources = [f"https://localhost:{server.port}/{number}.tgz" for number in range(3)]
        argv = table.desk.command("pull", "-o", str(table.out), *sources)
        environ = table.desk.surroundings(**table.environ)
        pipe = subprocess.PIPE
        with subprocess.Popen(argv, env=environ, stdout=pipe, stderr=pipe, text=True) as process:
            assert settled(lambda: len(list(table.out.rglob("*.tgz"))) == 3)
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=10)
    assert (process.returncode, stdout, "Traceback" in stderr) == (130, "", False)
    assert list(table.out.iterdir()) == []


def test_a_bar_of_unknown_length_is_full_in_the_end() -> None:
    with Progress(console=Console(file=io.StringIO())) as progress:
        bars = Bars(progress)
        bars.begin("file", 0)
        bars.advance("file", 7)
        assert [(task.completed, task.total) for task in progress.tasks] == [(7, None)]
        bars.end("file")
        assert [(task.completed, task.total) for task in progress.tasks] == [(7, 7)]
