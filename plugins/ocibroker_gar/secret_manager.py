"""``{ gcp_secretmanager = { … } }``: Google Secret Manager, as whom the provider ``gar`` would ask.

https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocibroker.provider import JsonAnswer, Request, Secret, Target, Ttl, quietly, secret_field
from ocibroker_gar.options import GarOptions
from ocibroker_gar.principal import principal_of
from ocibroker_gar.registry import PUBLIC

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest
    from ocibroker_gar.asking import Asking

_NAME: Final = r"[A-Za-z0-9_-]{1,255}"
_LOOKS: Final = (
    ("project", r"(?:[a-z0-9.-]+:)?[a-z0-9-]+"),
    ("secret", _NAME),
    ("version", _NAME),
    ("location", r"(?:[a-z0-9-]+)?"),
    ("universe_domain", r"(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+)?"),
)
"""Nothing that could change a URL around it. Not compiled, since few configurations need them."""


class SecretManagerOptions(GarOptions, frozen=True, kw_only=True):
    """``project`` and ``secret`` name it, ``version`` is a number, an alias or ``latest``.

    ``location`` is that of a regional secret; ``key`` is one of the keys of a secret that is a JSON object. The
    rest is as for ``gar``.
    """

    project: str
    secret: str
    version: str = "latest"
    location: str = ""
    key: str = ""
    ttl: Ttl = 300.0

    def __post_init__(self) -> None:
        for name, looks in _LOOKS:
            if not re.fullmatch(looks, getattr(self, name), re.ASCII):
                raise ValueError(f"{name} is none of Google Cloud's")

    @property
    def host(self) -> str:
        """Whom to ask: a regional secret has an address of its region's own."""
        service = f"secretmanager.{self.location}.rep" if self.location else "secretmanager"
        return f"{service}.{self.universe_domain or PUBLIC}"

    @property
    def url(self) -> str:
        """Where its value is asked for."""
        within = f"locations/{self.location}/" if self.location else ""
        path = f"projects/{self.project}/{within}secrets/{self.secret}/versions/{self.version}"
        return f"https://{self.host}/v1/{path}:access"


class _Payload(JsonAnswer):
    data: str


class _Accessed(JsonAnswer):
    payload: _Payload


class SecretManager:
    """Reads the text of a secret, or one of its keys."""

    name = "gcp_secretmanager"
    options = SecretManagerOptions

    def place(self, options: SecretManagerOptions) -> str:
        """Return project, secret, version and key."""
        secret = f"{options.project}/{options.secret} ({options.version})"
        return ", ".join(filter(None, (secret, options.location, options.key)))

    def watch(self, options: SecretManagerOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return the files that decide who asks."""
        return principal_of(Request(target=Target.parse(options.host), options=options, environ=environ))[1]

    def read(self, request: FetchRequest[SecretManagerOptions]) -> Secret:
        """Return the secret.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` with what was tried, and the id of the request.
        """
        from ocibroker_gar.asking import Asking
        from ocibroker_gar.credential import carefully
        from ocibroker_gar.sdk import PACKAGE

        request.deadline.left()
        options = request.options
        asking = Asking(request, options.universe_domain or PUBLIC)
        text = quietly(lambda: carefully(asking, lambda one: _text(one, options)), PACKAGE)
        return secret_field(text, options.key)


def _text(asking: Asking, options: SecretManagerOptions) -> str:
    from ocibroker_gar.credential import found_token, nobody
    from ocibroker_gar.faults import ACCESSED

    if (token := found_token(asking)) is None:
        raise nobody(asking)
    answer = asking.exchange("GET", options.url, headers={"Authorization": f"Bearer {token.secret.reveal()}"})
    if answer.status != 200:
        raise asking.refused(ACCESSED, answer)
    found = _Accessed.read(answer.body)
    try:
        if found is not None:
            return base64.b64decode(found.payload.data, validate=True).decode()
    except (binascii.Error, ValueError):
        pass
    raise asking.failed("the secret is no text", "store it as UTF-8 text")
