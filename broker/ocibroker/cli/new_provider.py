"""A provider of one's own to begin with: the distribution in ``examples/plugin-template``, under another name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import ocibroker
from ocibroker.errors import UsageError
from ocibroker.providers import BUILT_IN
from ocibroker.writing import writing

FILES: Final = ("README.md", "pyproject.toml", "ocibroker_hello.py", "test_hello.py")

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
_INSTALLED: Final = "plugin_template"


def write_provider(name: str, folder: Path) -> Path:
    """Write the distribution ``ocibroker-NAME`` into ``folder``, and return where it is.

    Raises :class:`~ocibroker.errors.UsageError` for a name that is none, or a built-in provider's, and where
    something of that name is there already; and :class:`~ocibroker.errors.WriteFailed`.
    """
    if not _NAME.fullmatch(name):
        hint = "use lower-case letters, digits, and single hyphens between them"
        raise UsageError("is no name of a provider", culprit=repr(name), hint=hint)
    if name in BUILT_IN:
        raise UsageError("is the name of a built-in provider", culprit=name, hint="choose another one")
    place = folder / f"ocibroker-{name}"
    texts = {
        _renamed(file, name): _renamed((_template() / file).read_text(encoding="utf-8"), name) for file in FILES
    }
    with writing(place):
        _make(place)
        for file, text in texts.items():
            (place / file).write_text(text, encoding="utf-8")
    return place


def _make(place: Path) -> None:
    try:
        place.mkdir()
    except FileExistsError:
        raise UsageError("is there already", culprit=str(place), hint="remove it, or choose another name") from None


def _template() -> Path:
    """Return where the files are: beside the package, or in the checkout that it is used from."""
    package = Path(ocibroker.__file__).parent
    installed = package / _INSTALLED
    return installed if installed.is_dir() else package.parents[1] / "examples" / "plugin-template"


def _renamed(text: str, name: str) -> str:
    module = name.replace("-", "_")
    changes = {
        "ocibroker_hello": f"ocibroker_{module}",
        "test_hello": f"test_{module}",
        "HELLO": module.upper(),
        "Hello": "".join(map(str.capitalize, name.split("-"))),
        "hello": name,
    }
    return re.sub("|".join(changes), lambda found: changes[found[0]], text)
