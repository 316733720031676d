"""Which URL gives the tokens of a registry."""

from __future__ import annotations

import re

from ocibroker.provider import CredentialUnavailable, FetchRequest
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.registry import APIS, Registry


def endpoint_of(registry: Registry, request: FetchRequest[EcrOptions]) -> str:
    """Return the rule's URL, else the one that botocore's own endpoint rules give.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` for a URL that is not HTTPS, and for a region of no
    partition that the SDK knows.
    """
    url = request.options.endpoint_url or _by_the_rules(registry, request)
    if not url.startswith("https://"):
        raise CredentialUnavailable("endpoint_url is no https:// URL", hint="correct it in the rule's options")
    return url


def _by_the_rules(registry: Registry, request: FetchRequest[EcrOptions]) -> str:
    from botocore.endpoint_provider import EndpointProvider
    from botocore.loaders import create_loader

    version, _ = APIS[registry.service]
    loader = create_loader(request.environ.get("AWS_DATA_PATH"))
    # Not load_service_model, which lists the folders of all services first.
    rules = loader.load_data(f"{registry.service}/{version}/endpoint-rule-set-1")
    partitions = loader.load_data("partitions")
    # botocore would take a region that it does not know for one of the first partition.
    if not any(re.match(one["regionRegex"], registry.region) for one in partitions["partitions"]):
        why = f"the AWS SDK knows no partition with the region {registry.region}"
        raise CredentialUnavailable(why, hint="pip install --upgrade boto3")
    found = EndpointProvider(rules, partitions).resolve_endpoint(
        Region=registry.region, UseFIPS=registry.fips, UseDualStack=registry.dual_stack
    )
    url: str = found.url
    return url
