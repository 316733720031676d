"""Rules by which a cloud exchanges an identity token, once it trusts a subject of an issuer."""

from __future__ import annotations

from tests.aws.emulator import Aws
from tests.azure.emulator import Azure
from tests.google.accounts import POOL
from tests.google.emulator import Google
from tests.oidc.identity_provider import EXCHANGE, IdentityProvider
from tests.plugins.acr import asking as acr
from tests.plugins.ecr import asking as ecr
from tests.plugins.gar import asking as gar

AWS_AUDIENCE, AZURE_AUDIENCE = "sts.amazonaws.com", EXCHANGE
GOOGLE_AUDIENCE = f"https://iam.googleapis.com/{POOL}ci"
"""What each cloud wants a token to be for."""


def trusted_by_aws(cloud: Aws, issuer: IdentityProvider, subject: str, reference: str) -> str:
    """Make a role ``ci`` for the subject, and return the rule that assumes it by what is referred to."""
    cloud.iam.federate(issuer, AWS_AUDIENCE)
    arn = cloud.iam.role("ci", f"{issuer.issuer} {subject}")
    return _rule(ecr.HOST, "ecr", f'role_arn = "{arn}", web_identity_token = {reference}')


def trusted_by_google(cloud: Google, issuer: IdentityProvider, subject: str, reference: str, more: str = "") -> str:
    """Make a provider ``ci`` of a pool that takes the subject for ``ci``, and return the rule; as above."""
    pool = cloud.accounts.federate("ci", issuer, {subject: "ci"})
    said = f'workload_identity_provider = "{pool.name}", identity_token = {reference}{more}'
    return _rule(gar.HOST, "gar", said)


def trusted_by_azure(cloud: Azure, issuer: IdentityProvider, subject: str, reference: str) -> str:
    """Register an application ``ci`` that trusts the subject, and return the rule; as above."""
    cloud.directory.federate(issuer)
    application = cloud.directory.application("ci", trusted={(issuer.issuer, subject)})
    named = f'tenant_id = "{cloud.directory.tenant}", client_id = "{application.client}"'
    return _rule(acr.HOST, "acr", f"{named}, federated_token = {reference}")


def _rule(match: str, provider: str, options: str) -> str:
    return f'[[registry]]\nmatch = "{match}"\nprovider = "{provider}"\noptions = {{ {options} }}\n'
