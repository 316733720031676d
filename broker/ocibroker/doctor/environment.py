"""What the environment says of proxies and of the system's roots, and whether that can be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from ocibroker.doctor.bench import Surroundings
from ocibroker.doctor.finding import Finding, failed, fine, warned
from ocibroker.errors import OcibrokerError
from ocibroker.tls import EnvironProxies

PROXIES, ROOTS = "environment.proxies", "environment.roots"
VARIABLES: Final = frozenset({"HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "https_proxy"})


def usable(surroundings: Surroundings) -> Surroundings:
    """Return the surroundings without proxies where these cannot be used, since nothing could be reached."""
    if _trouble(surroundings.environ) is None:
        return surroundings
    left = {name: value for name, value in surroundings.environ.items() if name not in VARIABLES}
    return replace(surroundings, environ=left)


def look(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what was found of both."""
    trouble = _trouble(environ)
    named = ", ".join(sorted(name for name in VARIABLES if environ.get(name))) or "none"
    yield fine(PROXIES, named) if trouble is None else failed(PROXIES, "a proxy cannot be used", trouble)
    file = environ.get("SSL_CERT_FILE", "")
    if file and not Path(file).exists():
        yield warned(
            ROOTS, f"SSL_CERT_FILE names {file}", "it does not exist, and is left out", "correct or unset it"
        )
    else:
        yield fine(ROOTS, "SSL_CERT_FILE and SSL_CERT_DIR name what is there, or nothing")


def _trouble(environ: Mapping[str, str]) -> OcibrokerError | None:
    try:
        EnvironProxies.from_environ(environ)
    except OcibrokerError as error:
        return error
    return None
