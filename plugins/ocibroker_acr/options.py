"""What a rule may say of whose identity is used."""

from __future__ import annotations

from typing import Final, Literal

from ocibroker.provider import Options, SecretRef

Source = Literal["environment", "workload-identity", "managed-identity", "azure-cli"]

ORDER: Final[tuple[Source, ...]] = ("environment", "workload-identity", "managed-identity", "azure-cli")
"""That of azure-identity's DefaultAzureCredential, without what asks a person."""


class AcrOptions(Options, frozen=True, kw_only=True):
    """Whose identity is used, and for which audience; without any, what the environment and the machine have.

    ``client_secret``, ``client_certificate`` or ``federated_token`` make the rule name one application, and
    ``order`` plays no part. ``client_certificate`` is a file: PEM or PKCS #12, with its key.
    """

    tenant_id: str = ""
    client_id: str = ""
    client_secret: SecretRef | None = None
    client_certificate: SecretRef | None = None
    client_certificate_password: SecretRef | None = None
    federated_token: SecretRef | None = None
    order: tuple[Source, ...] = ORDER
    audience: str = "auto"
    authority_host: str = ""
