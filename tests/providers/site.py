"""A folder on ``sys.path`` with distributions as pip leaves them, and an interpreter that sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROVIDER = """
from ocibroker.provider import Anonymous, Claim, Identity, Options, Strength, providers


class {title}Options(Options, frozen=True, kw_only=True):
    profile: str = "default"


class {title}:
    name = "{provider}"
    options = {title}Options

    def claim(self, target):
        return Claim(Strength.EXACT, "it is ours") if target.host == "{host}" else None

    def identity(self, request):
        return Identity((request.options.profile,))

    def fetch(self, request):
        return Anonymous("{provider} says so")


@providers
def ocibroker_providers():
    return [{title}()]
"""


def provider(name: str, *, host: str = "registry.acme.example") -> str:
    """Return the source of a plugin with one provider."""
    return PROVIDER.format(title=name.title().replace("-", ""), provider=name, host=host)


@dataclass(frozen=True)
class Site:
    folder: Path

    def install(self, distribution: str, source: str, *, plugin: str, module: str = "") -> Path:
        """Install a plugin; return the file that its import touches."""
        module = module or distribution.replace("-", "_")
        info = self.describe(distribution)
        (info / "entry_points.txt").write_text(f"[ocibroker]\n{plugin} = {module}\n")
        touched = self.folder / f"{module}.imported"
        touch = f"import pathlib\npathlib.Path({str(touched)!r}).touch()\n"
        (self.folder / f"{module}.py").write_text(touch + source)
        return touched

    def describe(self, distribution: str, *requirements: str) -> Path:
        """Install a distribution's metadata and nothing else; return the folder where they lie."""
        info = self.folder / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {distribution}", "Version: 1.2"]
        lines += [f"Requires-Dist: {requirement}" for requirement in requirements]
        (info / "METADATA").write_text("\n".join([*lines, ""]))
        return info

    def run(self, code: str, *, flags: tuple[str, ...] = (), cwd: Path | None = None, seen: bool = True) -> Any:  # noqa: ANN401
        """Run ``code``, which prints JSON, in a fresh interpreter; ``seen`` puts the folder on its path."""
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [sys.executable, *flags, "-c", code],
            env={**environ, "PYTHONPATH": str(self.folder)} if seen else environ,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def load(self, *names: str) -> dict[str, Any]:
        """Return what a fresh interpreter loads, by ``loaded`` names and the text of each ``broken`` one."""
        found = self.run(
            "import json; from ocibroker.providers import load;"
            f"found = load({names!r});"
            "print(json.dumps({'loaded': sorted(found.loaded),"
            " 'broken': {name: str(error) for name, error in found.broken.items()}}))"
        )
        assert isinstance(found, dict)
        return found

    def ask(self, config: Path, *targets: str, flags: tuple[str, ...] = ()) -> list[str]:
        """Return what a fresh interpreter's broker answers for each target: the reason, or the error."""
        answers = self.run(ASK.format(config=str(config), targets=targets), flags=flags)
        assert isinstance(answers, list)
        return answers


ASK = """
import json
import ocibroker
from ocibroker.errors import OcibrokerError

def ask(broker, target):
    try:
        access = broker.access(target)
    except OcibrokerError as error:
        return f"{{type(error).__name__}}: {{error}}"
    return str(access.credential)

with ocibroker.Broker.from_config({config!r}, environ={{}}) as broker:
    print(json.dumps([ask(broker, target) for target in {targets!r}]))
"""
