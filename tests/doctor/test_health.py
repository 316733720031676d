"""Where nothing is wrong: all is in order, the code is 0, and the steps have the names that programs rely on."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ocibroker.cli.run import run
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.docs.manual import ROOT, rows, section
from tests.doctor.house import APP, House, Step, Visit, report_of

MACHINE = (
    "configuration.file",
    "configuration.named-files",
    "configuration.secrets",
    "plugins",
    "environment.proxies",
    "environment.roots",
    "sidecar.socket",
)
TARGET = (
    "selection.provider",
    "selection.identity",
    "credential",
    "tls.policy",
    "network.proxy",
    "network.name",
    "network.connect",
    "tls.handshake",
    "tls.certificate",
    "registry.answer",
    "registry.challenge",
    "registry.realm",
    "clock.skew",
    "registry.token",
    "registry.access",
    "registry.manifest",
)
"""The golden names of the steps, in their order."""


def about(report_steps: tuple[Step, ...], whom: str) -> list[str]:
    return [step.id for step in report_steps if step.about == whom]


def test_all_is_in_order_under_the_names_that_programs_rely_on(house: House) -> None:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address))
        report = house.report(Visit(f"{registry.address}/{APP}:1.2.3"))
    assert report.code == 0
    assert [step.id for step in report.steps] == [*MACHINE, *TARGET, "tools.setup"]
    assert {step.id: step.state for step in report.steps} == {
        **dict.fromkeys((*MACHINE, *TARGET), "ok"),
        "tools.setup": "skipped",
    }


def test_the_manual_names_every_step_and_no_other() -> None:
    documented = rows(section(ROOT / "docs" / "doctor.md", "## The steps"))
    assert sorted(documented) == sorted((*MACHINE, *TARGET, "targets", "tools.setup", "tools.helper"))


def test_the_json_has_a_format_and_a_verdict(house: House) -> None:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address))
        data = json.loads(house.run(Visit(registry.address), "--json").stdout)
    assert {**data, "steps": ..., "version": ...} == {"format": 1, "version": ..., "state": "ok", "steps": ...}
    assert {tuple(step) for step in data["steps"]} == {("id", "about", "state", "what", "cause", "cure")}


def test_a_healthy_target_tells_what_decided(house: House) -> None:
    with house.registry() as registry:
        house.desk.configure(
            house.rule(f"{registry.address}/team")
            + house.rule(registry.address, provider="anonymous").replace("options", "#")
        )
        report = house.report(Visit(f"{registry.address}/{APP}:1.2.3"))
    assert f"shadowed: rule {registry.address} (" in report.of("selection.provider").what
    assert report.of("selection.identity").what.startswith("user alice, password from file ")
    assert report.of("tls.handshake").what.startswith("TLSv1.3, verified by OU=Testing CA #")
    assert "of the system's roots (SSL_CERT_FILE)" in report.of("tls.handshake").what
    assert report.of("tls.certificate").what.startswith("for localhost, issued by OU=Testing CA #")
    assert report.of("registry.token").what.startswith(f"for repository:{APP}:pull, issued ")
    assert report.of("registry.manifest").what == "1.2.3 is application/vnd.oci.image.manifest.v1+json"


def test_a_configured_authority_is_named_with_its_file(house: House) -> None:
    other = Authority()
    path = other.write(house.folder)
    with house.registry(authority=other) as registry:
        house.desk.configure(house.rule(registry.address) + house.entry(registry.address, f'ca = ["{path}"]'))
        report = house.report(Visit(f"{registry.address}/{APP}"))
    assert (report.code, report.failed) == (0, [])
    assert report.of("tls.handshake").what.endswith(f" of {path}")


def test_public_access_needs_no_rule(house: House) -> None:
    with house.registry(users={}) as registry:
        report = house.report(Visit(f"{registry.address}/{APP}"))
    assert (report.code, report.failed) == (0, [])
    assert report.of("credential").what.startswith("anonymous: ")


def test_plain_http_that_is_allowed_works_and_is_not_overlooked(house: House) -> None:
    with EmbeddedRegistry(users={"alice": house.password}, auth="basic") as registry:
        registry.push(APP, "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        entry = house.entry(registry.address, "plain_http = true")
        house.desk.configure(house.rule(registry.address) + entry)
        report = house.report(Visit(f"{registry.address}/{APP}"))
    assert (report.code, report.failed) == (0, [])
    assert report.of("tls.policy").state == "warning"
    assert report.of("registry.access").state == "ok"


def test_a_token_endpoint_elsewhere_is_looked_at_too(house: House) -> None:
    with house.registry() as granting, house.registry(realm=f"https://{granting.address}/token") as registry:
        house.desk.configure(house.rule(registry.address, more=f'realms = ["{granting.address}"]'))
        report = house.report(Visit(f"{registry.address}/{APP}"))
    assert about(report.steps, f"https://{granting.address}") == [
        "tls.policy",
        "network.proxy",
        "network.name",
        "network.connect",
        "tls.handshake",
        "tls.certificate",
    ]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestWithoutTarget:
    def test_all_hosts_that_the_configuration_names_are_looked_at_and_globs_are_skipped(self, house: House) -> None:
        with house.registry() as first, house.registry() as second:
            rules = house.rule(f"{first.address}/team") + house.rule("*.example.com")
            house.desk.configure(f'{rules}[sidecar]\nprefetch = ["{second.address}/{APP}"]\n')
            report = house.report(Visit())
        assert [step.what for step in report.steps if step.id == "selection.provider"] != []
        whom = dict.fromkeys(step.about for step in report.steps if step.about)
        assert [*whom] == [f"{first.address}/team", f"{second.address}/{APP}"]
        skipped = report.of("targets")
        assert skipped.state == "skipped"
        assert skipped.what.startswith("*.example.com names no host (")
        assert skipped.cure == "name one of its hosts as TARGET"

    def test_each_account_of_a_host_is_looked_at(self, house: House) -> None:
        with house.registry() as registry:
            house.desk.configure(house.rule(registry.address) + house.rule(registry.address, more='account = "ci"'))
            report = house.report(Visit())
        whom = dict.fromkeys(step.about for step in report.steps if step.about)
        assert [*whom] == [registry.address, f"{registry.address} (account ci)"]

    def test_with_nothing_configured_this_is_said(self, house: House) -> None:
        report = house.report(Visit())
        assert report.code == 0
        assert report.of("targets").cure == "name one as TARGET"


class TestCommandLine:
    def test_a_target_that_is_none_is_an_error_of_usage(self, house: House) -> None:
        outcome = house.run(Visit("https://registry.test/app"))
        assert (outcome.code, outcome.stdout) == (2, "")

    def test_an_account_needs_a_target(self, house: House) -> None:
        outcome = house.run(Visit(), "--account", "ci")
        assert (outcome.code, outcome.stderr) == (2, "ocibroker: --account: is for one target (name the TARGET)\n")

    @pytest.mark.parametrize("reference", [":1.2.3", "@sha256:" + "0" * 64])
    def test_a_tag_or_a_digest_may_be_named(self, house: House, reference: str) -> None:
        with house.registry() as registry:
            house.desk.configure(house.rule(registry.address))
            report = house.report(Visit(f"{registry.address}/{APP}{reference}"))
        assert report.of("registry.manifest").about == f"{registry.address}/{APP}{reference}"

    def test_a_terminal_gets_colour_and_a_pipe_none(self, house: House) -> None:
        terminal, pipe = _Terminal(), io.StringIO()
        for stdout in (terminal, pipe):
            environ = {**house.desk.environ, "OCIBROKER_SOCKET": "off", "TERM": "xterm", "COLUMNS": "100"}
            run(["doctor"], environ=environ, stdout=stdout, stderr=io.StringIO())
        assert "\x1b[32mok" in terminal.getvalue()
        assert "\x1b" not in pipe.getvalue()

    def test_a_bundle_that_cannot_be_written_takes_nothing_from_what_was_found(
        self, house: House, tmp_path: Path
    ) -> None:
        (tmp_path / "there.zip").write_text("somebody's")
        outcome = house.run(Visit(), "--json", "--bundle", str(tmp_path / "there.zip"))
        assert outcome.code == 1
        assert "there.zip: cannot be written: File exists" in outcome.stderr
        assert report_of(outcome).steps
        assert (tmp_path / "there.zip").read_text() == "somebody's"


def test_a_tool_that_is_here_and_was_never_set_up_is_no_fault(house: House) -> None:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address))
        programs = house.desk.home / "bin"
        programs.mkdir()
        (programs / "docker").touch(mode=0o755)
        report = house.report(Visit(registry.address, {"PATH": str(programs)}))
    (found,) = (step for step in report.steps if step.id == "tools.setup")
    assert (found.state, found.about, found.cure) == ("skipped", "docker", "ocibroker setup docker")
    assert found.what.endswith(f"it would be told in {house.desk.home / '.docker' / 'config.json'}")
