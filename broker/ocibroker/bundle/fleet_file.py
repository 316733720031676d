"""One ``fleet.yaml``: the charts that it has Fleet read. What else stands there plays no part."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Self

import msgspec

from ocibroker.bundle.small_file import content_of
from ocibroker.bundle.yaml_document import decode, is_true
from ocibroker.errors import ConfigurationError

LARGEST: Final = 4 * 1024**2
"""Bytes of one."""


class ChartOptions(msgspec.Struct, frozen=True):
    """``helm.repo``, ``helm.chart`` and ``helm.version`` as they are written; empty for what is not."""

    repo: str | None = None
    chart: str | None = None
    version: str | None = None

    @property
    def names_a_chart(self) -> bool:
        """Whether they do: by ``helm.chart``, or by a repository that is one chart's."""
        return bool(self.chart or (self.repo or "").startswith("oci://"))

    def or_of(self, other: Self) -> ChartOptions:
        """Return these options, and of ``other`` what is not among them."""
        return ChartOptions(self.repo or other.repo, self.chart or other.chart, self.version or other.version)


class _Helm(ChartOptions, frozen=True):
    no_dependencies: Any = msgspec.field(name="disableDependencyUpdate", default=None)


class _Customization(msgspec.Struct, frozen=True):
    helm: ChartOptions | None = None


class FleetFile(msgspec.Struct, frozen=True):
    """A ``fleet.yaml``."""

    helm: _Helm | None = None
    customizations: list[_Customization] | None = msgspec.field(name="targetCustomizations", default=None)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return what is in ``path``.

        Raises :class:`~ocibroker.errors.ConfigurationError` that names the file, and the line or the key.
        """
        said = decode(content_of(path, LARGEST, str(path), ConfigurationError), str(path), ConfigurationError)
        try:
            return msgspec.convert(said or {}, cls)
        except msgspec.ValidationError as error:
            why = str(error)
        raise ConfigurationError(why, culprit=str(path), hint="see Fleet's documentation of fleet.yaml")

    @property
    def charts(self) -> tuple[ChartOptions, ...]:
        """Each distinct chart of it.

        A customization takes over what it does not name, as Fleet's ``propagateHelmChartProperties`` has it.
        """
        own = ChartOptions().or_of(self.helm or _Helm())
        customized = [one.helm.or_of(own) for one in self.customizations or () if one.helm]
        found = [one for one in (own, *customized) if one.names_a_chart]
        return tuple(dict.fromkeys(found)) or ((own,) if own.repo else ())

    @property
    def dependencies(self) -> bool:
        """Whether charts are to get what they depend on."""
        return self.helm is None or not is_true(self.helm.no_dependencies)
