"""A proxy is a host of its own: named by configuration or environment, trusted by its own entry."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator

import pytest

from ocibroker import Access
from ocibroker.errors import ConnectionFailed, OcibrokerError, TLSFailed
from ocibroker.testing import Authority, CannedResponse
from tests.transport.answering_server import OK, AnsweringServer, answering
from tests.transport.brokers import MODES, Desk, Mode, exchange, rule
from tests.transport.connect_proxy import ConnectProxy, proxying
from tests.transport.raw_server import hanging_up, raw

HOST = "registry.test"
PASSWORD = "pr0xy:p@ss/word"
WANTED = "Basic " + base64.b64encode(f"pat:{PASSWORD}".encode()).decode()
USERINFO = "pat:pr0xy%3Ap%40ss%2Fword"

pytestmark = pytest.mark.acceptance(19)


@pytest.fixture
def registry(authority: Authority) -> Iterator[AnsweringServer]:
    with answering(OK, authority.server_context(HOST)) as running:
        yield running


@pytest.fixture
def proxy() -> Iterator[ConnectProxy]:
    with proxying() as running:
        yield running


def configured(registry: AnsweringServer, url: str, more: str = "") -> str:
    return f'[[tls]]\nmatch = "{HOST}:{registry.port}"\nproxy = "{url}"\n{more}\n'


def access_to(desk: Desk, registry: AnsweringServer, text: str = "", **environ: str) -> Access:
    return desk.broker(text, environ=environ).access(f"{HOST}:{registry.port}/app")


@pytest.mark.parametrize("mode", MODES)
def test_a_configured_proxy_is_used(desk: Desk, registry: AnsweringServer, proxy: ConnectProxy, mode: Mode) -> None:
    access = access_to(desk, registry, configured(registry, f"http://proxy.test:{proxy.port}"))
    assert exchange(access, mode, "GET", "/v2/").status_code == 200
    assert proxy.lines == [f"CONNECT {HOST}:{registry.port} HTTP/1.1"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""], ids=["with-scheme", "bare"])
def test_the_environments_proxy_is_used(
    desk: Desk, registry: AnsweringServer, proxy: ConnectProxy, name: str, scheme: str, mode: Mode
) -> None:
    access = access_to(desk, registry, **{name: f"{scheme}proxy.test:{proxy.port}"})
    assert exchange(access, mode, "GET", "/v2/").status_code == 200
    assert proxy.lines == [f"CONNECT {HOST}:{registry.port} HTTP/1.1"]


def test_a_configured_one_wins(desk: Desk, registry: AnsweringServer, proxy: ConnectProxy) -> None:
    with proxying() as environs:
        text = configured(registry, f"http://proxy.test:{proxy.port}")
        access = access_to(desk, registry, text, HTTPS_PROXY=f"http://proxy.test:{environs.port}")
        exchange(access, "sync", "GET", "/v2/")
        assert (len(proxy.lines), environs.lines) == (1, [])


def test_the_proxy_for_http_is_not_used_for_https(
    desk: Desk, registry: AnsweringServer, proxy: ConnectProxy
) -> None:
    exchange(access_to(desk, registry, HTTP_PROXY=f"http://proxy.test:{proxy.port}"), "sync", "GET", "/v2/")
    assert proxy.lines == []


@pytest.mark.parametrize("mode", MODES)
def test_plain_http_goes_through_its_own_proxy(
    desk: Desk, registry: AnsweringServer, proxy: ConnectProxy, mode: Mode
) -> None:
    plain = f'[[tls]]\nmatch = "{HOST}:{registry.port}"\nplain_http = true\n'
    access = access_to(desk, registry, plain, HTTP_PROXY=f"http://proxy.test:{proxy.port}")
    assert exchange(access, mode, "GET", "/v2/").content == b"here"
    assert proxy.lines == [f"GET http://{HOST}:{registry.port}/v2/ HTTP/1.1"]


@pytest.mark.parametrize(
    "exempt",
    [
        "*",
        "registry.test",
        "test",
        ".test",
        "other.example, registry.test",
        "registry.test:{port}",
        "REGISTRY.test",
    ],
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_of_the_environment_is_honoured(
    desk: Desk, registry: AnsweringServer, proxy: ConnectProxy, name: str, exempt: str
) -> None:
    environ = {"HTTPS_PROXY": f"http://proxy.test:{proxy.port}", name: exempt.format(port=registry.port)}
    assert exchange(access_to(desk, registry, **environ), "sync", "GET", "/v2/").status_code == 200
    assert proxy.lines == []


@pytest.mark.parametrize("other", ["registry.tes", "egistry.test", "registry.test:1", "sub.registry.test"])
def test_no_proxy_is_compared_by_labels(
    desk: Desk, registry: AnsweringServer, proxy: ConnectProxy, other: str
) -> None:
    environ = {"HTTPS_PROXY": f"http://proxy.test:{proxy.port}", "NO_PROXY": other}
    exchange(access_to(desk, registry, **environ), "sync", "GET", "/v2/")
    assert len(proxy.lines) == 1


def test_no_proxy_of_an_entry_replaces_the_environments(
    desk: Desk, registry: AnsweringServer, proxy: ConnectProxy
) -> None:
    text = configured(registry, f"http://proxy.test:{proxy.port}", f'no_proxy = ["{HOST}"]')
    exchange(access_to(desk, registry, text), "sync", "GET", "/v2/")
    assert proxy.lines == []


def test_the_host_of_a_redirect_is_reached_by_its_own_rule(
    desk: Desk, authority: Authority, proxy: ConnectProxy
) -> None:
    with answering(OK, authority.server_context("blobs.test")) as blobs:
        away = CannedResponse(307, {"Location": f"https://blobs.test:{blobs.port}/"})
        with answering(lambda _: away, authority.server_context(HOST)) as registry:
            environ = {"HTTPS_PROXY": f"http://proxy.test:{proxy.port}", "NO_PROXY": HOST}
            exchange(access_to(desk, registry, **environ), "sync", "GET", "/v2/")
        assert proxy.lines == [f"CONNECT blobs.test:{blobs.port} HTTP/1.1"]


def _through_tls(registry: AnsweringServer, proxy: ConnectProxy, entry: str = "") -> str:
    mine = configured(registry, f"https://proxy.test:{proxy.port}")
    return mine + (f'[[tls]]\nmatch = "proxy.test:{proxy.port}"\n{entry}\n' if entry else "")


@pytest.mark.parametrize("mode", MODES)
def test_an_https_proxy_is_trusted_by_its_own_entry(desk: Desk, registry: AnsweringServer, mode: Mode) -> None:
    its_own = Authority()
    with proxying(its_own.server_context("proxy.test")) as proxy:
        text = _through_tls(registry, proxy, f'ca = ["{its_own.write(desk.folder / "proxy")}"]\nca_only = true')
        assert exchange(access_to(desk, registry, text), mode, "GET", "/v2/").status_code == 200
        assert proxy.lines == [f"CONNECT {HOST}:{registry.port} HTTP/1.1"]


@pytest.mark.parametrize("mode", MODES)
def test_an_https_proxy_of_an_unknown_authority_is_named(desk: Desk, registry: AnsweringServer, mode: Mode) -> None:
    with proxying(Authority().server_context("proxy.test"), wanted=WANTED) as proxy:
        text = configured(registry, f"https://{USERINFO}@proxy.test:{proxy.port}")
        with pytest.raises(TLSFailed, match=rf"^https://proxy.test:{proxy.port}: the issuer is not trusted"):
            exchange(access_to(desk, registry, text), mode, "GET", "/v2/")
        assert (proxy.lines, registry.requests) == ([], [])


@pytest.mark.parametrize("mode", MODES)
def test_the_proxys_authority_is_not_trusted_for_the_registry(desk: Desk, mode: Mode) -> None:
    its_own = Authority()
    with (
        proxying(its_own.server_context("proxy.test")) as proxy,
        answering(OK, its_own.server_context(HOST)) as registry,
    ):
        text = _through_tls(registry, proxy, f'ca = ["{its_own.write(desk.folder / "proxy")}"]')
        with pytest.raises(TLSFailed, match=rf"^https://{HOST}:{registry.port}: the issuer is not trusted"):
            exchange(access_to(desk, registry, text + rule(f"{HOST}:{registry.port}")), mode, "GET", "/v2/")
        assert registry.requests == []


@pytest.mark.parametrize("mode", MODES)
def test_the_proxys_password_is_sent_to_the_proxy_and_nobody_else(
    desk: Desk, registry: AnsweringServer, mode: Mode
) -> None:
    with proxying(wanted=WANTED) as proxy:
        access = access_to(desk, registry, configured(registry, f"http://{USERINFO}@proxy.test:{proxy.port}"))
        assert exchange(access, mode, "GET", "/v2/").status_code == 200
        assert proxy.authorizations == [WANTED]
    assert registry.saw("proxy-authorization") == []


@pytest.mark.parametrize("mode", MODES)
def test_the_registrys_credential_is_not_shown_to_the_proxy(
    desk: Desk, registry: AnsweringServer, proxy: ConnectProxy, mode: Mode
) -> None:
    text = configured(registry, f"http://proxy.test:{proxy.port}") + rule(f"{HOST}:{registry.port}")
    exchange(access_to(desk, registry, text), mode, "GET", "/v2/")
    assert proxy.authorizations == [None]
    head = proxy.server.received.partition(b"\r\n\r\n")[0]
    assert b"authorization" not in head.lower()


@pytest.mark.parametrize("mode", MODES)
def test_a_proxy_that_refuses_is_named(desk: Desk, registry: AnsweringServer, mode: Mode) -> None:
    with proxying(wanted=WANTED) as proxy:
        access = access_to(desk, registry, configured(registry, f"http://proxy.test:{proxy.port}"))
        with pytest.raises(ConnectionFailed, match=rf"^http://proxy.test:{proxy.port}: the proxy refused"):
            exchange(access, mode, "GET", "/v2/")


@pytest.mark.parametrize("mode", MODES)
def test_a_proxy_that_is_not_there_is_named(desk: Desk, registry: AnsweringServer, mode: Mode) -> None:
    with raw(hanging_up) as gone:
        port = gone.port
    access = access_to(desk, registry, configured(registry, f"http://proxy.test:{port}"))
    with pytest.raises(ConnectionFailed, match=rf"^http://proxy.test:{port}: Connection refused"):
        exchange(access, mode, "GET", "/v2/")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("wanted", [WANTED, "Basic eA=="], ids=["success", "refused"])
def test_the_proxys_password_is_shown_nowhere(
    desk: Desk, registry: AnsweringServer, caplog: pytest.LogCaptureFixture, wanted: str, mode: Mode
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    with proxying(wanted=wanted) as proxy:
        url = f"http://{USERINFO}@proxy.test:{proxy.port}"
        broker = desk.broker(configured(registry, url))
        access = broker.access(f"{HOST}:{registry.port}/app")
        try:
            exchange(access, mode, "GET", "/v2/")
        except OcibrokerError as error:
            shown.append(f"{error!r} {error}")
    shown += [repr(access), repr(access.tls), repr(access.transport), str(access.tls.describe()), caplog.text]
    shown.append(repr(broker.explain(f"{HOST}:{registry.port}/app")))
    for secret in (PASSWORD, "pr0xy", WANTED.split()[1]):
        assert secret not in "\n".join(shown)
