"""Changes are shown, made and taken back; a file is never half written, and nobody's own words are lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ocibroker.errors import WriteFailed
from ocibroker.setup import Journal, Plan, Read, apply, undo
from ocibroker.setup.plan import Planned
from tests.setup.household import Household

BEFORE = '{\n    "auths": {"a.test": {"auth": "c2VjcmV0OmNhbmFyeQ=="}},\n    "psFormat": "x"\n}'


@pytest.fixture
def config(house: Household) -> Path:
    """Docker's file, as somebody has left it."""
    path = house.desk.home / ".docker" / "config.json"
    path.parent.mkdir(mode=0o700)
    path.write_text(BEFORE)
    path.chmod(0o640)
    house.configure("registry.test", tls="registry.test", more=house.mine)
    return path


class TestShowing:
    def test_a_difference_is_shown_and_nothing_is_touched(self, house: Household, config: Path) -> None:
        before = house.tree
        outcome = house.setup("docker")
        assert outcome.code == 7
        assert house.tree == before
        assert f"--- {config}\n+++ {config}\n" in outcome.stdout
        assert '+    "credHelpers": {\n+        "registry.test": "ocibroker"\n' in outcome.stdout
        assert "--- /dev/null\n+++ " in outcome.stdout
        assert "the same with --apply does it" in outcome.stderr

    def test_no_secret_is_shown(self, house: Household, config: Path) -> None:
        for text in (BEFORE, json.dumps(json.loads(BEFORE)), BEFORE.replace('"x"', '{"deep": ["c2VjcmV0", 7]}')):
            config.write_text(text)
            outcome = house.setup("docker")
            assert outcome.code == 7
            assert not any(secret in outcome.everything for secret in ("c2VjcmV0", "PRIVATE KEY", "deep"))
            assert "+(a private key, which is not shown)" in outcome.stdout
            assert "+certificate sha256:" in outcome.stdout

    def test_what_is_done_is_no_difference_and_what_others_undo_is_one(
        self, house: Household, config: Path
    ) -> None:
        house.apply("docker")
        assert (house.setup("docker").code, house.setup("docker").stdout) == (0, "")
        config.write_text(BEFORE)
        assert house.setup("docker").code == 7

    def test_a_certificate_that_was_exchanged_is_a_difference_and_its_key_is_not_shown(
        self, house: Household, config: Path
    ) -> None:
        house.apply("docker")
        house.client.write_bytes(Household(house.desk).client.read_bytes())
        outcome = house.setup("docker")
        assert (outcome.code, outcome.stdout.count("+certificate sha256:")) == (7, 1)
        assert "client.key\n-(not shown)\n+(not shown)\n" in outcome.stdout
        house.apply("docker")
        assert house.setup("docker").code == 0

    def test_of_many_certificates_the_first_are_shown(self, house: Household, config: Path) -> None:
        house.ca.write_bytes(b"".join(Household(house.desk).root.cert_pem.bytes() for _ in range(5)))
        outcome = house.setup("docker")
        assert "+(and 2 more certificates)\n" in outcome.stdout

    def test_a_name_of_a_file_cannot_steer_the_terminal(self, house: Household) -> None:
        house.configure("registry.test")
        outcome = house.setup("docker", "--file", f"{house.desk.home}/x\x1b[2J")
        assert "\x1b" not in outcome.stdout


class TestMaking:
    def test_mode_other_keys_and_order_are_kept(self, house: Household, config: Path) -> None:
        house.apply("docker")
        assert config.read_text().startswith(BEFORE[:-2] + ",\n")
        assert config.stat().st_mode & 0o777 == 0o640

    def test_twice_changes_nothing(self, house: Household, config: Path) -> None:
        house.apply("docker")
        once = house.tree
        inode = config.stat().st_ino
        outcome = house.apply("docker")
        assert (outcome.stdout, house.tree, config.stat().st_ino) == ("", once, inode)

    def test_a_host_that_is_no_longer_configured_goes(self, house: Household, config: Path) -> None:
        house.apply("docker")
        house.configure("other.test")
        house.apply("docker")
        assert json.loads(config.read_text())["credHelpers"] == {"other.test": "ocibroker"}
        assert not [name for name in house.tree if "registry.test" in name]
        house.configure()
        house.apply("docker")
        assert config.read_text() == BEFORE

    def test_a_link_stays_and_what_it_leads_to_is_written(self, house: Household, config: Path) -> None:
        real = house.desk.home / "dotfiles" / "docker.json"
        real.parent.mkdir(mode=0o700)
        config.rename(real)
        config.symlink_to(os.path.relpath(real, config.parent))
        before = house.tree
        house.apply("docker")
        assert (config.is_symlink(), "credHelpers" in real.read_text()) == (True, True)
        assert house.undo("docker").code == 0
        assert house.tree == before

    def test_a_folder_may_be_a_link_too(self, house: Household, config: Path) -> None:
        config.parent.rename(house.desk.home / "real")
        config.parent.symlink_to("real")
        house.apply("docker")
        assert "credHelpers" in (house.desk.home / "real" / "config.json").read_text()

    @pytest.mark.parametrize(
        ("spoil", "why"),
        [
            (lambda path: path.chmod(0o440), "is read-only"),
            (lambda path: path.parent.chmod(0o777), "can be written by others"),
            (lambda path: (path.unlink(), path.mkdir()), "cannot be read: Is a directory"),
            (lambda path: path.write_text("{"), "is not JSON"),
            (lambda path: path.write_text("[]"), "is not a JSON object"),
            (
                lambda path: path.write_text('{"credHelpers": 7}'),
                "has something else than an object as credHelpers",
            ),
            (lambda path: path.write_bytes(b'{"a": "\xff"}'), "is not UTF-8"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_cannot_be_written_is_an_error_and_stays(
        self, house: Household, config: Path, spoil: object, why: str
    ) -> None:
        assert callable(spoil)
        spoil(config)
        before = house.tree
        outcome = house.setup("docker", "--apply")
        assert outcome.code in {1, 2}
        assert why in outcome.stderr
        assert house.tree == before

    def test_a_helper_that_the_tool_would_not_find_is_said_first(self, house: Household, config: Path) -> None:
        before, nowhere = house.tree, str(house.desk.home)
        assert "docker-credential-ocibroker is not on the PATH" in house.setup("docker", PATH=nowhere).stderr
        outcome = house.setup("docker", "--apply", PATH=nowhere)
        assert (outcome.code, house.tree) == (2, before)

    def test_an_empty_file_is_one_without_entries(self, house: Household, config: Path) -> None:
        config.write_text("")
        house.apply("docker")
        assert config.read_text() == '{\n\t"credHelpers": {\n\t\t"registry.test": "ocibroker"\n\t}\n}\n'
        house.undo("docker")
        assert config.read_text() == ""


class TestTakingBack:
    def test_it_is_to_the_byte(self, house: Household, config: Path) -> None:
        before = house.tree
        house.apply("docker")
        assert house.undo("docker").code == 0
        assert house.tree == before
        assert house.undo("docker").stdout == ""

    def test_what_was_not_there_is_not_there_again(self, house: Household) -> None:
        house.configure("registry.test", tls="registry.test", more=house.mine)
        before = house.tree
        house.apply("docker")
        assert house.undo("docker").code == 0
        assert house.tree == before

    def test_after_several_it_is_the_first_state(self, house: Household, config: Path) -> None:
        before = house.tree
        house.apply("docker")
        house.configure("other.test", "third.test", tls="third.test")
        house.apply("docker")
        house.undo("docker")
        assert house.tree == before

    def test_a_login_that_came_since_stays_and_our_entries_go(self, house: Household, config: Path) -> None:
        house.apply("docker")
        document = json.loads(config.read_text())
        document["auths"]["b.test"] = {"auth": "eDp5"}
        document["credHelpers"]["c.test"] = "other"
        config.write_text(json.dumps(document, indent="\t"))
        assert house.setup("docker").code == 0
        house.configure("registry.test", "more.test")
        house.apply("docker")
        assert house.undo("docker").code == 0
        left = json.loads(config.read_text())
        assert left == {**json.loads(BEFORE), "auths": document["auths"], "credHelpers": {"c.test": "other"}}

    def test_an_entry_that_was_there_before_comes_back(self, house: Household, config: Path) -> None:
        config.write_text('{"credHelpers": {"registry.test": "pass"}}')
        house.apply("docker")
        config.write_text(config.read_text() + "\n")
        house.undo("docker")
        assert json.loads(config.read_text()) == {"credHelpers": {"registry.test": "pass"}}

    def test_where_it_cannot_be_told_whose_is_what_nothing_is_touched(self, house: Household, config: Path) -> None:
        folder = house.desk.home / "config" / "docker" / "certs.d" / "registry.test"
        folder.mkdir(parents=True, mode=0o700)
        authority = folder / "ca.crt"
        authority.write_text("theirs\n")
        house.apply("docker")
        authority.write_text("theirs again\n")
        before = house.tree
        outcome = house.undo("docker")
        assert (outcome.code, house.tree) == (2, before)
        assert f"{authority}: somebody has changed it since" in outcome.stderr
        backup = Path(outcome.stderr.partition("what was there before is ")[2].partition(";")[0])
        assert backup.read_text() == "theirs\n"
        authority.unlink()
        assert house.undo("docker").code == 0
        assert authority.read_text() == "theirs\n"

    def test_a_file_that_somebody_has_broken_is_not_touched(self, house: Household, config: Path) -> None:
        house.apply("docker")
        config.write_text("{")
        outcome = house.undo("docker")
        assert (outcome.code, config.read_text()) == (2, "{")
        assert "somebody has changed it since" in outcome.stderr

    def test_a_host_that_goes_leaves_no_file_behind_in_silence(self, house: Household, config: Path) -> None:
        house.apply("docker")
        authority = house.desk.home / "config" / "docker" / "certs.d" / "registry.test" / "ca.crt"
        authority.write_text("theirs\n")
        house.configure("registry.test")
        before = house.tree
        outcome = house.setup("docker", "--apply")
        assert (outcome.code, house.tree) == (2, before)
        assert f"{authority}: somebody has changed it since" in outcome.stderr

    def test_what_somebody_has_removed_comes_back_as_it_was_before_us(self, house: Household, config: Path) -> None:
        house.apply("docker")
        config.unlink()
        house.undo("docker")
        assert config.read_text() == BEFORE

    def test_what_somebody_has_removed_does_not_come_back_for_a_host_that_goes(
        self, house: Household, config: Path
    ) -> None:
        house.apply("docker")
        config.unlink()
        house.configure()
        house.apply("docker")
        assert not config.exists()

    def test_the_journal_is_its_owner_s_alone(self, house: Household, config: Path) -> None:
        house.apply("docker")
        state = house.desk.home / "state" / "ocibroker" / "setup"
        modes = {path.stat().st_mode & 0o777 for path in state.rglob("*") if path.is_file()}
        assert (modes, (state / "docker").stat().st_mode & 0o777) == ({0o600}, 0o700)
        house.undo("docker")
        assert [path.name for path in (state / "docker").iterdir()] == ["journal.json"]

    def test_a_damaged_journal_is_said(self, house: Household, config: Path) -> None:
        house.apply("docker")
        state = house.desk.home / "state" / "ocibroker" / "setup" / "docker"
        for backup in state.glob("backup-*"):
            backup.write_text("x")
        assert "is missing or damaged" in house.undo("docker").stderr
        (state / "journal.json").write_text("{")
        assert "is not a journal of this version" in house.undo("docker").stderr

    def test_it_needs_no_configuration(self, house: Household, config: Path) -> None:
        house.apply("docker")
        house.desk.configure("broken")
        assert house.undo("docker").code == 0
        assert config.read_text() == BEFORE


def test_to_make_and_to_take_back_contradict_each_other(house: Household) -> None:
    assert house.setup("docker", "--apply", "--undo").code == 2


def test_an_unknown_tool_is_an_error(house: Household) -> None:
    outcome = house.setup("emacs")
    assert (outcome.code, outcome.stdout) == (2, "")


def test_without_a_home_there_is_nothing_to_write_to(house: Household) -> None:
    house.configure("registry.test")
    outcome = house.setup("docker", HOME="", OCIBROKER_CONFIG=str(house.desk.config))
    assert (outcome.code, "there is no home to write to" in outcome.stderr) == (2, True)


def test_what_changes_between_the_look_and_the_write_is_not_overwritten(tmp_path: Path) -> None:
    file, journal = tmp_path / "file", Journal(tmp_path / "state" / "tool")

    def make(read: Read) -> Plan:
        assert read(file) is None
        return Plan((Planned(file, b"ours"), Planned(tmp_path / "link", b"ours too")))

    (tmp_path / "link").symlink_to(file)  # the first write is what changes the second
    with pytest.raises(WriteFailed, match="has just been changed by somebody else"):
        apply(make, journal)
    assert file.read_bytes() == b"ours"
    undo(journal)
    assert not file.exists()
