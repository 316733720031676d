"""Whether everything that a configuration names is there and in order; no registry is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ocibroker.config.audit_key import read_audit_key
from ocibroker.config.load import Config
from ocibroker.config.location import located
from ocibroker.config.needed import needed
from ocibroker.tls import Roots


def check_config(config: Config, environ: Mapping[str, str]) -> None:
    """Look at the plugins, and read the certificates, all keys and the password of the store.

    Raises :class:`~ocibroker.errors.OcibrokerError` that names the first that is wrong.
    """
    for error in config.providers.broken.values():
        raise error.restated()
    roots = Roots.from_environ(environ)
    for entry in config.tls:
        password = entry.password() if entry.password else None
        replace(entry.policy, roots=roots, client_key_password=password).load()
    for read in (config.shared.key, config.shared.previous_key) if config.shared else ():
        if read is not None:
            read()
    read_audit_key(config, environ)
    if config.shared and config.shared.password:
        with located(config.path, "cache.password"):
            needed(config.shared.password)
