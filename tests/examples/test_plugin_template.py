"""A provider of somebody else's is written, built, installed into a fresh environment, and tried there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from ocibroker.cli.new_provider import FILES, write_provider
from ocibroker.errors import UsageError, WriteFailed
from tests.architecture.house import ROOT

TEMPLATE = ROOT / "examples" / "plugin-template"
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Environment:
    """A virtual environment that also sees what the tests' own has, since there is no network."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @classmethod
    def fresh(cls, folder: Path) -> Environment:
        venv.create(folder, symlinks=os.name != "nt")
        made = cls(folder)
        place = made.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
        ours = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
        (Path(place) / "ours.pth").write_text(ours)
        return made

    def run(
        self, *argv: str, cwd: Path | None = None, environ: Mapping[str, str] = NOTHING
    ) -> subprocess.CompletedProcess[str]:
        surroundings = {"PATH": os.defpath, "HOME": str(self.folder), **environ}
        done = subprocess.run(
            [str(self.python), *argv],
            env=surroundings,
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def install(self, distribution: Path) -> None:
        options = ("--no-index", "--no-build-isolation", "--no-deps", "--disable-pip-version-check")
        self.run("-m", "pip", "install", *options, str(distribution))


@pytest.mark.parametrize(
    ("name", "module", "variable"),
    [("hello", "ocibroker_hello", "HELLO_TOKEN"), ("my-cloud2", "ocibroker_my_cloud2", "MY_CLOUD2_TOKEN")],
)
def test_what_is_written_can_be_installed_and_answers(
    name: str, module: str, variable: str, tmp_path: Path
) -> None:
    written = write_provider(name, tmp_path)
    environment = Environment.fresh(tmp_path / "fresh")
    environment.install(written)
    listed = json.loads(environment.run("-m", "ocibroker", "providers", "--output", "json").stdout)
    assert [one for one in listed if one["name"] == name] == [
        {
            "name": name,
            "state": "not enabled",
            "distribution": f"ocibroker-{name}",
            "version": "1.0.0",
            "module": module,
            "reason": None,
        }
    ]
    config = tmp_path / "config.toml"
    config.write_text(f'[plugins]\nenable = ["{name}"]\n')
    environ = {"OCIBROKER_CONFIG": str(config), variable: "a-token", "OCIBROKER_SOCKET": "off"}
    target = f"registry.{name}.example/app"
    got = environment.run("-m", "ocibroker", "get", target, "--output", "json", environ=environ)
    assert json.loads(got.stdout)["secret"] == "a-token"
    tested = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=written)
    assert " passed" in tested.stdout


def test_the_example_is_what_is_written_under_its_own_name(tmp_path: Path) -> None:
    written = write_provider("hello", tmp_path)
    lying = {path.name for path in TEMPLATE.iterdir() if path.is_file()}
    assert lying == {*FILES}
    assert {name: (written / name).read_text() for name in FILES} == {
        name: (TEMPLATE / name).read_text() for name in FILES
    }


def test_nothing_of_the_example_is_left_under_another_name(tmp_path: Path) -> None:
    written = write_provider("my-cloud", tmp_path)
    texts = {path.name: path.read_text() for path in written.iterdir()}
    assert texts.keys() == {"README.md", "pyproject.toml", "ocibroker_my_cloud.py", "test_my_cloud.py"}
    assert [name for name, text in texts.items() if "hello" in text.lower()] == []
    assert "class MyCloudProvider:" in texts["ocibroker_my_cloud.py"]


@pytest.mark.parametrize(
    "name",
    ["", "Acme", "acme_", "a--b", "-a", "a-", "../a", "a/b", "a b", "1a", "a.b", "äcme", "a\n", "basic", "ecr"],
)
def test_what_is_no_name_or_a_built_in_ones_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_provider(name, tmp_path)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("there", ["folder", "file", "link"])
def test_nothing_is_overwritten(there: str, tmp_path: Path) -> None:
    place = tmp_path / "ocibroker-acme"
    match there:
        case "folder":
            place.mkdir()
        case "file":
            place.touch()
        case "link":
            place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is there already"):
        write_provider("acme", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ocibroker-acme"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WriteFailed) as caught:
        write_provider("acme", tmp_path / "nowhere")
    assert caught.value.culprit == str(tmp_path / "nowhere" / "ocibroker-acme")


def test_the_command_says_where_it_is(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ocibroker", "providers", "--new", "acme"]
    for code, said in ((0, f"{tmp_path / 'ocibroker-acme'}\n"), (2, "")):
        environ = {"PATH": os.defpath, "HOME": str(tmp_path)}
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (code, said)
    assert "is there already" in done.stderr
