"""Whose keys a request is signed with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ocibroker.provider import CredentialUnavailable, FetchRequest, Secret
from ocibroker_ecr.chain import Chain
from ocibroker_ecr.faults import SOURCES
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.principal import ROLE_ANNOTATIONS, profile_of, roles_of
from ocibroker_ecr.sdk import Sdk
from ocibroker_ecr.way import Way


class Keys:
    """The keys of one fetch: what was brought or is found, and the roles that are assumed with it."""

    def __init__(self, sdk: Sdk, request: FetchRequest[EcrOptions], way: Way) -> None:
        self._sdk = sdk
        self._request = request
        self._way = way

    def find(self) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys to sign with, or none where no identity is found."""
        roles = roles_of(self._request)
        if (token := self._brought()) is not None:
            if not roles:
                hint = f"set role_arn in the rule, or annotate the service account with {ROLE_ANNOTATIONS[0]}"
                raise CredentialUnavailable("no role is named for the token that was brought", hint=hint)
            return self._assume(roles[1:], self._exchange(roles[0], token))
        keys = self._search()
        return None if keys is None else self._assume(roles, keys)

    def _brought(self) -> Secret | None:
        """Return the web identity token that the caller or the rule brings."""
        caller, kept = self._request.caller, self._request.options.web_identity_token
        if caller is not None and caller.token is not None:
            self._way.tried.append("the caller's token")
            return caller.token
        if kept is None:
            return None
        self._way.tried.append(f"the token of {kept}")
        return self._request.secret(kept)

    def _search(self) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys of the first place that has any."""
        self._check_pair()
        for place in Chain(self._sdk, self._request).places():
            self._way.tried.append(SOURCES[place.METHOD].format(profile=profile_of(self._request)))
            if (found := place.load()) is not None:
                del self._way.tried[:-1]
                return found.get_frozen_credentials()
        return None

    def _check_pair(self) -> None:
        """Refuse a secret key without its id, which the SDK would pass over."""
        environ = self._request.environ
        lonely = environ.get("AWS_SECRET_ACCESS_KEY") and not environ.get("AWS_ACCESS_KEY_ID")
        if lonely and not self._request.options.profile:
            hint = "set AWS_ACCESS_KEY_ID too, or unset AWS_SECRET_ACCESS_KEY"
            raise CredentialUnavailable("one half of a key is missing: AWS_ACCESS_KEY_ID is not set", hint=hint)

    def _exchange(self, role: str, token: Secret) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys of ``role`` for a web identity token."""
        from botocore import UNSIGNED
        from botocore.config import Config

        self._way.tried.append(f"role {role}")
        sts = self._sdk.client("sts", Config(signature_version=UNSIGNED))
        name = self._request.options.session_name
        return _keys_of(
            sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName=name, WebIdentityToken=token.reveal())
        )

    def _assume(self, roles: Sequence[str], keys: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys of the last of ``roles``, each assumed with those of the one before."""
        options = self._request.options
        for role in roles:
            self._way.tried.append(f"role {role}")
            more = {"ExternalId": options.external_id} if options.external_id and role is roles[-1] else {}
            sts = self._sdk.client(
                "sts",
                aws_access_key_id=keys.access_key,
                aws_secret_access_key=keys.secret_key,
                aws_session_token=keys.token,
            )
            keys = _keys_of(sts.assume_role(RoleArn=role, RoleSessionName=options.session_name, **more))
        return keys


def _keys_of(response: Mapping[str, Any]) -> Any:  # noqa: ANN401  # botocore has no types
    """Return the credentials in an answer of STS."""
    from botocore.credentials import Credentials

    found = response["Credentials"]
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
