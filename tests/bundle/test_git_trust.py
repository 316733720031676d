"""Git repositories over HTTPS, from ``git http-backend``: whom git trusts, and by which way it reaches them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ocibroker.errors import (
    TLSFailed,
    WrongScheme,
)
from ocibroker.testing import Authority
from tests.bundle.forge import Forge, forge
from tests.bundle.git_history import Work
from tests.kubernetes.mounts import mounted
from tests.kubernetes.mounts import rule as fleet_rule
from tests.transport.brokers import rule
from tests.transport.canary import Canary
from tests.transport.connect_proxy import proxying

pytestmark = pytest.mark.e2e


def test_a_server_that_is_not_trusted_gets_nothing(here: Forge, commits: Mapping[str, str], tmp_path: Path) -> None:
    other = Authority().write(tmp_path)
    with pytest.raises(TLSFailed):
        here.read(here.url("private/app"), here.broker(here.rule(), environ={"SSL_CERT_FILE": str(other)}))
    assert here.running.requests == []


def test_plain_http_is_for_hosts_that_allow_it(here: Forge) -> None:
    with pytest.raises(WrongScheme):
        here.read(f"git::http://{here.address}/open/app.git")


def test_a_private_authority_is_trusted_by_the_policy_alone(
    here: Forge, commits: Mapping[str, str], tmp_path: Path
) -> None:
    other = Authority().write(tmp_path)
    entry = f'[[tls]]\nmatch = "{here.address}"\nca = ["{here.desk.roots}"]\nca_only = true\n'
    broker = here.broker(here.rule(), entry, environ={"SSL_CERT_FILE": str(other)})
    assert here.read(here.url("private/app"), broker).resolved == commits["main"]


@pytest.mark.parametrize("path", ["private/app", "other/app"])
def test_a_secret_of_fleets_is_the_user_and_the_authority_of_its_rule_alone(
    path: str, here: Forge, past: tuple[Work, Mapping[str, str]], tmp_path: Path
) -> None:
    for name in ("private/app", "other/app"):
        here.git.publish(name, past[0].folder)
    secret: Mapping[str, str | bytes] = {
        "username": "alice",
        "password": here.canary.ascii.reveal(),
        "cacerts": here.desk.roots.read_bytes(),
    }
    mount = mounted(tmp_path / "secret", secret)
    (tmp_path / "other").mkdir()
    environ = {"SSL_CERT_FILE": str(Authority().write(tmp_path / "other"))}
    broker = here.broker(fleet_rule(f"{here.address}/private", f'fleet_secret = "{mount}"'), environ=environ)
    if path == "private/app":
        assert here.read(here.url(path), broker).resolved == past[1]["main"]
        return
    with pytest.raises(TLSFailed):
        here.read(here.url(path), broker)


def test_an_insecure_host_is_reached(here: Forge, commits: Mapping[str, str], tmp_path: Path) -> None:
    entry = f'[[tls]]\nmatch = "{here.address}"\ninsecure = true\n'
    broker = here.broker(here.rule(), entry, environ={"SSL_CERT_FILE": str(Authority().write(tmp_path))})
    assert here.read(here.url("private/app"), broker).resolved == commits["main"]


@pytest.mark.acceptance(17)
@pytest.mark.parametrize("locked", [False, True], ids=["open-key", "encrypted-key"])
def test_a_client_certificate_is_shown(
    past: tuple[Work, Mapping[str, str]],
    authority: Authority,
    roots: Path,
    tmp_path: Path,
    canary: Canary,
    *,
    locked: bool,
) -> None:
    tls = authority.server_context("localhost", client_authority=authority)
    (tmp_path / "client").mkdir()
    certificate, key = authority.issue("alice").write(tmp_path / "client")
    more = ""
    if locked:
        _encrypt(key, canary)
        more = f'client_key_password = "{canary.ascii.reveal()}"\n'
    with forge(tmp_path / "here", roots, tls, canary) as here:
        here.git.publish("open/app", past[0].folder)
        entry = f'[[tls]]\nmatch = "{here.address}"\nclient_cert = "{certificate}"\nclient_key = "{key}"\n{more}'
        assert here.read(here.url("open/app"), here.broker(entry)).resolved == past[1]["main"]
        assert all(request.client_certificate for request in here.running.requests)


def _encrypt(key: Path, canary: Canary) -> None:
    from cryptography.hazmat.primitives import serialization as pem

    loaded = pem.load_pem_private_key(key.read_bytes(), None)
    lock = pem.BestAvailableEncryption(canary.ascii.reveal().encode())
    key.write_bytes(loaded.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, lock))


@pytest.mark.acceptance(19)
def test_the_proxy_of_the_policy_is_used_and_knows_its_own_password_only(
    here: Forge, commits: Mapping[str, str]
) -> None:
    wanted = "Basic cHJveHk6cEBzcyB3b3JkJQ=="  # proxy, p@ss word%
    with proxying(wanted=wanted, route=lambda _, __: ("127.0.0.1", here.running.port)) as proxy:
        url = f"http://proxy:p%40ss%20word%25@localhost:{proxy.port}"
        entry = f'[[tls]]\nmatch = "charts.test"\nproxy = "{url}"\n'
        broker = here.broker(rule("charts.test", password=here.canary.ascii.reveal()), entry)
        bundle = here.read("git::https://charts.test/private/app.git", broker)
    assert bundle.resolved == commits["main"]
    assert {*proxy.lines} == {"CONNECT charts.test:443 HTTP/1.1"}
    assert {*proxy.authorizations} == {wanted}
    assert [hit for line in proxy.lines for hit in here.canary.hits(line)] == []
