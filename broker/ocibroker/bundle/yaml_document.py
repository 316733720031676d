"""YAML that others have written, read in one pass: nothing in it becomes more than it is long.

Scalars stay text, so that the version ``1.10`` is no number; a plain null is ``None``. What an alias stands for is
shared and not copied, a merge (``<<``) is counted, number and depth have an end, and a key that comes twice is an
error.
Of several documents the first is read, as Helm and Fleet do.
"""

from __future__ import annotations

from typing import Any, Final

from ocibroker.bundle.yaml_tree import MOST, Growing
from ocibroker.errors import IntegrityError, OcibrokerError, UsageError

_TRUE: Final = frozenset({"true", "yes", "on", "y"})


def decode(
    content: bytes, culprit: str, failure: type[OcibrokerError] = IntegrityError, *, most: int = MOST
) -> Any:  # noqa: ANN401  # whatever it is
    """Return what ``content`` says: text, ``None``, and lists and dictionaries of them, which must not be changed.

    ``most`` is how many scalars, and beginnings and ends of mappings and lists, there may be. What is wrong is
    raised as a ``failure`` that names ``culprit`` and the line. Raises :class:`~ocibroker.errors.UsageError` where
    PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        hint = "pip install 'ocibroker[bundle]'"
        raise UsageError("needs PyYAML, which is not installed", culprit=culprit, hint=hint) from None
    growing = Growing(culprit, failure, most)
    try:
        for event in yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.DocumentEndEvent):
                break
            growing.take(event)
    except (yaml.YAMLError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"is no YAML in line {mark.line + 1}" if mark else "is no YAML"
    else:
        return growing.root
    raise failure(where, culprit=culprit, hint="see what is written there")


def is_true(value: object) -> bool:
    """Whether a scalar is one of the words that YAML 1.1, and so Fleet, has for true."""
    return value is True or (isinstance(value, str) and value.lower() in _TRUE)
