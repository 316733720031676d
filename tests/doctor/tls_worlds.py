"""Worlds in which a connection cannot be made, or not be trusted."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import trustme

from ocibroker.testing import Authority, EmbeddedRegistry
from tests.doctor.case import CHOSEN, HERE, REACHED, Case, world
from tests.doctor.house import APP, House, Visit, server_context
from tests.free_port import free_port
from tests.transport.connect_proxy import proxying


@world
def expired(house: House) -> Iterator[Visit]:
    with house.registry(tls=house.root.issue("localhost", expired=True).server_context()) as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


def _trusting(house: House, ca: trustme.CA, tls: ssl.SSLContext) -> Iterator[Visit]:
    """The registry's own authority is ``ca``, and configured."""
    path = house.write("ca.pem", ca.cert_pem.bytes().decode())
    with house.registry(tls=tls) as registry:
        house.desk.configure(house.rule(registry.address) + house.entry(registry.address, f'ca = ["{path}"]'))
        yield Visit(f"{registry.address}/{APP}")


@world
def not_yet_valid(house: House) -> Iterator[Visit]:
    ca = trustme.CA()
    leaf = ca.issue_cert("localhost", not_before=datetime.now(UTC) + timedelta(days=3))
    yield from _trusting(house, ca, server_context(leaf))


@world
def about_to_end(house: House) -> Iterator[Visit]:
    ca = trustme.CA()
    leaf = ca.issue_cert("localhost", not_after=datetime.now(UTC) + timedelta(days=3))
    yield from _trusting(house, ca, server_context(leaf))


@world
def another_name(house: House) -> Iterator[Visit]:
    with house.registry(tls=house.root.server_context("other.test")) as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


@world
def no_intermediate(house: House) -> Iterator[Visit]:
    ca = trustme.CA()
    leaf = ca.create_child_ca().issue_cert("localhost")
    yield from _trusting(house, ca, server_context(leaf, chain=False))


@world
def unknown_authority(house: House) -> Iterator[Visit]:
    with house.registry(authority=Authority()) as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


@world
def unknown_root_sent_along(house: House) -> Iterator[Visit]:
    ca = trustme.CA()
    leaf = ca.issue_cert("localhost")
    leaf.cert_chain_pems.append(ca.cert_pem)
    with house.registry(tls=server_context(leaf)) as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


@world
def authority_of_another_host(house: House) -> Iterator[Visit]:
    other = Authority()
    path = other.write(house.folder / "other")
    with house.registry(authority=other) as registry:
        house.desk.configure(house.rule(registry.address) + house.entry("other.test", f'ca = ["{path}"]'))
        yield Visit(f"{registry.address}/{APP}")


@world
def client_certificate_wanted(house: House) -> Iterator[Visit]:
    with house.registry(tls=house.root.server_context("localhost", client_authority=Authority())) as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


@world
def client_certificate_wanted_early(house: House) -> Iterator[Visit]:
    """With TLS 1.2 the server says so within the handshake."""
    context = house.root.server_context("localhost", client_authority=Authority())
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with house.registry(tls=context) as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


@world
def old_server(house: House) -> Iterator[Visit]:
    context = house.root.server_context("localhost")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with house.registry(tls=context) as registry:
        entry = house.entry(registry.address, 'min_version = "1.3"')
        house.desk.configure(house.rule(registry.address) + entry)
        yield Visit(f"{registry.address}/{APP}")


@world
def http_where_https_is_expected(house: House) -> Iterator[Visit]:
    with EmbeddedRegistry(users={"alice": house.password}) as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


@world
def https_where_http_is_expected(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        entry = house.entry(registry.address, "plain_http = true")
        house.desk.configure(house.rule(registry.address) + entry)
        yield Visit(f"{registry.address}/{APP}")


@world
def insecure(house: House) -> Iterator[Visit]:
    with house.registry(authority=Authority()) as registry:
        entry = house.entry(registry.address, "insecure = true")
        house.desk.configure(house.rule(registry.address) + entry)
        yield Visit(f"{registry.address}/{APP}")


@world
def closed_port(house: House) -> Iterator[Visit]:
    address = f"localhost:{free_port()}"
    house.desk.configure(house.rule(address))
    yield Visit(f"{address}/{APP}")


@world
def unknown_host(house: House) -> Iterator[Visit]:
    house.desk.configure(house.rule("name.invalid"))
    yield Visit(f"name.invalid/{APP}")


@world
def refusing_proxy(house: House) -> Iterator[Visit]:
    with house.registry() as registry, proxying(wanted="Basic somebody-else") as proxy:
        url = f"http://me:{house.password}@localhost:{proxy.port}"
        entry = house.entry(registry.address, f'proxy = "{url}"')
        house.desk.configure(house.rule(registry.address) + entry)
        yield Visit(f"{registry.address}/{APP}")


@world
def no_proxy_there(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        entry = house.entry(registry.address, f'proxy = "http://localhost:{free_port()}"')
        house.desk.configure(house.rule(registry.address) + entry)
        yield Visit(f"{registry.address}/{APP}")


@world
def untrusted_proxy(house: House) -> Iterator[Visit]:
    with house.registry() as registry, proxying(Authority().server_context("localhost")) as proxy:
        entry = house.entry(registry.address, f'proxy = "https://localhost:{proxy.port}"')
        house.desk.configure(house.rule(registry.address) + entry)
        yield Visit(f"{registry.address}/{APP}")


@world
def untrusted_behind_a_proxy(house: House) -> Iterator[Visit]:
    with house.registry(authority=Authority()) as registry, proxying() as proxy:
        entry = house.entry(registry.address, f'proxy = "http://localhost:{proxy.port}"')
        house.desk.configure(house.rule(registry.address) + entry)
        yield Visit(f"{registry.address}/{APP}")


BEFORE = (*HERE, *CHOSEN, *REACHED)
ISSUER = (
    r"add the certificate of OU=Testing CA #\S+, O=trustme \S+ to ca of a \[\[tls\]\] entry with match = \"local"
)
CASES = {
    "an expired certificate": Case(expired, "tls.handshake", "^renew it on the server", BEFORE, 5, " ended 2"),
    "a certificate of the future": Case(
        not_yet_valid, "tls.handshake", "correct this clock", BEFORE, 5, " begins 2"
    ),
    "a certificate that is about to end": Case(
        about_to_end, "tls.certificate", "^renew it on the server", (*BEFORE, "registry.access"), 0
    ),
    "a certificate for another name": Case(
        another_name, "tls.handshake", "issued for localhost too", BEFORE, 5, "is for other.test, and not for "
    ),
    "an intermediate that is not sent": Case(
        no_intermediate, "tls.handshake", "have the server send it along", BEFORE, 5, "nor sent along by the server"
    ),
    "an unknown authority": Case(unknown_authority, "tls.handshake", ISSUER, BEFORE, 5, "neither trusted"),
    "an unknown root that is sent along": Case(
        unknown_root_sent_along, "tls.handshake", ISSUER, BEFORE, 5, "the chain ends in OU=Testing CA"
    ),
    "an authority that is configured for another host": Case(
        authority_of_another_host, "tls.handshake",
        r"^add a \[\[tls\]\] entry with match = \"localhost:\d+\" and ca = ", BEFORE, 5, "trusted for other.test",
    ),
    "a client certificate that is wanted": Case(
        client_certificate_wanted, "tls.handshake", "^set client_cert and client_key", BEFORE, 5
    ),
    "a client certificate that is wanted within the handshake": Case(
        client_certificate_wanted_early, "tls.handshake", "^set client_cert and client_key", BEFORE, 5
    ),
    "a server that is too old": Case(old_server, "tls.handshake", "^compare TLS versions", BEFORE, 5),
    "plain HTTP where HTTPS is expected": Case(
        http_where_https_is_expected, "tls.handshake", "^set plain_http", BEFORE, 5, "speaks HTTP where TLS"
    ),
    "HTTPS where plain HTTP is expected": Case(
        https_where_http_is_expected, "registry.answer", "remove plain_http", BEFORE, 5
    ),
    "a host that is not verified": Case(
        insecure, "tls.policy", "use ca in its place", (*BEFORE, "tls.handshake", "registry.access"), 0
    ),
    "a closed port": Case(
        closed_port, "network.connect", "check the name, the port", (*HERE, *CHOSEN, "network.name"), 5, "refused"
    ),
    "an unknown host name": Case(unknown_host, "network.name", "/etc/hosts", (*HERE, *CHOSEN), 5, r"name\.invalid"),
    "a proxy that refuses": Case(refusing_proxy, "network.proxy", "look at the proxy's log", BEFORE, 5, "refused"),
    "a proxy that is not there": Case(
        no_proxy_there, "network.connect", "check the name, the port", (*HERE, *CHOSEN, "network.name"), 5
    ),
    "a proxy that is not trusted": Case(untrusted_proxy, "network.proxy", ISSUER, BEFORE, 5, "neither trusted"),
    "a host behind a proxy that is not trusted": Case(
        untrusted_behind_a_proxy, "tls.handshake", ISSUER, (*BEFORE, "network.proxy"), 5, "neither trusted"
    ),
}  # fmt: skip
