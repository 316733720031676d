"""Where an identity may be found, as declared: by the caller, by a rule, by the environment, on the machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ocibroker.provider import Request, SecretRef
from ocibroker_acr.options import AcrOptions, Source

CLIENT_ANNOTATIONS: Final = ("kubernetes.azure.com/acr-client-id", "azure.workload.identity/client-id")
TENANT_ANNOTATIONS: Final = ("kubernetes.azure.com/acr-tenant-id", "azure.workload.identity/tenant-id")
"""What a Kubernetes service account says of its application: for registries, and in general."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*", re.ASCII)
"""A GUID, or the domain of a tenant: it becomes a part of a URL, and an argument of a program."""

_ENDPOINTS: Final = ("IDENTITY_ENDPOINT", "IMDS_ENDPOINT")


@dataclass(frozen=True, slots=True)
class Application:
    """A registered application or a managed identity, and the one thing by which it signs in at Entra ID."""

    told: str
    tenant: str
    client: str
    secret: SecretRef | None = None
    certificate: SecretRef | None = None
    password: SecretRef | None = None
    assertion: SecretRef | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """Who it is, and where its proof is kept."""
        return ("application", *_named(self.tenant, self.client), *(_kept(proof) for proof in self._proofs))

    @property
    def watch(self) -> tuple[Path, ...]:
        """The files that hold its proof."""
        return tuple(path for proof in self._proofs for path in proof.watch)

    @property
    def _proofs(self) -> Iterator[SecretRef]:
        every = (self.secret, self.certificate, self.password, self.assertion)
        return (proof for proof in every if proof is not None)


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """The identity that Azure has given to the machine or the service; ``client`` chooses one of several."""

    client: str
    endpoints: tuple[str, ...]
    watch: tuple[Path, ...] = ()
    told: str = "the managed identity"

    @property
    def parts(self) -> tuple[str, ...]:
        """Which one it is, on this machine."""
        near = (f"endpoint {_digest(one)}" if one else "usual endpoint" for one in self.endpoints)
        return ("managed identity", *_named("", self.client), *near)


@dataclass(frozen=True, slots=True)
class AzureCli:
    """Whoever has logged in with the Azure CLI; ``profile`` is the file that says who that is."""

    tenant: str
    profile: Path
    told: str = "the Azure CLI"

    @property
    def parts(self) -> tuple[str, ...]:
        """Whose login it is."""
        return ("Azure CLI", *_named(self.tenant, ""), f"login in {self.profile}")

    @property
    def watch(self) -> tuple[Path, ...]:
        """The file that another login changes. Not the cache of tokens: asking for one changes that."""
        return (self.profile,)


Place = Application | ManagedIdentity | AzureCli


def is_id(text: str) -> bool:
    """Whether ``text`` can be the id of a tenant or an application."""
    return bool(_ID.fullmatch(text))


def places_of(request: Request[AcrOptions]) -> tuple[Place, ...]:
    """Return where to look, in turn. An application is the end: it is found, or it fails."""
    places: list[Place] = []
    for place in _declared(request):
        places.append(place)
        if isinstance(place, Application):
            break
    return tuple(places)


def _declared(request: Request[AcrOptions]) -> Iterator[Place]:
    if (named := _of_caller(request) or _of_rule(request)) is not None:
        yield named
    else:
        yield from filter(None, (_SOURCES[source](request) for source in request.options.order))


def _of_caller(request: Request[AcrOptions]) -> Application | None:
    caller = request.caller
    if caller is None or caller.token is None:
        return None
    # Without a token anybody's annotations would be an application for the machine's own identity to be.
    client, tenant = (_first(caller.annotations, names) for names in (CLIENT_ANNOTATIONS, TENANT_ANNOTATIONS))
    return Application(
        "the caller's token",
        request.options.tenant_id or tenant or request.environ.get("AZURE_TENANT_ID", ""),
        request.options.client_id or client,
        assertion=SecretRef(literal=caller.token),
    )


def _of_rule(request: Request[AcrOptions]) -> Application | None:
    options = request.options
    kept = options.client_secret or options.client_certificate or options.federated_token
    if kept is None:
        return None
    return Application(
        f"the application of the rule, by {kept}",
        options.tenant_id or request.environ.get("AZURE_TENANT_ID", ""),
        options.client_id or request.environ.get("AZURE_CLIENT_ID", ""),
        options.client_secret,
        options.client_certificate,
        options.client_certificate_password,
        options.federated_token,
    )


def _of_environment(request: Request[AcrOptions]) -> Application | None:
    environ = request.environ
    client, certificate = environ.get("AZURE_CLIENT_ID", ""), environ.get("AZURE_CLIENT_CERTIFICATE_PATH")
    if request.options.client_id not in {"", client}:  # the rule means another than the one whose secret this is
        return None
    tenant = request.options.tenant_id or environ.get("AZURE_TENANT_ID", "")
    if environ.get("AZURE_CLIENT_SECRET"):
        told = "AZURE_CLIENT_SECRET of the environment"
        return Application(told, tenant, client, secret=SecretRef(env="AZURE_CLIENT_SECRET"))
    if not certificate:
        return None
    variable = "AZURE_CLIENT_CERTIFICATE_PASSWORD"
    return Application(
        "AZURE_CLIENT_CERTIFICATE_PATH of the environment",
        tenant,
        client,
        certificate=SecretRef(file=Path(certificate).absolute()),
        password=SecretRef(env=variable) if environ.get(variable) else None,
    )


def _of_workload(request: Request[AcrOptions]) -> Application | None:
    environ = request.environ
    if not (file := environ.get("AZURE_FEDERATED_TOKEN_FILE")):
        return None
    return Application(
        "the workload identity",
        request.options.tenant_id or environ.get("AZURE_TENANT_ID", ""),
        request.options.client_id or environ.get("AZURE_CLIENT_ID", ""),
        assertion=SecretRef(file=Path(file).absolute()),
    )


def _of_machine(request: Request[AcrOptions]) -> ManagedIdentity:
    environ = request.environ
    client = request.options.client_id or environ.get("AZURE_CLIENT_ID", "")
    return ManagedIdentity(client, tuple(environ.get(name, "") for name in _ENDPOINTS))


def _of_cli(request: Request[AcrOptions]) -> AzureCli:
    environ = request.environ
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "/")
    folder = Path(environ.get("AZURE_CONFIG_DIR") or home / ".azure").absolute()
    return AzureCli(request.options.tenant_id, folder / "azureProfile.json")


_SOURCES: Final[Mapping[Source, Callable[[Request[AcrOptions]], Place | None]]] = MappingProxyType(
    {
        "environment": _of_environment,
        "workload-identity": _of_workload,
        "managed-identity": _of_machine,
        "azure-cli": _of_cli,
    }
)


def _first(annotations: Mapping[str, str], names: Sequence[str]) -> str:
    return next((annotations[name] for name in names if annotations.get(name)), "")


def _named(tenant: str, client: str) -> tuple[str, ...]:
    return (*([f"tenant {tenant}"] if tenant else []), *([f"client {client}"] if client else []))


def _kept(proof: SecretRef) -> str:
    # Not the subject of a token: that would be believed before Entra ID has verified it.
    return f"digest {_digest(proof.literal.reveal())}" if proof.literal else str(proof)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
