"""YAML that is a mapping, by a loader that makes nothing but plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocibroker.provider import CredentialUnavailable
from ocibroker_kubernetes.value import Value


def read_yaml(file: Value) -> Mapping[str, Any]:
    """Return the mapping that ``file`` holds; an empty one holds nothing.

    Raises :class:`~ocibroker.errors.ConfigurationError` for anything else, and for a key that stands there twice:
    whose value counts would be a guess. Of the text nothing is shown.
    """
    try:
        import yaml
    except ImportError:
        raise CredentialUnavailable(
            "PyYAML is not installed", culprit=file.culprit, hint="pip install 'ocibroker[kubernetes]'"
        ) from None

    class Strict(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
        """Refuses a key that is not text, or stands there twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:  # noqa: ANN401, FBT001, FBT002
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            if not all(isinstance(key, str) for key in keys) or len(keys) != len(set(keys)):
                raise ValueError
            made: dict[str, Any] = super().construct_mapping(node, deep=True)
            return made

    try:
        found = yaml.load(file.content, Loader=Strict)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        found = ""  # an error's text shows what stands there
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise file.wrong("is not a YAML mapping from paths, each of which stands there once")
    return found
