"""Every connection is the broker's: trusted by the entry of its own host, through its proxy, and nobody else's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ocibroker.errors import OcibrokerError, TLSFailed
from ocibroker.testing import Authority
from tests.google.accounts import Accounts, federated, generate_url, written
from tests.google.emulator import IAM, NAMES, OAUTH, STS, Google, serving
from tests.google.sts import AWS4, AWS_SOURCE
from tests.plugins.gar.asking import failure, logged_in, named, rule, whose
from tests.transport.brokers import Desk
from tests.transport.connect_proxy import proxying
from tests.transport.raw_server import listening, raw

pytestmark = pytest.mark.acceptance(34)


@pytest.fixture
def private() -> Authority:
    """An authority that no store of the system's has."""
    return Authority()


def entries(folder: Path, private: Authority, *hosts: str, more: str = "") -> str:
    ca = private.write(folder / "private")
    return "".join(f'[[tls]]\nmatch = "{host}"\nca = ["{ca}"]\n{more}\n' for host in hosts)


@pytest.mark.parametrize("known", [(OAUTH, IAM), (OAUTH,), ()], ids=["both", "oauth", "none"])
def test_each_host_is_trusted_by_its_own_entry(known: tuple[str, ...], private: Authority, desk: Desk) -> None:
    with serving(private.server_context(*NAMES)) as google:
        pull = google.accounts.account("pull", "ci@acme-prod.iam.gserviceaccount.com")
        text = rule(impersonate=pull) + entries(desk.folder, private, *known)
        broker = desk.broker(text, environ=named(desk, google.accounts.key("ci")), route=google.route)
        if known == (OAUTH, IAM):
            assert whose(google, broker) == pull
        else:
            assert isinstance(failure(broker), TLSFailed)
        assert google.asked == list(known)


def test_without_trust_no_byte_of_a_secret_leaves(private: Authority, desk: Desk) -> None:
    login = Accounts().login("alice")
    with raw(listening, private.server_context(*NAMES)) as server:
        broker = desk.broker(environ=logged_in(desk, login), route=lambda *_: ("127.0.0.1", server.port))
        assert isinstance(failure(broker), TLSFailed)
        assert (server.connections, server.received) == (1, b"")


def test_a_client_certificate_goes_to_its_host_only(private: Authority, desk: Desk) -> None:
    certificate, key = private.issue("me@example.com").write(desk.folder / "me")
    mine = f'client_cert = "{certificate}"\nclient_key = "{key}"'
    with serving(private.server_context(*NAMES, client_authority=private)) as google:
        environ = named(desk, google.accounts.key("ci"))
        broker = desk.broker(entries(desk.folder, private, OAUTH, more=mine), environ=environ, route=google.route)
        whose(google, broker)
        assert [one.client_certificate for one in google.tls.requests] == [True]
        without = desk.broker(entries(desk.folder, private, OAUTH), environ=environ, route=google.route)
        assert isinstance(failure(without), OcibrokerError)


def test_a_proxy_is_used(google: Google, desk: Desk) -> None:
    with proxying(route=google.route) as proxy:
        environ = {**named(desk, google.accounts.key("ci")), "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
        assert whose(google, desk.broker(environ=environ)) == "ci@acme-prod.iam.gserviceaccount.com"
        assert proxy.lines == [f"CONNECT {OAUTH}:443 HTTP/1.1"]


def test_the_environment_of_the_process_decides_nothing(
    google: Google, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = written(desk.folder / "stranger.json", google.accounts.key("mallory"))
    poison = {
        "GOOGLE_APPLICATION_CREDENTIALS": str(stranger),
        "GOOGLE_CLOUD_QUOTA_PROJECT": "mallory",
        "GOOGLE_CLOUD_UNIVERSE_DOMAIN": "evil.example",
        "GOOGLE_API_USE_CLIENT_CERTIFICATE": "true",
        "GCE_METADATA_HOST": "evil.example",
        "CLOUDSDK_CONFIG": "/nowhere",
        "NO_GCE_CHECK": "true",
        "HOME": "/nowhere",
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "REQUESTS_CA_BUNDLE": "/dev/null",
        "AWS_ACCESS_KEY_ID": "AKIAEVIL",
        "AWS_SECRET_ACCESS_KEY": "evil",
        "AWS_REGION": "xx-nowhere-1",
    }
    for name, value in poison.items():
        monkeypatch.setenv(name, value)
    (desk.folder / "token").write_text("of-the-job")
    google.accounts.trust("github", "of-the-job", "job")
    pull = google.accounts.account("pull", "job")
    source = {"file": str(desk.folder / "token")}
    document = federated(source, service_account_impersonation_url=generate_url(pull))
    assert whose(google, desk.broker(environ=logged_in(desk, document), route=google.route)) == pull
    key = google.accounts.key("ci")
    assert whose(google, desk.broker(environ=logged_in(desk, key), route=google.route)) == key["client_email"]
    google.metadata.principal = "machine"
    elsewhere = {"HOME": str(desk.folder / "empty")}
    assert whose(google, desk.broker(environ=elsewhere, route=google.route)) == "machine"
    assert google.asked == [STS, IAM, OAUTH]


def test_nor_for_an_identity_of_aws(google: Google, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEVIL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "evil")
    monkeypatch.setenv("AWS_REGION", "xx-nowhere-1")
    key = google.sts.iam.session("arn:aws:sts::1:assumed-role/pull/i-1")
    google.accounts.trust("github", key.principal, "job")
    said = {"AccessKeyId": key.ident, "SecretAccessKey": key.secret, "Token": key.token}
    google.imds = {("GET", "/zone"): "eu-west-1b", ("GET", "/keys"): "r", ("GET", "/keys/r"): json.dumps(said)}
    elsewhere = {"region_url": "http://169.254.169.254/zone", "url": "http://169.254.169.254/keys"}
    document = federated({**AWS_SOURCE, **elsewhere}, subject_token_type=AWS4)
    assert whose(google, desk.broker(environ=named(desk, document), route=google.route)) == "job"
