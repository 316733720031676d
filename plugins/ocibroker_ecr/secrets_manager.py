"""``{ aws_secretsmanager = { … } }``: AWS Secrets Manager, as whom the provider ``ecr`` would ask.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocibroker.provider import (
    CredentialUnavailable,
    JsonAnswer,
    Request,
    Secret,
    Target,
    Ttl,
    quietly,
    secret_field,
)
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.principal import principal_of
from ocibroker_ecr.registry import REGION, Registry

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

_SERVICE: Final = "secretsmanager"
_OPERATION: Final = "GetSecretValue"
_ARN: Final = re.compile(r"arn:[a-z-]+:secretsmanager:(?P<region>[a-z0-9-]+):\d{12}:secret:\S+", re.ASCII)


class SecretsManagerOptions(EcrOptions, frozen=True, kw_only=True):
    """``secret_id`` is a name or an ARN, ``key`` one of the keys of a secret that is a JSON object.

    ``stage`` is a label of a version. The rest is as for ``ecr``; the region may stand in the ARN.
    """

    secret_id: str
    key: str = ""
    ttl: Ttl = 300.0
    stage: str = "AWSCURRENT"

    def __post_init__(self) -> None:
        if not REGION.fullmatch(self.where):
            raise ValueError("region is needed where secret_id is no ARN")

    @property
    def where(self) -> str:
        """The region: the option, else that of the ARN."""
        found = _ARN.fullmatch(self.secret_id)
        return self.region or (found["region"] if found else "")


class _Value(JsonAnswer):
    SecretString: str | None = None


class SecretsManager:
    """Reads the text of a secret, or one of its keys."""

    name = "aws_secretsmanager"
    options = SecretsManagerOptions

    def place(self, options: SecretsManagerOptions) -> str:
        """Return secret, region and key."""
        return ", ".join(filter(None, (f"{options.secret_id} in {options.where}", options.key)))

    def watch(self, options: SecretsManagerOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return the files that decide who asks."""
        target = Target.parse(f"{_SERVICE}.{options.where}.amazonaws.com")
        return principal_of(Request(target=target, options=options, environ=environ))[1]

    def read(self, request: FetchRequest[SecretsManagerOptions]) -> Secret:
        """Return the secret.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` with what was tried, and AWS's request id.
        """
        from ocibroker_ecr.sdk import has_sdk
        from ocibroker_ecr.session import PACKAGE

        request.deadline.left()
        if not has_sdk():
            raise CredentialUnavailable("the AWS SDK is not installed", hint="pip install 'ocibroker[ecr]'")
        return secret_field(quietly(lambda: _text(request), PACKAGE), request.options.key)


def _text(request: FetchRequest[SecretsManagerOptions]) -> str:
    from ocibroker_ecr.asking import ask
    from ocibroker_ecr.endpoint import endpoint_of
    from ocibroker_ecr.keys import Keys
    from ocibroker_ecr.sdk import Sdk
    from ocibroker_ecr.way import Way

    options, service = request.options, Registry(_SERVICE, request.options.where)
    sdk = Sdk(request, service)
    way = Way(sdk, request.clock)
    keys = way.step("finding an identity", Keys(sdk, request, way).find)
    if keys is None:
        hint = "set AWS_PROFILE, run `aws sso login`, or set profile or role_arn in the reference"
        raise CredentialUnavailable(f"no AWS identity was found; tried {way}", hint=hint)
    body = json.dumps({"SecretId": options.secret_id, "VersionStage": options.stage}).encode()
    url = endpoint_of(service, request)
    answer = way.step(_OPERATION, lambda: ask(service, url, keys, sdk.wire, body))
    if answer.status != 200:
        raise way.refused_by(_OPERATION, answer)
    found = _Value.read(answer.body)
    if found is None or found.SecretString is None:
        raise CredentialUnavailable("the secret is no text", hint="store it as text, not as binary data")
    return found.SecretString
