"""The file that a value came from, and what its relative parts are relative to."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from ocibroker.config.decode import decode, line_of
from ocibroker.errors import ConfigurationError, OcibrokerError, ProviderUnavailable, UsageError
from ocibroker.folders import home
from ocibroker.reference import SecretRef, TextRef, absolute

T = TypeVar("T", bound=msgspec.Struct)

_LOG: Final = logging.getLogger("ocibroker.config")
_OTHERS_READ: Final = stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration file: its path, its text, the folder it lies in, and the environment."""

    path: Path
    text: str = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)

    def decode(self, values: object, schema: type[T], place: str) -> T:
        """Return the values that stand at ``place`` as a ``schema``."""
        return decode(values, schema, culprit=str(self.path), text=self.text, prefix=place)

    def absolute(self, path: str) -> Path:
        """Return the path that a value means: ``~`` is the home, the rest is relative to the file's folder."""
        return absolute(Path(path), self.path.absolute().parent, home(self.environ))

    def secret(self, reference: SecretRef, place: str) -> SecretRef:
        """Return the reference with its path made absolute; warn of a value that others can read.

        Raises :class:`~ocibroker.errors.ConfigurationError` for a program that is named by anything but its path.
        """
        if reference.exec and not Path(reference.exec[0]).is_absolute():
            with self.at(place):
                raise ConfigurationError(
                    "names its program by no absolute path", hint="a search in PATH may find another"
                )
        if reference.literal and not isinstance(reference, TextRef) and self._others_read():
            _LOG.warning(
                "%s: %s is a literal that others can read: chmod 600, or use a reference", self.path, place
            )
        return reference.below(self.path.absolute().parent, home(self.environ))

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Put the file, the line and the place in front of what goes wrong with the value at ``place``."""
        try:
            yield
        except (UsageError, ProviderUnavailable) as error:
            failure = self.located(place, error)
        else:
            return
        raise failure

    def located(self, place: str, error: UsageError | ProviderUnavailable) -> OcibrokerError:
        """Return ``error`` with the file, the line and the place in front."""
        if error.culprit.startswith(str(self.path)):
            return error
        steps = [
            int(step) if step.isdigit() else step for step in place.replace("[", ".").replace("]", "").split(".")
        ]
        line = line_of(self.text, steps)
        where = f"{self.path}:{line}" if line else str(self.path)
        culprit = error.culprit.removeprefix(place).removeprefix(": ")
        lead = f"{culprit}: " if culprit else ""
        kind = type(error) if isinstance(error, ConfigurationError) else ConfigurationError
        return kind(f"{place}: {lead}{error.message}", culprit=where, hint=error.hint)

    def _others_read(self) -> bool:
        return os.name == "posix" and bool(self.path.stat().st_mode & _OTHERS_READ)
