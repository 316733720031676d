"""Every connection is the broker's: trusted, certified and led by what is configured for its host."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocibroker.errors import OcibrokerError, TLSFailed
from ocibroker.testing import Authority
from tests.aws.emulator import NAMES, Aws, serving
from tests.aws.shared_files import kept, keys, section
from tests.plugins.ecr.asking import API, STS, failure, rule, whose
from tests.transport.brokers import Desk
from tests.transport.connect_proxy import proxying

pytestmark = pytest.mark.acceptance(34)


@pytest.fixture
def private() -> Authority:
    """An authority that no store of the system's has."""
    return Authority()


def entries(folder: Path, private: Authority, *hosts: str, more: str = "") -> str:
    ca = private.write(folder / "private")
    return "".join(f'[[tls]]\nmatch = "{host}"\nca = ["{ca}"]\n{more}\n' for host in hosts)


@pytest.mark.parametrize("known", [(STS, API), (STS,), ()], ids=["both", "sts", "none"])
def test_each_host_is_trusted_by_its_own_entry(known: tuple[str, ...], private: Authority, desk: Desk) -> None:
    with serving(private.server_context(*NAMES)) as aws:
        arn = aws.iam.role("pull", "user/alice")
        text = rule(role_arn=arn) + entries(desk.folder, private, *known)
        broker = desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route)
        if known == (STS, API):
            assert whose(aws, broker) == arn
        else:
            assert isinstance(failure(broker), TLSFailed)
        assert aws.asked == list(known)


def test_a_client_certificate_goes_to_its_host_only(private: Authority, desk: Desk) -> None:
    context = private.server_context(*NAMES, client_authority=private)
    certificate, key = private.issue("me@example.com").write(desk.folder / "me")
    mine = f'client_cert = "{certificate}"\nclient_key = "{key}"'
    with serving(context) as aws:
        text = entries(desk.folder, private, API, more=mine)
        environ = keys(aws.iam.user("alice"))
        assert whose(aws, desk.broker(text, environ=environ, route=aws.route)) == "user/alice"
        assert [one.client_certificate for one in aws.tls.requests] == [True]
        refused = desk.broker(entries(desk.folder, private, API), environ=environ, route=aws.route)
        assert isinstance(failure(refused), OcibrokerError)


def test_a_proxy_is_used(aws: Aws, desk: Desk) -> None:
    place = f"{API}:{aws.tls.port}"
    with proxying() as proxy:
        environ = {**keys(aws.iam.user("alice")), "HTTPS_PROXY": f"http://proxy.test:{proxy.port}"}
        broker = desk.broker(rule(endpoint_url=f"https://{place}"), environ=environ)
        assert whose(aws, broker) == "user/alice"
        assert proxy.lines == [f"CONNECT {place} HTTP/1.1"]


def test_the_environment_of_the_process_decides_nothing(
    aws: Aws, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = {
        **keys(aws.iam.user("mallory")),
        "AWS_PROFILE": "nobody",
        "AWS_REGION": "xx-nowhere-1",
        "AWS_CONFIG_FILE": "/dev/null/config",
        "AWS_ENDPOINT_URL": "https://evil.example",
        "AWS_ENDPOINT_URL_STS": "https://evil.example",
        "AWS_CA_BUNDLE": "/dev/null",
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/evil",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/dev/null",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_DEFAULTS_MODE": "auto",
        "AWS_MAX_ATTEMPTS": "9",
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "HOME": "/nowhere",
    }
    for name, value in poison.items():
        monkeypatch.setenv(name, value)
    arn = aws.iam.role("pull", "user/alice")
    environ = kept(desk.folder, credentials=section("default", aws.iam.user("alice")))
    assert whose(aws, desk.broker(rule(role_arn=arn), environ=environ, route=aws.route)) == arn
    assert aws.asked == [STS, API]
