"""What a user has whose last command got a token of ECR; who gave it is gone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ocibroker import Broker
from ocibroker.testing import Authority
from tests.aws import emulator

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@dataclass(frozen=True)
class Warmed:
    """The ``environ`` of the next command, and the ``secret`` that it should print."""

    environ: dict[str, str]
    secret: str


def warm(folder: Path, text: str = "") -> Warmed:
    """Get a token with ``text`` as the configuration, or without one where it is empty; ``folder`` is the home."""
    authority = Authority()
    with emulator.serving(authority.server_context(*emulator.NAMES)) as aws:
        key = aws.iam.user("alice")
        environ = {
            "HOME": str(folder),
            "OCIBROKER_SOCKET": "off",
            "AWS_ACCESS_KEY_ID": key.ident,
            "AWS_SECRET_ACCESS_KEY": key.secret,
            "SSL_CERT_FILE": str(authority.write(folder)),
        }
        if text:
            environ["OCIBROKER_CONFIG"] = str(_written(folder / "ocibroker.toml", text))
        with Broker.from_config(environ=environ, route=aws.route, ahead=False, store="file") as broker:
            credential = broker.access(HOST).credential
    return Warmed(environ, getattr(credential, "secret").reveal())  # noqa: B009  # anonymous access has none


def with_authority(folder: Path) -> str:
    """Return a configuration that trusts an authority of its own at the registry."""
    return f"[[tls]]\nmatch = '{HOST}'\nca = ['{Authority().write(folder / 'corp')}']\n"


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path
