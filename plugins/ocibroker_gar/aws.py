"""A federated identity of AWS: a signed request, by which Google's STS asks AWS who has signed it.

https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ocibroker.provider import JsonAnswer, Secret, hush
from ocibroker_gar.asking import Asking
from ocibroker_gar.document import Federated, Source
from ocibroker_gar.endpoints import may_give_tokens
from ocibroker_gar.faults import SUBJECT
from ocibroker_gar.sdk import PACKAGE, need_sdk

_VERSION: Final = "aws1"
_VERIFIED_AT: Final = "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
"""The only request that Google's STS takes, and the one that google-auth signs."""


def aws_token(asking: Asking, identity: Federated) -> Secret:
    """Return the signed request, by google-auth.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`.
    """
    need_sdk()
    from google.auth import aws

    hush(PACKAGE)  # the import has made more loggers
    source = identity.credential_source
    if source.environment_id != _VERSION or source.regional_cred_verification_url != _VERIFIED_AT:
        raise asking.failed("credential_source is no AWS one of version 1", "create the credential file again")
    asking.tried.append("the AWS identity")
    credentials = aws.Credentials(
        audience=identity.audience,
        subject_token_type=identity.subject_token_type,
        token_url=identity.token_url,
        aws_security_credentials_supplier=_Aws(asking, source),
    )
    return Secret(credentials.retrieve_subject_token(None))


class _Keys(JsonAnswer):
    """What the instance's metadata says of its role: a key and its session."""

    AccessKeyId: str
    SecretAccessKey: str
    Token: str


@dataclass(frozen=True, slots=True)
class _Aws:
    """What google-auth asks for region and keys: the request's environment, then the instance's metadata.

    google-auth's own would read os.environ.
    """

    asking: Asking
    source: Source

    def get_aws_region(self, context: object, request: object) -> str:
        """Return the region to sign for."""
        environ = self.asking.request.environ
        if region := environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"):
            return region
        return _text(self._get(self.source.region_url))[:-1]  # a zone is the region and a letter

    def get_aws_security_credentials(self, context: object, request: object) -> Any:  # noqa: ANN401  # google-auth's
        """Return the keys to sign with."""
        from google.auth.aws import AwsSecurityCredentials

        environ = self.asking.request.environ
        ident, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
        if ident and secret:
            return AwsSecurityCredentials(ident, secret, environ.get("AWS_SESSION_TOKEN"))
        said = _Keys.read(self._get(f"{self.source.url}/{_text(self._get(self.source.url))}"))
        if said is None:
            raise self.asking.failed("the instance's metadata has no AWS keys", "give the instance a role")
        return AwsSecurityCredentials(said.AccessKeyId, said.SecretAccessKey, said.Token)

    def _get(self, url: str) -> bytes:
        headers = {}
        if session := self.source.imdsv2_session_token_url:
            wanted = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
            headers["X-aws-ec2-metadata-token"] = _text(self._ask("PUT", session, wanted))
        return self._ask("GET", url, headers)

    def _ask(self, method: str, url: str, headers: dict[str, str]) -> bytes:
        if not may_give_tokens(url):
            hint = "set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or create the file again"
            raise self.asking.failed("credential_source does not say safely where the AWS identity is", hint)
        answer = self.asking.exchange(method, url, headers=headers)
        if answer.status != 200:
            raise self.asking.refused(SUBJECT, answer)
        return answer.body


def _text(body: bytes) -> str:
    return body.decode("ascii", "replace").strip()
