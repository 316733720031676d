"""A session of botocore's own for one fetch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ocibroker.provider import CredentialUnavailable, FetchRequest, OcibrokerError, hush
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.principal import Files, profile_of
from ocibroker_ecr.registry import APIS, Registry
from ocibroker_ecr.wire import ContainerWire, MetadataWire, Wire

PACKAGE: Final = "botocore"
"""Whose loggers are kept quiet."""


def need_sdk() -> None:
    """Raise :class:`~ocibroker.errors.CredentialUnavailable` that says what to install where there is no SDK."""
    try:
        import botocore.credentials  # noqa: F401
    except ImportError:
        pass
    else:
        return
    raise CredentialUnavailable("the AWS SDK is not installed", hint="pip install 'ocibroker[ecr]'")


class Sdk:
    """A session of botocore's own for one fetch, so that two identities in one process share nothing.

    It reads the request's environment, and speaks through the broker. Anything of botocore's may be raised here.
    """

    def __init__(self, request: FetchRequest[EcrOptions], registry: Registry) -> None:
        self._request = request
        self._registry = registry
        self._files = Files.of(request.environ)
        self._made: Any = None
        self.wire = Wire(request)
        self._metadata, self._container = MetadataWire(request), ContainerWire(request)

    @property
    def failure(self) -> OcibrokerError | None:
        """What went wrong on the wire."""
        return self.wire.failure or self._metadata.failure or self._container.failure

    def endpoint(self) -> str:
        """Return the URL that gives tokens, by botocore's own endpoint rules."""
        from botocore.endpoint_provider import EndpointProvider
        from botocore.loaders import create_loader

        if said := self._request.options.endpoint_url:
            return said
        version, _ = APIS[self._registry.service]
        loader = create_loader(self._request.environ.get("AWS_DATA_PATH"))
        # Not load_service_model, which lists the folders of all services first.
        rules = loader.load_data(f"{self._registry.service}/{version}/endpoint-rule-set-1")
        partitions = loader.load_data("partitions")
        # botocore would take a region that it does not know for one of the first partition.
        if not any(re.match(one["regionRegex"], self._registry.region) for one in partitions["partitions"]):
            why = f"the AWS SDK knows no partition with the region {self._registry.region}"
            raise CredentialUnavailable(why, hint="pip install --upgrade boto3")
        found = EndpointProvider(rules, partitions).resolve_endpoint(
            Region=self._registry.region, UseFIPS=self._registry.fips, UseDualStack=self._registry.dual_stack
        )
        url: str = found.url
        return url

    def sts(self, service: str, config: Any = None, **keys: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return a client of the host's region and kind of endpoint."""
        from botocore.config import Config

        kind = Config(use_fips_endpoint=self._registry.fips, use_dualstack_endpoint=self._registry.dual_stack)
        chosen = kind.merge(config) if config else kind
        return self._session.create_client(service, region_name=self._registry.region, config=chosen, **keys)

    def chain(self) -> Iterator[Any]:
        """Yield the places of the default chain, in its order; a profile that a rule names is the end of it."""
        from botocore import credentials

        named, profile = bool(self._request.options.profile), profile_of(self._request)
        environment = credentials.EnvProvider(environ=self._request.environ)
        if not named:
            yield environment
        outside = [self._of_container(), self._of_instance()]
        yield credentials.AssumeRoleProvider(
            load_config=lambda: self._session.full_config,
            client_creator=self.sts,
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
            return self._session.full_config

        cache = utils.JSONFileCache(str(self._files.sso), dumps_func=_dumped)
        token = tokens.SSOTokenProvider(self._session, cache=cache, profile_name=profile_name)
        return [
            credentials.AssumeRoleWithWebIdentityProvider(
                load_config=load if disable_env_vars else lambda: self._with_web_identity(profile_name),
                client_creator=self.sts,
                profile_name=profile_name,
                cache={},
                disable_env_vars=True,  # they are read from os.environ
            ),
            credentials.SSOProvider(
                load_config=load,
                client_creator=self._session.create_client,
                profile_name=profile_name,
                cache={},
                token_cache=cache,
                token_provider=token,
            ),
            credentials.SharedCredentialProvider(str(self._files.credentials), profile_name),
            credentials.ProcessProvider(profile_name, load, popen=lambda argv, **_: _Ended(self._request, argv)),
            credentials.ConfigProvider(str(self._files.config), profile_name),
        ]

    @property
    def _session(self) -> Any:  # noqa: ANN401  # botocore has no types
        """Botocore's session; made when it is first needed, since keys in the environment need none."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> Any:  # noqa: ANN401  # botocore has no types
        from botocore.config import Config
        from botocore.session import Session

        hush(PACKAGE)  # the import has made more loggers
        session = Session(profile=self._request.options.profile or None)
        self._read_environ(session)
        # https://docs.aws.amazon.com/botocore/latest/topics/events.html: an answer ends the sending.
        session.register("before-send", lambda request, **_: self.wire.send(request))
        session.set_default_client_config(
            Config(
                proxies={},
                retries={"total_max_attempts": 1, "mode": "standard"},
                defaults_mode="legacy",  # "auto" would ask the instance's metadata by connections of its own
                ignore_configured_endpoint_urls=True,  # they are read from os.environ
            )
        )
        return session

    def _read_environ(self, session: Any) -> None:  # noqa: ANN401  # botocore has no types
        """Let every setting come from the request's environment; botocore reads os.environ otherwise."""
        from botocore.configprovider import ConfigChainFactory

        chains = ConfigChainFactory(session=session, environ=self._request.environ)
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
        fixed = {"config_file": str(self._files.config), "credentials_file": str(self._files.credentials)}
        for name, value in {**fixed, "csm_enabled": False, "sts_regional_endpoints": "regional"}.items():
            session.set_config_variable(name, value)

    def _with_web_identity(self, profile: str) -> dict[str, Any]:
        """Return the configuration as if the profile said what the environment says of a web identity."""
        environ, config = self._request.environ, self._session.full_config
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

        fetcher = ContainerMetadataFetcher(session=self._container, sleep=lambda _: None)
        return ContainerProvider(environ=self._request.environ, fetcher=fetcher)

    def _of_instance(self) -> Any:  # noqa: ANN401  # botocore has no types
        from botocore.credentials import InstanceMetadataProvider
        from botocore.utils import InstanceMetadataFetcher, resolve_imds_endpoint_mode

        variable = self._session.get_config_variable
        self._metadata.seconds = variable("metadata_service_timeout")
        config = {name: variable(name) for name in ("ec2_metadata_service_endpoint", "ec2_metadata_v1_disabled")}
        config["ec2_metadata_service_endpoint_mode"] = resolve_imds_endpoint_mode(self._session)
        fetcher = InstanceMetadataFetcher(num_attempts=1, env=self._request.environ, config=config)
        # It takes no session, and would make one that reads HTTP_PROXY. A test pins the name.
        fetcher._session = self._metadata
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


def keys_of(response: Mapping[str, Any]) -> Any:  # noqa: ANN401  # botocore has no types
    """Return the credentials in an answer of STS or SSO."""
    from botocore.credentials import Credentials

    found = response["Credentials"]
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
