"""What a provider's pure methods touch beyond their arguments, seen in an interpreter of its own.

Only a fresh interpreter shows an import, and only there may the environment be watched.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ocibroker.clock import SystemClock
from ocibroker.provider import Provider, Request, Target
from ocibroker.testing.recorder import Recorder
from ocibroker.testing.staged import Staged

_CODE: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from ocibroker.testing.purity import main; main(json.loads(sys.argv[2]))"
)


@dataclass(frozen=True, slots=True)
class _Question:
    provider: Provider[Any]
    targets: tuple[str, ...]
    options: dict[str, Any]
    folder: Path
    environ: dict[str, str]


def impurities(
    provider: Provider[Any],
    targets: Sequence[str],
    options: Mapping[str, Any],
    *,
    folder: Path,
    environ: Mapping[str, str],
    sdks: Sequence[str],
) -> list[str]:
    """Return what ``claim`` and ``identity`` do beyond looking at their arguments, one sentence each.

    ``options`` are as in TOML, relative to ``folder``; ``sdks`` are modules that the provider's own module may not
    import either. Raises `TypeError` for a provider that no other interpreter can import.
    """
    question = _Question(provider, tuple(targets), dict(options), folder, dict(environ))
    done = subprocess.run(  # noqa: S603  # this interpreter, with code of ours
        [sys.executable, "-c", _CODE, json.dumps(sys.path), json.dumps(list(sdks))],
        input=_packed(question),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        return [f"importing and asking it in a fresh interpreter failed: {done.stderr.decode()[-2000:]}"]
    found: list[str] = json.loads(done.stdout)
    return found


def main(sdks: Sequence[str]) -> None:
    """Answer the question on standard input, in JSON on standard output."""
    recorder = Recorder(tuple(sdks))
    recorder.install()
    question: _Question = pickle.load(sys.stdin.buffer)  # noqa: S301  # our parent wrote it
    recorder.home = type(question.provider).__module__.partition(".")[0]
    _ask(question, recorder)
    sys.stdout.write(json.dumps(recorder.findings))


def _ask(question: _Question, recorder: Recorder) -> None:
    targets = [Target.parse(target) for target in question.targets]
    staged = [_staged(question, target) for target in targets]
    for target, stage in zip(targets, staged, strict=True):
        with recorder.asking("claim"):
            question.provider.claim(target)
        request = Request(target=target, options=stage.options, environ=question.environ)
        with recorder.asking("identity"):
            question.provider.identity(request)


def _staged(question: _Question, target: Target) -> Staged:
    return Staged.of(
        question.provider,
        target,
        question.options,
        folder=question.folder,
        environ=question.environ,
        clock=SystemClock(),
    )


def _packed(question: _Question) -> bytes:
    try:
        return pickle.dumps(question)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        why = str(error)
    raise TypeError(f"a provider holds no state, and its class stands at the top of a module: {why}")
