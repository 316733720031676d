"""Somebody else's plugin, as it lies in an environment: a module, and the metadata of its distribution.

It fails or answers as a rule's options say, leaves a file behind when it is imported, and in another a dot for each
time that it is asked.
"""

from pathlib import Path

_METADATA = "Metadata-Version: 2.1\nName: acme-registry\nVersion: 4.2\n"
_MODULE = """
import os
from datetime import datetime, timedelta
from pathlib import Path

from ocibroker import errors
from ocibroker.provider import Bearer, Identity, IdentityToken, Options, providers
from ocibroker.secret import Secret

Path(os.environ["ACME_IMPORTED"]).touch()


class AcmeOptions(Options, frozen=True, kw_only=True):
    error: str = ""
    kind: str = "identity_token"
    reach: str = "local"


class Acme:
    name = "acme"
    options = AcmeOptions

    def claim(self, target):
        return None

    def identity(self, request):
        return Identity(("acme",), reach=request.options.reach)

    def fetch(self, request):
        with open(os.environ["ACME_IMPORTED"] + "-asked", "a") as asked:
            asked.write(".")
        if request.options.error:
            raise getattr(errors, request.options.error)("it went wrong", culprit="acme.test")
        if request.options.kind == "identity_token":
            return IdentityToken(secret=Secret("refresh-me"))
        moment = datetime.fromisoformat("2020-01-02T03:04:05+01:00")
        soon = datetime.now(moment.tzinfo) + timedelta(days=2)
        expires = soon.replace(hour=3, minute=4, second=5, microsecond=0)
        return Bearer(secret=Secret("bear-me"), issued_at=moment, expires_at=expires)


@providers
def ocibroker_providers():
    return [Acme()]
"""


RECORD = "ocibroker_acme.py,sha256=abc,7\r\nacme_registry-4.2.dist-info/RECORD,,\r\n"


def install(folder: Path, *, distribution: str = "acme-registry", module: str = _MODULE) -> Path:
    """Install it into ``folder``, for ``PYTHONPATH``, and return the folder."""
    metadata = folder / f"{distribution.replace('-', '_')}-4.2.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(_METADATA.replace("acme-registry", distribution))
    (metadata / "entry_points.txt").write_text("[ocibroker]\nacme = ocibroker_acme\n")
    (metadata / "RECORD").write_bytes(RECORD.encode())
    (folder / "ocibroker_acme.py").write_text(module)
    return folder
