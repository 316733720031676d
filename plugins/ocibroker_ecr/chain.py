"""The places where an identity may be: botocore's default chain, over the broker's connections."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ocibroker.provider import CredentialUnavailable, FetchRequest
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.principal import Files, profile_of
from ocibroker_ecr.sdk import Sdk


class Chain:
    """The places of one fetch; each has ``METHOD``, botocore's name for it, and ``load``, which may find keys."""

    def __init__(self, sdk: Sdk, request: FetchRequest[EcrOptions]) -> None:
        self._sdk = sdk
        self._request = request
        self._files = Files.of(request.environ)

    def places(self) -> Iterator[Any]:
        """Yield the places of the default chain, in its order; a profile that a rule names is the end of it."""
        from botocore import credentials

        named, profile = bool(self._request.options.profile), profile_of(self._request)
        environment = credentials.EnvProvider(environ=self._request.environ)
        if not named:
            yield environment
        outside = [self._of_container(), self._of_instance()]
        yield credentials.AssumeRoleProvider(
            load_config=lambda: self._sdk.session.full_config,
            client_creator=self._sdk.client,
            cache={},
            profile_name=profile,
            prompter=_refuse_to_ask,
            credential_sourcer=credentials.CanonicalNameCredentialSourcer([environment, *outside]),
            profile_provider_builder=self,
        )
        yield from self.providers(profile, disable_env_vars=named)
        if not named:
            yield from outside

    def providers(self, profile_name: str, disable_env_vars: bool = False) -> list[Any]:  # noqa: FBT001, FBT002
        """Return the places of one profile; botocore calls this, for the source of a role, by these names."""
        from botocore import credentials, tokens, utils

        def load() -> Any:  # noqa: ANN401  # botocore has no types
            return self._sdk.session.full_config

        cache = utils.JSONFileCache(str(self._files.sso), dumps_func=_dumped)
        token = tokens.SSOTokenProvider(self._sdk.session, cache=cache, profile_name=profile_name)
        return [
            credentials.AssumeRoleWithWebIdentityProvider(
                load_config=load if disable_env_vars else lambda: self._with_web_identity(profile_name),
                client_creator=self._sdk.client,
                profile_name=profile_name,
                cache={},
                disable_env_vars=True,  # they are read from os.environ
            ),
            credentials.SSOProvider(
                load_config=load,
                client_creator=self._sdk.session.create_client,
                profile_name=profile_name,
                cache={},
                token_cache=cache,
                token_provider=token,
            ),
            credentials.SharedCredentialProvider(str(self._files.credentials), profile_name),
            credentials.ProcessProvider(profile_name, load, popen=lambda argv, **_: _Ended(self._request, argv)),
            credentials.ConfigProvider(str(self._files.config), profile_name),
        ]

    def _with_web_identity(self, profile: str) -> dict[str, Any]:
        """Return the configuration as if the profile said what the environment says of a web identity."""
        environ, config = self._request.environ, self._sdk.session.full_config
        names = {
            "web_identity_token_file": "AWS_WEB_IDENTITY_TOKEN_FILE",
            "role_arn": "AWS_ROLE_ARN",
            "role_session_name": "AWS_ROLE_SESSION_NAME",
        }
        said = {key: environ[name] for key, name in names.items() if name in environ}
        return {"profiles": {profile: {**config.get("profiles", {}).get(profile, {}), **said}}}

    def _of_container(self) -> Any:  # noqa: ANN401  # botocore has no types
        from botocore.credentials import ContainerProvider
        from botocore.utils import ContainerMetadataFetcher

        fetcher = ContainerMetadataFetcher(session=self._sdk.container, sleep=lambda _: None)
        return ContainerProvider(environ=self._request.environ, fetcher=fetcher)

    def _of_instance(self) -> Any:  # noqa: ANN401  # botocore has no types
        from botocore.credentials import InstanceMetadataProvider
        from botocore.utils import InstanceMetadataFetcher, resolve_imds_endpoint_mode

        variable = self._sdk.session.get_config_variable
        self._sdk.metadata.seconds = variable("metadata_service_timeout")
        config = {name: variable(name) for name in ("ec2_metadata_service_endpoint", "ec2_metadata_v1_disabled")}
        config["ec2_metadata_service_endpoint_mode"] = resolve_imds_endpoint_mode(self._sdk.session)
        fetcher = InstanceMetadataFetcher(num_attempts=1, env=self._request.environ, config=config)
        # It takes no session, and would make one that reads HTTP_PROXY. A test pins the name.
        fetcher._session = self._sdk.metadata
        return InstanceMetadataProvider(iam_role_fetcher=fetcher)


class _Ended:
    """What botocore takes for a process that has ended: run by the broker's rules, and bound by the deadline."""

    def __init__(self, request: FetchRequest[EcrOptions], argv: Sequence[str]) -> None:
        done = request.run(argv)
        self.returncode = done.status
        self._stdout = done.stdout

    def communicate(self) -> tuple[bytes, bytes]:
        """Return what it wrote to its outputs."""
        return self._stdout, b""


def _refuse_to_ask(prompt: str) -> str:
    hint = "use `aws sso login`, or `aws sts get-session-token` and its keys"
    raise CredentialUnavailable("the profile wants an MFA code, and nobody is prompted", hint=hint)


def _dumped(token: Mapping[str, Any]) -> str:
    """Return an SSO token as the AWS tools write it."""
    return json.dumps(token, default=lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
