"""What a rule may say of whose identity is used."""

from __future__ import annotations

from ocibroker.provider import Options, SecretRef


class GarOptions(Options, frozen=True, kw_only=True):
    """Whose identity is used; without any, Application Default Credentials decide.

    ``credentials`` is where a JSON document of Google's is kept: a key, a login, or a federated identity.
    ``identity_token`` is a token of another issuer, exchanged at ``workload_identity_provider``, and so is the
    caller's own. ``impersonate`` is a service account, or several: the last one's token is used, and each of them
    must let the one before it act for it. ``universe_domain`` says for a host of one's own which cloud it is in.
    """

    credentials: SecretRef | None = None
    identity_token: SecretRef | None = None
    workload_identity_provider: str = ""
    impersonate: str | tuple[str, ...] = ()
    universe_domain: str = ""
