"""A session of botocore's that knows nothing of the process around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ocibroker.provider import FetchRequest, hush
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.principal import Files
from ocibroker_ecr.wire import Wire

PACKAGE: Final = "botocore"
"""Whose loggers are kept quiet."""


def new_session(request: FetchRequest[EcrOptions], wire: Wire) -> Any:  # noqa: ANN401  # botocore has no types
    """Return a session that reads the request's environment and sends over ``wire``."""
    from botocore.config import Config
    from botocore.session import Session

    hush(PACKAGE)  # the import has made more loggers
    session = Session(profile=request.options.profile or None)
    _read_environ(session, request.environ)
    # https://docs.aws.amazon.com/botocore/latest/topics/events.html: an answer ends the sending.
    session.register("before-send", lambda request, **_: wire.send(request))
    session.set_default_client_config(
        Config(
            proxies={},
            retries={"total_max_attempts": 1, "mode": "standard"},
            defaults_mode="legacy",  # "auto" would ask the instance's metadata by connections of its own
            ignore_configured_endpoint_urls=True,  # they are read from os.environ
        )
    )
    return session


def _read_environ(session: Any, environ: Mapping[str, str]) -> None:  # noqa: ANN401  # botocore has no types
    """Let every setting come from the request's environment; botocore reads os.environ otherwise."""
    from botocore.configprovider import ConfigChainFactory

    chains = ConfigChainFactory(session=session, environ=environ)
    store = session.get_component("config_store")
    for name, (key, variables, default, convert) in session.SESSION_VARIABLES.items():
        store.set_config_provider(
            name,
            chains.create_config_chain(
                instance_name=name,
                env_var_names=variables,
                config_property_names=key,
                default=default,
                conversion_func=convert,
            ),
        )
    files = Files.of(environ)
    fixed = {"config_file": str(files.config), "credentials_file": str(files.credentials)}
    for name, value in {**fixed, "csm_enabled": False, "sts_regional_endpoints": "regional"}.items():
        session.set_config_variable(name, value)
