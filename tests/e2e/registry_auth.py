"""Who a test registry lets in: the ``auth`` section of its configuration, one function per mode."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from tests.e2e.account import Account
from tests.e2e.requirement import executable

Auth: TypeAlias = Mapping[str, Mapping[str, str]]


def everyone() -> Auth:
    return {}


def htpasswd(file: Path, *accounts: Account) -> Auth:
    """Basic authentication against ``file``, which is written here."""
    program = executable("htpasswd", "apt-get install apache2-utils")
    # The registry accepts bcrypt only, which the standard library does not have.
    argvs = ([program, "-Bbn", one.username, one.password] for one in accounts)
    lines = [subprocess.run(argv, check=True, capture_output=True, timeout=30).stdout for argv in argvs]
    file.write_bytes(b"".join(lines))
    return {"htpasswd": {"realm": "ocibroker tests", "path": str(file)}}


def token(*, realm: str, service: str, issuer: str, bundle: Path) -> Auth:
    """Bearer tokens of ``issuer``, signed by a certificate that ``bundle`` vouches for."""
    return {"token": {"realm": realm, "service": service, "issuer": issuer, "rootcertbundle": str(bundle)}}
