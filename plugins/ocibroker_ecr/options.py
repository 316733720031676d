"""What a rule may say of whose identity is used."""

from __future__ import annotations

from ocibroker.provider import Options, SecretRef


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
