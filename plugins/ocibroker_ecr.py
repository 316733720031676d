"""``ecr``: Amazon ECR, private and public, by the AWS SDK over the broker's transport.

botocore finds the identity (environment, shared files, SSO, web identity, container, instance) and signs; every
connection is the broker's. Nothing is read from ``os.environ``, and nobody is ever prompted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import logging
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any, Final, TypeVar

from ocibroker.provider import (
    Anonymous,
    Basic,
    Claim,
    ConnectionFailed,
    CredentialUnavailable,
    FetchRequest,
    Identity,
    OcibrokerError,
    Options,
    Provider,
    Request,
    Secret,
    SecretRef,
    Strength,
    Target,
    providers,
)

T = TypeVar("T")

PUBLIC: Final[Mapping[str, bool]] = MappingProxyType({"public.ecr.aws": False, "ecr-public.aws.com": True})
"""The hosts of ECR Public, and whether they are reached over IPv6 as well."""

PUBLIC_REGION: Final = "us-east-1"
"""The one region that gives tokens for ECR Public."""

_PARTITIONS: Final = (
    (r"(?!cn-|us-iso|eu-iso|eusc-)[a-z]{2}(?:-[a-z]+)+-\d+", "amazonaws.com", "on.aws"),
    (r"cn(?:-[a-z]+)+-\d+", "amazonaws.com.cn", "on.amazonwebservices.com.cn"),
    (r"eusc(?:-[a-z]+)+-\d+", "amazonaws.eu", ""),
    (r"us-iso-[a-z]+-\d+", "c2s.ic.gov", ""),
    (r"us-isob-[a-z]+-\d+", "sc2s.sgov.gov", ""),
    (r"eu-isoe-[a-z]+-\d+", "cloud.adc-e.uk", ""),
    (r"us-isof-[a-z]+-\d+", "csp.hci.ic.gov", ""),
)
"""Per partition: its regions, the suffix of its registries, and that of its dual-stack registries.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
"""

_PRIVATE: Final = tuple(
    (
        re.compile(
            rf"\d{{12}}\.dkr{joint}ecr(?P<fips>-fips)?\.(?P<region>{region})\.{re.escape(suffix)}", re.ASCII
        ),
        dual,
    )
    for region, classic, dual_stack in _PARTITIONS
    for joint, suffix, dual in ((r"\.", classic, False), ("-", dual_stack, True))
    if suffix
)

_APIS: Final = MappingProxyType(
    {
        "ecr": ("2015-09-21", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"),
        "ecr-public": ("2020-10-30", "SpencerFrontendService.GetAuthorizationToken"),
    }
)
"""The version of each API, and what its ``X-Amz-Target`` says."""

_USER: Final = "AWS"
"""The user of every token."""

_REGION: Final = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d+", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_LARGEST: Final = 1024 * 1024
"""Bytes of an answer."""
_LIFE: Final = timedelta(hours=12)
"""A token lives no longer, whatever an answer says."""
_SKEW: Final = timedelta(minutes=5)
"""AWS refuses a signature whose time is further off."""

_ROLE_ANNOTATIONS: Final = ("eks.amazonaws.com/ecr-role-arn", "eks.amazonaws.com/role-arn")
"""What a Kubernetes service account says of its role."""

_DECISIVE: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
)
"""The variables that decide, beside the profile, whose identity is found."""

_SOURCES: Final = MappingProxyType(
    {
        "env": "keys in the environment",
        "assume-role": "the role of profile {profile}",
        "assume-role-with-web-identity": "the web identity",
        "sso": "SSO of profile {profile}",
        "shared-credentials-file": "profile {profile} in the credentials file",
        "custom-process": "credential_process of profile {profile}",
        "config-file": "profile {profile} in the config file",
        "container-role": "the container's credentials",
        "iam-role": "the instance's metadata",
    }
)
"""botocore's name for each place that it looks into, and ours."""

_SIGN: Final = "check the secret key, and this machine's clock"
_KEY: Final = "check the access key, and that it is of the registry's partition"
_RENEW: Final = "log in again, by `aws sso login`, or renew the keys"
_SLOWER: Final = "try again later; one broker for all callers asks least"
_TRUST: Final = "check the role's trust policy: its issuer, audience and subject"
_LATER: Final = "try again later"
_CODES: Final = MappingProxyType(
    {
        "AccessDenied": "allow sts:AssumeRole to the identity, and trust it in the role's trust policy",
        "AccessDeniedException": "allow the action in its IAM policy; docs/ecr.md has the smallest one",
        "ExpiredToken": _RENEW,
        "ExpiredTokenException": _RENEW,
        "IDPCommunicationError": _LATER,
        "IDPRejectedClaim": _TRUST,
        "IncompleteSignature": _SIGN,
        "InvalidClientTokenId": _KEY,
        "InvalidIdentityToken": _TRUST,
        "InvalidSignatureException": _SIGN,
        "RegionDisabledException": "activate STS for the region, in the account settings of IAM",
        "RequestExpired": _SIGN,
        "SignatureDoesNotMatch": _SIGN,
        "Throttling": _SLOWER,
        "ThrottlingException": _SLOWER,
        "TooManyRequestsException": _SLOWER,
        "UnrecognizedClientException": _KEY,
    }
)
"""What to do about the error codes of ECR and STS."""
_OF_TIME: Final = frozenset({"InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"})

_LOGIN: Final = ("the SSO session has ended or never began", "run `aws sso login` for the profile")
_FAULTS: Final = MappingProxyType(
    {
        "ConfigParseError": (
            "the shared config file cannot be read",
            "correct it; `aws configure list` shows where",
        ),
        "InfiniteLoopConfigError": ("the profiles name each other in a circle", "correct source_profile"),
        "InvalidConfigError": (
            "the profile is not complete or names another that is missing",
            "correct the profile",
        ),
        "ParamValidationError": (
            "AWS takes no such role or name",
            "correct role_arn, external_id and session_name in the rule's options",
        ),
        "PartialCredentialsError": ("one half of a key is missing", "set the key's id and the secret key, both"),
        "RuntimeError": ("the keys that were found have expired", "renew them, or set this machine's clock"),
        "ProfileNotFound": ("there is no such profile", "correct AWS_PROFILE, or profile in the rule's options"),
        "SSOTokenLoadError": _LOGIN,
        "TokenRetrievalError": _LOGIN,
        "UnauthorizedSSOTokenError": _LOGIN,
    }
)
"""What is wrong where botocore raises these, and what to do about it."""


class EcrOptions(Options, frozen=True, kw_only=True):
    """Whose identity is used, and where tokens are asked for; without any, the SDK's default chain decides.

    ``role_arn`` is one role, or several that are assumed one after the other. ``external_id`` goes with the last.
    """

    profile: str = ""
    role_arn: str | tuple[str, ...] = ()
    external_id: str = ""
    session_name: str = "ocibroker"
    web_identity_token: SecretRef | None = None
    region: str = ""
    endpoint_url: str = ""


@dataclass(frozen=True, slots=True)
class _Registry:
    """What a host name says: the service, the region, and which of the region's endpoints gives tokens."""

    service: str
    region: str
    fips: bool = False
    dual_stack: bool = False

    @classmethod
    def of(cls, host: str) -> _Registry | None:
        """Return what ``host`` says; none where it is no name of ECR's."""
        if host in PUBLIC:
            return cls("ecr-public", PUBLIC_REGION, dual_stack=PUBLIC[host])
        for pattern, dual_stack in _PRIVATE:
            if found := pattern.fullmatch(host):
                return cls("ecr", found["region"], bool(found["fips"]), dual_stack)
        return None

    @property
    def public(self) -> bool:
        return self.service == "ecr-public"


@dataclass(frozen=True, slots=True)
class _Files:
    """The files that the AWS tools share, by the environment that was passed in."""

    config: Path
    credentials: Path
    sso: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> _Files:
        home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "/")
        folder = home / ".aws"

        def named(variable: str, usual: str) -> Path:
            path = Path(environ.get(variable) or folder / usual)
            return home.joinpath(*path.parts[1:]) if path.parts[:1] == ("~",) else path.absolute()

        config, credentials = ("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")
        return cls(named(*config), named(*credentials), folder / "sso" / "cache")


class EcrProvider:
    """Answers for every registry of ECR, and for whatever a rule gives it."""

    name = "ecr"
    options = EcrOptions

    def claim(self, target: Target) -> Claim | None:
        """Claim the hosts of ECR, whole: a port of its own, or plain HTTP, is somebody else's."""
        found = _Registry.of(target.registry)
        if found is None or target.scheme != "https":
            return None
        if found.public:
            return Claim(Strength.EXACT, "it is ECR Public")
        return Claim(Strength.PATTERN, f"it is a registry of ECR in {found.region}")

    def identity(self, request: Request[EcrOptions]) -> Identity:
        """Return principal and region: one token opens every registry of the region that the principal may use.

        The principal is global where roles are named, since an ARN means the same everywhere.
        """
        registry = _registry(request)
        parts, watch = _principal(request)
        roles = _roles(request)
        return Identity(
            (registry.service, registry.region, *(["fips"] if registry.fips else []), *parts, *roles),
            reach="global" if roles else "local",
            watch=watch,
        )

    def fetch(self, request: FetchRequest[EcrOptions]) -> Basic | Anonymous:
        """Find the identity and ask ECR for a token.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` with what was tried, what to do, and AWS's request
        id. Where no identity at all is found, ECR Public is anonymous.
        """
        registry = _registry(request)
        _check_region(registry, request)
        request.deadline.left()
        _need_sdk()
        _hush()
        return _Asking(_Sdk(request, registry), request, registry).answer()


def _registry(request: Request[EcrOptions]) -> _Registry:
    """Return what the host says; a host that is no name of ECR's says nothing, and the rule names its region."""
    return _Registry.of(request.target.host) or _Registry("ecr", request.options.region)


def _check_region(registry: _Registry, request: Request[EcrOptions]) -> None:
    host, said = request.target.host, request.options.region
    if not registry.region:
        why, hint = "the host does not say in which region it is", "set region in the rule's options"
    elif said and said != registry.region:
        why, hint = f"the host is in {registry.region}, and the rule says {said}", "remove region from the options"
    elif not _REGION.fullmatch(registry.region):
        why, hint = f"{registry.region!r} is no region", "correct region in the rule's options"
    else:
        return
    raise CredentialUnavailable(why, culprit=host, hint=hint)


def _roles(request: Request[EcrOptions]) -> tuple[str, ...]:
    """Return the roles to assume, one after the other: the rule's, else the one that the caller's account names."""
    said = request.options.role_arn
    roles = (said,) if isinstance(said, str) else said
    # Without a token anybody's annotation would be a role for the machine's own identity to assume.
    if roles or request.caller is None or request.caller.token is None:
        return roles
    annotations = request.caller.annotations
    return next(((annotations[name],) for name in _ROLE_ANNOTATIONS if annotations.get(name)), ())


def _principal(request: Request[EcrOptions]) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Return who asks, as declared, and the files that decide it."""
    options, environ = request.options, request.environ
    if request.caller is not None and request.caller.token is not None:
        # Not its subject: that would be believed before AWS has verified the token.
        return (f"caller {_digest(request.caller.token.reveal())}",), ()
    if options.web_identity_token is not None:
        return (f"token of {options.web_identity_token}",), options.web_identity_token.watch
    files, named = _Files.of(environ), {} if options.profile else environ
    tokens = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    watch = (Path(named[name]).absolute() for name in tokens if named.get(name))
    decisive = (f"{name} {_digest(named[name])}" for name in _DECISIVE if named.get(name))
    return (f"profile {_profile(request)}", *decisive), (files.config, files.credentials, *watch)


def _profile(request: Request[EcrOptions]) -> str:
    environ = request.environ
    return request.options.profile or environ.get("AWS_DEFAULT_PROFILE") or environ.get("AWS_PROFILE") or "default"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _need_sdk() -> None:
    try:
        import botocore.credentials  # noqa: F401
    except ImportError:
        pass
    else:
        return
    raise CredentialUnavailable("the AWS SDK is not installed", hint="pip install 'ocibroker[ecr]'")


def _hush() -> None:
    """Drop what botocore logs within a fetch: below WARNING secrets, from there on AWS's answers and tracebacks.

    A filter stays, and is there once however often it is added: to remove one while another thread looks through
    them could hide a third.
    """
    for name in [*logging.root.manager.loggerDict]:
        if name.startswith("botocore"):
            logging.getLogger(name).addFilter(_of_others)


def _of_others(_: logging.LogRecord) -> bool:
    """Whether somebody else than our fetch has caused the record."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code is EcrProvider.fetch.__code__:
            return False
        frame = frame.f_back
    return True


@dataclass(frozen=True, slots=True)
class _Answer:
    """An HTTP answer, read whole. What it says is shown only where it is a code or an id by its looks."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def stream(self) -> Iterator[bytes]:
        """Yield the body, as botocore wants it."""
        yield self.body

    def decoded(self) -> dict[str, Any]:
        """Return the JSON object, or nothing where it is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str:
        """The error's code, as the JSON protocol says it: ``namespace#Code:url``."""
        kind = self.decoded().get("__type") or self.headers.get("x-amzn-errortype") or ""
        return str(kind).rpartition("#")[2].partition(":")[0]


@dataclass(slots=True)
class _Wire:
    """What botocore takes for its HTTP session: the broker's client, by each host's own trust.

    ``failure`` is what went wrong: botocore wraps and logs what is raised here.
    """

    request: FetchRequest[EcrOptions]
    failure: OcibrokerError | None = None

    def send(self, prepared: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return botocore's response to its request."""
        from botocore.awsrequest import AWSResponse

        answer = self.exchange(prepared.method, prepared.url, [*prepared.headers.items()], prepared.body)
        # httpx has unpacked it already.
        headers = {name: value for name, value in answer.headers.items() if name != "content-encoding"}
        return AWSResponse(prepared.url, answer.status, headers, answer)

    def exchange(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | str | None,
        seconds: float | None = None,
    ) -> _Answer:
        """Send one request and read its answer; ``seconds`` bound both, within the deadline."""
        try:
            with self.request.http.stream(method, url, headers=headers, content=body, timeout=seconds) as response:
                return _Answer(response.status_code, response.headers, _read(response.iter_bytes()))
        except OcibrokerError as error:
            self.failure = error.restated()
        raise self.failure


@dataclass(slots=True)
class _MetadataWire(_Wire):
    """The same for the instance's metadata, which most machines do not have: no answer is no identity."""

    seconds: float = 1.0
    answered: bool = False

    def send(self, prepared: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return botocore's response, or raise the error by which it goes on without."""
        from botocore.awsrequest import AWSResponse
        from botocore.exceptions import EndpointConnectionError

        try:
            answer = self.exchange(prepared.method, prepared.url, [*prepared.headers.items()], None, self.seconds)
        except ConnectionFailed:
            self.request.deadline.left()
            if self.answered:
                raise
            self.failure = None
            raise EndpointConnectionError(endpoint_url=prepared.url) from None
        self.answered = True
        if answer.status == 429 or answer.status >= 500:
            self.failure = _unwell("the instance's metadata service", answer.status)
            raise self.failure
        return AWSResponse(prepared.url, answer.status, dict(answer.headers), answer)


@dataclass(slots=True)
class _ContainerWire(_Wire):
    """The same for the container's credentials: an answer but 200 is an error at once; botocore would repeat it."""

    def send(self, prepared: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return botocore's response to its request."""
        answer = _Wire.send(self, prepared)
        if answer.status_code != 200:
            self.failure = _unwell("the container's credential service", answer.status_code)
            raise self.failure
        return answer


def _read(parts: Iterable[bytes]) -> bytes:
    body = b""
    for part in parts:
        body += part
        if len(body) > _LARGEST:
            raise CredentialUnavailable(f"an answer is longer than {_LARGEST} bytes")
    return body


def _unwell(who: str, status: int) -> CredentialUnavailable:
    hint = _LATER if status == 429 or status >= 500 else "check what the workload may have"
    return CredentialUnavailable(f"{who} answered with status {status}", hint=hint)


class _Sdk:
    """A session of botocore's own for one fetch, so that two identities in one process share nothing.

    It reads the request's environment, and speaks through the broker. Anything of botocore's may be raised here.
    """

    def __init__(self, request: FetchRequest[EcrOptions], registry: _Registry) -> None:
        self._request = request
        self._registry = registry
        self._files = _Files.of(request.environ)
        self._made: Any = None
        self.wire = _Wire(request)
        self._metadata, self._container = _MetadataWire(request), _ContainerWire(request)

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
        version, _ = _APIS[self._registry.service]
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

        named, profile = bool(self._request.options.profile), _profile(self._request)
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

        _hush()  # the import has made more loggers
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


class _Asking:
    """One fetch, step by step; ``tried`` is what an error tells of the way."""

    def __init__(self, sdk: _Sdk, request: FetchRequest[EcrOptions], registry: _Registry) -> None:
        self._sdk = sdk
        self._request = request
        self._registry = registry
        self._tried: list[str] = []

    def answer(self) -> Basic | Anonymous:
        """Return the token."""
        keys = self._careful("finding an identity", self._identify)
        if keys is None and self._registry.public:
            return Anonymous(f"ECR Public serves everybody, and no AWS identity was found; tried {self._path}")
        if keys is None:
            hint = "set AWS_PROFILE, run `aws sso login`, or set profile or role_arn in a rule; see docs/ecr.md"
            raise CredentialUnavailable(f"no AWS identity was found; tried {self._path}", hint=hint)
        return self._token(self._careful("GetAuthorizationToken", lambda: self._ask(keys)))

    @property
    def _path(self) -> str:
        return ", ".join(self._tried) or "nothing yet"

    def _careful(self, step: str, work: Callable[[], T]) -> T:
        """Return what ``work`` does; whatever the SDK raises becomes one line, without what AWS has written."""
        try:
            return work()
        except OcibrokerError as error:
            failure = error.restated()
        except Exception as error:  # noqa: BLE001  # an SDK may raise anything
            failure = self._sdk.failure or self._said(step, error)
        raise failure

    def _said(self, step: str, error: Exception) -> OcibrokerError:
        """Return our error for one of botocore's."""
        response = getattr(error, "response", None)
        if not isinstance(response, dict):
            other = f"the SDK raised {type(error).__name__}", "see docs/ecr.md"
            why, hint = _FAULTS.get(type(error).__name__, other)
            return CredentialUnavailable(f"{step} failed: {why}; tried {self._path}", hint=hint)
        told, operation = response.get("ResponseMetadata", {}), getattr(error, "operation_name", step)
        return self._refused(
            operation,
            response.get("Error", {}).get("Code", ""),
            told.get("HTTPStatusCode", 0),
            told.get("RequestId", ""),
            told.get("HTTPHeaders", {}).get("date", ""),
        )

    def _refused(self, operation: str, code: str, status: int, ident: str, date: str) -> OcibrokerError:
        """Return the error for an answer of AWS's; of what it says only codes and ids are shown."""
        named = f"{code}, status {status}" if _WORD.fullmatch(code) else f"status {status}"
        hint = _CODES.get(code, _LATER if status == 429 or status >= 500 else "see docs/ecr.md")
        if code in _OF_TIME and (off := _skew(date, self._request.clock.now())):
            hint = f"set this machine's clock, which is {off} seconds off"
        known = f", request id {ident}" if _WORD.fullmatch(ident) else ""
        return CredentialUnavailable(f"{operation} was refused: {named}{known}; tried {self._path}", hint=hint)

    def _identify(self) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys to sign with, or none where no identity is found."""
        roles = _roles(self._request)
        if (token := self._brought()) is not None:
            if not roles:
                hint = f"set role_arn in the rule, or annotate the service account with {_ROLE_ANNOTATIONS[0]}"
                raise CredentialUnavailable("no role is named for the token that was brought", hint=hint)
            return self._assume(roles[1:], self._exchange(roles[0], token))
        keys = self._search()
        return None if keys is None else self._assume(roles, keys)

    def _brought(self) -> Secret | None:
        """Return the web identity token that the caller or the rule brings."""
        caller, kept = self._request.caller, self._request.options.web_identity_token
        if caller is not None and caller.token is not None:
            self._tried.append("the caller's token")
            return caller.token
        if kept is None:
            return None
        self._tried.append(f"the token of {kept}")
        return self._request.secret(kept)

    def _search(self) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys of the first place that has any."""
        for place in self._sdk.chain():
            self._tried.append(_SOURCES[place.METHOD].format(profile=_profile(self._request)))
            if (found := place.load()) is not None:
                del self._tried[:-1]
                return found.get_frozen_credentials()
        return None

    def _exchange(self, role: str, token: Secret) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys of ``role`` for a web identity token."""
        from botocore import UNSIGNED
        from botocore.config import Config

        self._tried.append(f"role {role}")
        sts = self._sdk.sts("sts", Config(signature_version=UNSIGNED))
        name = self._request.options.session_name
        return _keys(
            sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName=name, WebIdentityToken=token.reveal())
        )

    def _assume(self, roles: Sequence[str], keys: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys of the last of ``roles``, each assumed with those of the one before."""
        options = self._request.options
        for role in roles:
            self._tried.append(f"role {role}")
            more = {"ExternalId": options.external_id} if options.external_id and role is roles[-1] else {}
            sts = self._sdk.sts(
                "sts",
                aws_access_key_id=keys.access_key,
                aws_secret_access_key=keys.secret_key,
                aws_session_token=keys.token,
            )
            keys = _keys(sts.assume_role(RoleArn=role, RoleSessionName=options.session_name, **more))
        return keys

    def _ask(self, keys: Any) -> _Answer:  # noqa: ANN401  # botocore has no types
        """Return ECR's answer to one signed request.

        Not by a client of botocore's: to read the whole service's model takes as long as all the rest.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        url, body = self._sdk.endpoint(), b"{}"
        if not url.startswith("https://"):
            raise CredentialUnavailable("endpoint_url is no https:// URL", hint="correct it in the rule's options")
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": _APIS[self._registry.service][1]}
        signed = AWSRequest("POST", url, data=body, headers=headers)
        SigV4Auth(keys, self._registry.service, self._registry.region).add_auth(signed)
        return self._sdk.wire.exchange("POST", url, [*signed.headers.items()], body)

    def _token(self, answer: _Answer) -> Basic:
        """Return the token in ECR's answer."""
        if answer.status != 200:
            ident, date = answer.headers.get("x-amzn-requestid", ""), answer.headers.get("date", "")
            raise self._refused("GetAuthorizationToken", answer.code, answer.status, ident, date)
        data = answer.decoded().get("authorizationData")
        # Private: a list with one for each registry that was asked for. Public: that one itself.
        one = data[0] if isinstance(data, list) and data else data
        password = _password(one.get("authorizationToken")) if isinstance(one, dict) else None
        expires = _moment(one.get("expiresAt")) if isinstance(one, dict) else None
        if password is None or expires is None:
            raise CredentialUnavailable("GetAuthorizationToken was answered without a token", hint=_LATER)
        now = self._request.clock.now()
        if expires <= now:
            hint = "set this machine's clock"
            raise CredentialUnavailable("the token has expired by this machine's clock", hint=hint)
        return Basic(username=_USER, secret=password, issued_at=now, expires_at=min(expires, now + _LIFE))


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


def _keys(response: Mapping[str, Any]) -> Any:  # noqa: ANN401  # botocore has no types
    from botocore.credentials import Credentials

    found = response["Credentials"]
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def _password(token: object) -> Secret | None:
    """Return the password of a token, which is ``AWS:password`` in Base64."""
    if not isinstance(token, str) or len(token) > _LARGEST:
        return None
    try:
        user, _, password = base64.b64decode(token, validate=True).decode("ascii").partition(":")
        return Secret(password) if user == _USER else None
    except (binascii.Error, ValueError, OcibrokerError):
        return None


def _moment(seconds: object) -> datetime | None:
    """Return the moment that ``seconds`` since the epoch are, in UTC."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _skew(date: str, now: datetime) -> int:
    """Return by how many seconds ``now`` is off an answer's ``Date``, or 0 where AWS would not mind."""
    try:
        off = now - parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return 0
    return round(off.total_seconds()) if abs(off) > _SKEW else 0


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[EcrOptions] = EcrProvider()
    return [provider]
