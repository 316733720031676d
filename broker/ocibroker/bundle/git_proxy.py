"""The policy's proxy, in git's words."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from ocibroker.broker import Broker
from ocibroker.bundle.git_answers import Answers
from ocibroker.git_credential import written
from ocibroker.target import Target
from ocibroker.tls import Proxy


def proxy_settings(proxy: Proxy | None, broker: Broker) -> Iterator[tuple[str, str]]:
    """Yield what git is told of ``proxy``: all but its password. Raises what reading its authorities does."""
    if proxy is None:
        yield "proxy", ""
        return
    user = f"{quote(proxy.username, safe='')}@" if proxy.username else ""
    yield "proxy", _place(proxy, user)
    yield "proxyAuthMethod", "basic"
    if proxy.origin.scheme == "https":
        yield "proxySSLCAInfo", str(broker.policy(Target.from_url(str(proxy.origin))).ca_file())


def proxy_answers(proxy: Proxy | None) -> Answers:
    """Return what git is answered when it asks for the password of ``proxy``."""
    return {} if proxy is None or not proxy.username else {_place(proxy): lambda: _answer(proxy)}


def _place(proxy: Proxy, user: str = "") -> str:
    # With its port: curl's default is 1080.
    return f"{proxy.origin.scheme}://{user}{proxy.origin.host}:{proxy.origin.port}"


def _answer(proxy: Proxy) -> bytes:
    password = proxy.password.reveal() if proxy.password else ""
    return written([("username", proxy.username), ("password", password)])
