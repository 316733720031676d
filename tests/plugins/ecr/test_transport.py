"""Every connection is the broker's: trusted, certified and led by what is configured for its host."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from ocibroker.errors import OcibrokerError, TLSFailed
from ocibroker.testing import Authority
from tests.aws.emulator import NAMES, Aws, serving
from tests.aws.shared_files import kept, keys, section
from tests.plugins.ecr.asking import API, STS, entries, failure, rule, whose
from tests.transport.brokers import Desk
from tests.transport.connect_proxy import proxying
from tests.transport.raw_server import listening, raw

pytestmark = pytest.mark.acceptance(34)


@pytest.fixture
def private() -> Authority:
    """An authority that no store of the system's has."""
    return Authority()


def certificate(folder: Path, private: Authority) -> str:
    """Return what an entry says of a client certificate."""
    chain, key = private.issue("me@example.com").write(folder / "me")
    return f'client_cert = "{chain}"\nclient_key = "{key}"'


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


@pytest.mark.parametrize("stranger", [STS, API])
def test_whoever_is_not_trusted_gets_no_byte(stranger: str, private: Authority, aws: Aws, desk: Desk) -> None:
    text = rule(role_arn=aws.iam.role("pull", "user/alice"))
    with raw(listening, private.server_context(stranger)) as server:

        def route(host: str, port: int) -> tuple[str, int]:
            return ("127.0.0.1", server.port) if host == stranger else aws.route(host, port)

        error = failure(desk.broker(text, environ=keys(aws.iam.user("alice")), route=route))
        assert (type(error), error.culprit) == (TLSFailed, f"https://{stranger}")
        assert (server.connections, server.received) == (1, b"")


def test_a_client_certificate_is_used(private: Authority, desk: Desk) -> None:
    context = private.server_context(*NAMES, client_authority=private)
    with serving(context) as aws:
        text = entries(desk.folder, private, API, more=certificate(desk.folder, private))
        environ = keys(aws.iam.user("alice"))
        assert whose(aws, desk.broker(text, environ=environ, route=aws.route)) == "user/alice"
        assert [one.client_certificate for one in aws.tls.requests] == [True]
        refused = desk.broker(entries(desk.folder, private, API), environ=environ, route=aws.route)
        assert isinstance(failure(refused), OcibrokerError)


@pytest.mark.parametrize("host", [STS, API])
def test_a_client_certificate_goes_to_its_host_only(host: str, private: Authority, desk: Desk) -> None:
    context = private.server_context(*NAMES, client_authority=private)
    context.verify_mode = ssl.CERT_OPTIONAL
    with serving(context) as aws:
        arn = aws.iam.role("pull", "user/alice")
        mine = entries(desk.folder, private, host, more=certificate(desk.folder, private))
        others = entries(desk.folder, private, *{STS, API} - {host})
        broker = desk.broker(
            rule(role_arn=arn) + mine + others, environ=keys(aws.iam.user("alice")), route=aws.route
        )
        assert whose(aws, broker) == arn
        shown = {one.headers["host"]: one.client_certificate for one in aws.tls.requests}
        assert shown == {STS: host == STS, API: host == API}


@pytest.mark.parametrize("hosts", [(STS, API), (STS,), (API,)], ids=["both", "sts", "ecr"])
def test_a_proxy_is_used(hosts: tuple[str, ...], authority: Authority, aws: Aws, desk: Desk) -> None:
    arn = aws.iam.role("pull", "user/alice")
    with proxying(route=aws.route) as proxy:
        led = f'proxy = "http://127.0.0.1:{proxy.port}"'
        text = rule(role_arn=arn) + entries(desk.folder, authority, *hosts, more=led)
        assert whose(aws, desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route)) == arn
        assert proxy.lines == [f"CONNECT {host}:443 HTTP/1.1" for host in hosts]


def test_the_proxy_of_the_environment_is_used(aws: Aws, desk: Desk) -> None:
    arn = aws.iam.role("pull", "user/alice")
    with proxying(route=aws.route) as proxy:
        environ = {**keys(aws.iam.user("alice")), "HTTPS_PROXY": f"http://proxy.test:{proxy.port}"}
        assert whose(aws, desk.broker(rule(role_arn=arn), environ=environ)) == arn
        assert proxy.lines == [f"CONNECT {host}:443 HTTP/1.1" for host in (STS, API)]


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
