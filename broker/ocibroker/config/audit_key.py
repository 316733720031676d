"""The key of the audit trail's fingerprints, read where the configuration says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ocibroker.config.location import located
from ocibroker.config.needed import needed
from ocibroker.deadline import Deadline
from ocibroker.errors import ConfigurationError
from ocibroker.reference import read_secret
from ocibroker.secret import Secret

if TYPE_CHECKING:
    from ocibroker.config.load import Config

_SECONDS: Final = 10.0
_SHORTEST: Final = 32


def read_audit_key(config: Config, environ: Mapping[str, str]) -> Secret | None:
    """Return the key; none where the configuration names none.

    Raises :class:`~ocibroker.errors.ConfigurationError` for one that cannot be read or is too short.
    """
    reference = config.sidecar.audit_key
    if reference is None:
        return None
    with located(config.path, "sidecar.audit_key"):
        key = needed(lambda: read_secret(reference, environ=environ, deadline=Deadline.after(_SECONDS)))
        if len(key.reveal()) < _SHORTEST:
            why = f"is shorter than {_SHORTEST} characters"
            raise ConfigurationError(why, culprit=str(reference), hint="openssl rand -base64 32")
        return key
