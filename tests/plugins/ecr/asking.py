"""Asking a broker for a token of ECR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ocibroker import Basic, Broker
from ocibroker.errors import OcibrokerError
from ocibroker.testing import Authority
from tests.aws.emulator import Aws
from tests.aws.refusal import BODY
from tests.vendors import asking

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
NEIGHBOUR = "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
PUBLIC = "public.ecr.aws"
API = "api.ecr.eu-west-1.amazonaws.com"
STS = "sts.eu-west-1.amazonaws.com"


def rule(match: str = HOST, **options: object) -> str:
    return asking.rule("ecr", match, **options)


def entries(folder: Path, authority: Authority, *hosts: str, more: str = "") -> str:
    """Return an entry for each host, which trusts the authority; ``more`` is what else each says."""
    ca = authority.write(folder / "authority")
    return "".join(f'[[tls]]\nmatch = "{host}"\nca = ["{ca}"]\n{more}\n' for host in hosts)


def whose(aws: Aws, broker: Broker, target: str = HOST, **asked: Any) -> str:  # noqa: ANN401
    """Return whose token the broker gets."""
    found = broker.access(f"{target}/app", **asked).credential
    assert isinstance(found, Basic)
    assert found.username == "AWS"
    return aws.registry.issued[found.secret.reveal()]


def failure(broker: Broker, target: str = HOST, **asked: Any) -> OcibrokerError:  # noqa: ANN401
    with pytest.raises(OcibrokerError) as caught:
        broker.access(f"{target}/app", **asked)
    assert BODY not in str(caught.value)
    return caught.value
