"""An application that trusts the tokens of a cluster for one of its service accounts."""

from __future__ import annotations

from tests.azure.directory import Application
from tests.azure.emulator import Azure
from tests.oidc.identity_provider import IdentityProvider

ISSUER, SUBJECT = "https://oidc.cluster.test", "system:serviceaccount:team:app"


def federated(azure: Azure, name: str = "pod", subject: str = SUBJECT) -> tuple[Application, IdentityProvider]:
    """Register an application that trusts a cluster's tokens for one service account."""
    provider = azure.directory.providers.get(ISSUER) or azure.directory.provider(ISSUER)
    return azure.directory.application(name, trusted={(ISSUER, subject)}), provider
