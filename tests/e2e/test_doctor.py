"""`ocibroker doctor` before Debian's docker-registry: what a real one says is understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.doctor.house import Report, report_of
from tests.e2e import broker_configuration
from tests.e2e.stocked_registry import StockedRegistry

pytestmark = pytest.mark.e2e


def examined(registry: StockedRegistry, folder: Path, reference: str, *, password: str = "") -> Report:
    config = broker_configuration.write(folder, registry)
    config.chmod(0o600)
    if registry.tokens:
        place = registry.tokens.realm.removeprefix("https://").partition("/")[0]
        trust = f'[[tls]]\nmatch = "{place}"\nca = ["{registry.authority.bundle}"]\n'
        config.write_text(config.read_text().replace("[[tls]]", f'realms = ["{place}"]\n{trust}[[tls]]', 1))
    if password:
        (folder / "password").write_text(password)
    target = f"{registry.address}/{reference}"
    return report_of(Desk(folder).run("--config", str(config), "doctor", target, "--json", OCIBROKER_SOCKET="off"))


def test_all_is_in_order_and_the_manifest_is_there(registry: StockedRegistry, tmp_path: Path) -> None:
    report = examined(registry, tmp_path, f"{registry.image.repository}:{registry.image.tag}")
    assert {step.id: step.cause for step in report.steps if step.state in {"warning", "failed"}} == {}
    assert report.code == 0
    assert report.of("registry.token").state == ("ok" if registry.tokens else "skipped")
    assert report.of("registry.manifest").state == "ok"


def test_a_wrong_password_is_found(registry: StockedRegistry, tmp_path: Path) -> None:
    report = examined(registry, tmp_path, registry.image.repository, password="another")
    assert report.failed == ["registry.token" if registry.tokens else "registry.access"]
    assert "check the user" in report.of(report.failed[0]).cure
    assert report.code == 4


def test_a_tag_that_is_not_there_is_found(registry: StockedRegistry, tmp_path: Path) -> None:
    report = examined(registry, tmp_path, f"{registry.image.repository}:absent")
    assert report.failed == ["registry.manifest"]
    assert report.code == 4
