"""Which token endpoints may receive a credential: the registry itself, known ones, and those that a rule lists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Basic, Credential, IdentityToken, Secret
from ocibroker.auth import Realms
from ocibroker.errors import IntegrityError, OcibrokerError, PairingViolation, RealmRefused, RedirectRefused
from ocibroker.origin import Origin
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from tests.transport.answering_server import answering
from tests.transport.brokers import MODES, Desk, Mode, exchange, made_rule, rule
from tests.transport.made_provider import giving
from tests.transport.raw_server import RawServer, listening, raw
from tests.transport.token_world import asking, issuing

HOST = "registry.test"
TAGS = "/v2/app/tags/list"
CREDENTIALS: list[Credential] = [
    Basic(username="alice", secret=Secret("wonder")),
    IdentityToken(username="alice", secret=Secret("wonder")),
]


@pytest.fixture
def registry(authority: Authority) -> Iterator[EmbeddedRegistry]:
    """Its server answers for its token endpoints on other hosts as well."""
    names = (HOST, "auth.test", "registry-1.docker.io", "auth.docker.io")
    with EmbeddedRegistry(
        tls=authority.server_context(*names), users={"alice": "wonder"}, auth="token", host=HOST
    ) as running:
        running.push("app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        yield running


@pytest.fixture
def spy() -> Iterator[RawServer]:
    with raw(listening) as running:
        yield running


HOSTILE = [
    pytest.param("https://evil.test:{spy}/token", id="other-host"),
    pytest.param("http://evil.test:{spy}/token", id="other-host-http"),
    pytest.param("http://registry.test:{spy}/token", id="http-under-https"),
    pytest.param("http://registry.test:{own}/token", id="http-under-https-same-port"),
    pytest.param("https://127.0.0.1:{spy}/token", id="loopback"),
    pytest.param("https://127.0.0.1:{own}/token", id="its-own-address"),
    pytest.param("https://10.0.0.1:{spy}/token", id="private-address"),
    pytest.param("https://[::1]:{spy}/token", id="ipv6"),
    pytest.param("https://2130706433:{spy}/token", id="address-as-a-number"),
    pytest.param("https://0x7f.1:{spy}/token", id="address-in-hex"),
    pytest.param("http://169.254.169.254/latest/meta-data", id="metadata-ip"),
    pytest.param("https://169.254.169.254:{spy}/token", id="metadata-ip-https"),
    pytest.param("https://registry.test@evil.test:{spy}/token", id="userinfo"),
    pytest.param("https://registry.test:{own}@evil.test:{spy}/token", id="userinfo-with-port"),
    pytest.param("https://alice:pw@registry.test:{own}/token", id="userinfo-at-itself"),
    pytest.param("https://registry.test:{spy}/token", id="other-port"),
    pytest.param("https://registry.test/token", id="default-port"),
    pytest.param("https://registry.test:0{own}/token", id="port-with-a-zero"),
    pytest.param("https://sub.registry.test:{own}/token", id="sub-domain"),
    pytest.param("https://test:{own}/token", id="super-domain"),
    pytest.param("https://registry.test.evil.test:{spy}/token", id="suffix"),
    pytest.param("https://evil.test.:{spy}/token", id="trailing-dot"),
    pytest.param("https://registry.test..:{own}/token", id="two-trailing-dots"),
    pytest.param("https://EVIL.Test:{spy}/token", id="mixed-case"),
    pytest.param("https://r\xe9gistry.test:{spy}/token", id="idn-look-alike"),
    pytest.param("https://xn--rgistry-bya.test:{spy}/token", id="idn-look-alike-in-ascii"),
    pytest.param("https://registry.test%2eevil.test:{spy}/token", id="percent-escape"),
    pytest.param("https://evil.test:{spy}\\\\@registry.test:{own}/token", id="backslash"),
    pytest.param("https://registry.test:{own}/token#@evil.test:{spy}", id="fragment"),
    pytest.param("https://evil.test:{spy}/https://registry.test:{own}/token", id="url-in-the-path"),
    pytest.param("https://evil.test:{spy}/?https://registry.test:{own}/token", id="url-in-the-query"),
    pytest.param(" https://registry.test:{own}/token", id="leading-space"),
    pytest.param("https://registry.test\t:{own}/token", id="tab"),
    pytest.param("//registry.test:{own}/token", id="no-scheme"),
    pytest.param("/token", id="relative"),
    pytest.param("", id="empty"),
    pytest.param("ftp://registry.test:{own}/token", id="ftp"),
    pytest.param("https://registry.test:{own}/" + 3000 * "a", id="3-KB"),
    pytest.param("https://evil.test:{spy}/" + 10_000 * "a", id="10-KB"),
]


@pytest.mark.fault(11)
@pytest.mark.acceptance(25)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("credential", CREDENTIALS, ids=["basic", "identity-token"])
@pytest.mark.parametrize("realm", HOSTILE)
def test_a_realm_that_is_not_trusted_receives_nothing(
    desk: Desk, registry: EmbeddedRegistry, spy: RawServer, realm: str, credential: Credential, mode: Mode
) -> None:
    named = realm.format(own=registry.port, spy=spy.port)
    registry.responses[TAGS] = CannedResponse(401, {"WWW-Authenticate": f'Bearer realm="{named}"'})
    access = desk.broker(made_rule(registry.address), offered=[giving(credential)]).access(registry.address)
    with pytest.raises((RealmRefused, IntegrityError)):
        exchange(access, mode, "GET", TAGS)
    assert (spy.connections, [one.path for one in registry.requests]) == (0, [TAGS])


@pytest.mark.acceptance(25)
@pytest.mark.parametrize(
    ("challenges", "error"),
    [
        pytest.param(('Bearer realm="{evil}"', 'Bearer realm="{own}"'), RealmRefused, id="evil-first"),
        pytest.param(('Bearer realm="{evil}", Bearer realm="{own}"',), RealmRefused, id="evil-first-in-one-field"),
        pytest.param(('Bearer realm="{own}",realm="{evil}"',), IntegrityError, id="realm-twice"),
        pytest.param(('Bearer realm="{own}",REALM="{evil}"',), IntegrityError, id="realm-twice-in-capitals"),
        pytest.param(('Basic realm="x"', 'Bearer realm="{evil}"'), RealmRefused, id="behind-a-basic-one"),
        pytest.param(('Bearer realm="{evil}', 'Basic realm="x"'), IntegrityError, id="never-closed"),
    ],
)
def test_duplicate_challenges_do_not_smuggle_a_realm_in(
    desk: Desk,
    registry: EmbeddedRegistry,
    spy: RawServer,
    challenges: tuple[str, ...],
    error: type[OcibrokerError],
) -> None:
    places = {"own": f"{registry.url}/token", "evil": f"https://evil.test:{spy.port}/token"}
    fields = tuple(field.format(**places) for field in challenges)
    registry.responses[TAGS] = CannedResponse(401, {"WWW-Authenticate": fields})
    access = desk.broker(rule(registry.address)).access(registry.address)
    with pytest.raises(error):
        exchange(access, "sync", "GET", TAGS)
    assert (spy.connections, [one.path for one in registry.requests]) == (0, [TAGS])


def test_of_two_realms_the_first_counts(desk: Desk, registry: EmbeddedRegistry, spy: RawServer) -> None:
    fields = (f'Bearer realm="{registry.url}/token"', f'Bearer realm="https://evil.test:{spy.port}/token"')
    registry.responses["/v2/"] = CannedResponse(401, {"WWW-Authenticate": fields})
    access = desk.broker(rule(registry.address)).access(registry.address)
    with pytest.raises(OcibrokerError, match="refused the credential"):
        exchange(access, "sync", "GET", "/v2/")
    assert (spy.connections, [one.path for one in registry.requests]) == (0, ["/v2/", "/token", "/v2/"])


@pytest.mark.acceptance(25)
@pytest.mark.parametrize("mode", MODES)
def test_the_registrys_own_realm_is_trusted(desk: Desk, registry: EmbeddedRegistry, mode: Mode) -> None:
    access = desk.broker(rule(registry.address)).access(f"{registry.address}/app")
    assert exchange(access, mode, "GET", TAGS).status_code == 200


@pytest.mark.parametrize("spelling", ["https://REGISTRY.test:{port}/token", "https://registry.test.:{port}/token"])
def test_another_spelling_of_the_registry_is_the_registry(
    desk: Desk, registry: EmbeddedRegistry, spelling: str
) -> None:
    challenge = f'Bearer realm="{spelling.format(port=registry.port)}",scope="repository:app:pull"'
    registry.responses["/v2/"] = CannedResponse(401, {"WWW-Authenticate": challenge})
    access = desk.broker(rule(registry.address)).access(f"{registry.address}/app")
    with pytest.raises(OcibrokerError, match="refused"):
        exchange(access, "sync", "GET", "/v2/")
    assert [one.status for one in registry.requests if one.path == "/token"] == [200]


def elsewhere(authority: Authority, realm: str, host: str = HOST) -> EmbeddedRegistry:
    """A registry whose token endpoint has another name: its own server answers there too."""
    names = (host, "auth.test", "auth.docker.io")
    users = {"alice": "wonder"}
    tls = authority.server_context(*names)
    return EmbeddedRegistry(tls=tls, users=users, auth="token", host=host, realm=realm)


def _hosts_that_got_the_password(registry: EmbeddedRegistry) -> set[str]:
    carried = [one for one in registry.requests if one.headers.get("authorization", "").startswith("Basic ")]
    return {one.headers["host"] for one in carried}


@pytest.mark.acceptance(25)
@pytest.mark.parametrize("mode", MODES)
def test_a_rule_may_list_a_token_endpoint_on_another_host(desk: Desk, authority: Authority, mode: Mode) -> None:
    with elsewhere(authority, "https://auth.test/token") as registry:
        registry.push("app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        desk.ports["auth.test", 443] = registry.port
        broker = desk.broker(rule(registry.address, more='realms = ["auth.test"]'))
        assert exchange(broker.access(f"{registry.address}/app"), mode, "GET", TAGS).status_code == 200
    assert _hosts_that_got_the_password(registry) == {"auth.test"}


@pytest.mark.parametrize(
    "listed",
    ["auth.test:8443", "other.test", "test", "sub.auth.test"],
    ids=["other-port", "other-host", "super-domain", "sub-domain"],
)
def test_what_a_rule_lists_is_compared_whole(desk: Desk, authority: Authority, listed: str) -> None:
    with elsewhere(authority, "https://auth.test/token") as registry:
        desk.ports["auth.test", 443] = registry.port
        broker = desk.broker(rule(registry.address, more=f'realms = ["{listed}"]'))
        with pytest.raises(RealmRefused, match=r'https://auth\.test \(add realms = \["auth\.test"\]'):
            exchange(broker.access(registry.address), "sync", "GET", TAGS)
    assert _hosts_that_got_the_password(registry) == set()


def test_a_listed_realm_over_plain_http_is_refused_all_the_same(desk: Desk, authority: Authority) -> None:
    with elsewhere(authority, "http://auth.test/token") as registry:
        broker = desk.broker(rule(registry.address, more='realms = ["auth.test"]'))
        with pytest.raises(RealmRefused):
            exchange(broker.access(registry.address), "sync", "GET", TAGS)


@pytest.mark.acceptance(25)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "target", ["docker.io/library/app", "index.docker.io/app", "registry-1.docker.io/library/app"]
)
def test_docker_hubs_token_endpoint_is_known(desk: Desk, authority: Authority, target: str, mode: Mode) -> None:
    with elsewhere(authority, "https://auth.docker.io/token", "registry-1.docker.io") as registry:
        registry.push("library/app", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        desk.ports |= {("registry-1.docker.io", 443): registry.port, ("auth.docker.io", 443): registry.port}
        access = desk.broker(rule("docker.io")).access(target)
        assert exchange(access, mode, "GET", "/v2/library/app/tags/list").status_code == 200
    assert _hosts_that_got_the_password(registry) == {"auth.docker.io"}


def test_docker_hubs_token_endpoint_is_known_for_docker_hub_only(desk: Desk, authority: Authority) -> None:
    with elsewhere(authority, "https://auth.docker.io/token") as registry:
        desk.ports["auth.docker.io", 443] = registry.port
        with pytest.raises(RealmRefused):
            exchange(desk.broker(rule(registry.address)).access(registry.address), "sync", "GET", TAGS)
    assert _hosts_that_got_the_password(registry) == set()


@pytest.mark.acceptance(16)
@pytest.mark.parametrize("mode", MODES)
def test_a_token_endpoint_is_trusted_by_its_own_entry(desk: Desk, mode: Mode) -> None:
    registrys, endpoints = Authority(), Authority()
    with answering(issuing(), endpoints.server_context("auth.test")) as tokens:
        realm = f"auth.test:{tokens.port}"
        with answering(asking(f"https://{realm}/token"), registrys.server_context(HOST)) as registry:
            address = f"{HOST}:{registry.port}"
            trusted = [(address, registrys), (realm, endpoints)]
            text = rule(address, more=f'realms = ["{realm}"]') + "".join(
                f'[[tls]]\nmatch = "{place}"\nca = ["{ca.write(desk.folder / str(at))}"]\nca_only = true\n'
                for at, (place, ca) in enumerate(trusted)
            )
            assert exchange(desk.broker(text).access(f"{address}/app"), mode, "GET", TAGS).content == b"here"


@pytest.mark.acceptance(16)
@pytest.mark.parametrize("mode", MODES)
def test_the_registrys_authority_is_not_trusted_for_its_token_endpoint(desk: Desk, mode: Mode) -> None:
    registrys = Authority()
    with answering(issuing(), registrys.server_context("auth.test")) as tokens:
        realm = f"auth.test:{tokens.port}"
        with answering(asking(f"https://{realm}/token"), registrys.server_context(HOST)) as registry:
            address = f"{HOST}:{registry.port}"
            ca = registrys.write(desk.folder / "ca")
            text = rule(address, more=f'realms = ["{realm}"]') + f'[[tls]]\nmatch = "{address}"\nca = ["{ca}"]\n'
            with pytest.raises(OcibrokerError, match=rf"https://{realm}: .*not trusted"):
                exchange(desk.broker(text).access(f"{address}/app"), mode, "GET", TAGS)
    assert tokens.requests == []


@pytest.mark.fault(10)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("credential", CREDENTIALS, ids=["basic", "identity-token"])
def test_a_token_endpoint_that_redirects_is_refused(
    desk: Desk, registry: EmbeddedRegistry, spy: RawServer, credential: Credential, status: int, mode: Mode
) -> None:
    registry.responses["/token"] = CannedResponse(status, {"Location": f"https://evil.test:{spy.port}/token"})
    access = desk.broker(made_rule(registry.address), offered=[giving(credential)]).access(registry.address)
    with pytest.raises(RedirectRefused, match="a token endpoint must not redirect"):
        exchange(access, mode, "GET", TAGS)
    assert spy.connections == 0


@given(
    realm=st.one_of(st.text(max_size=80), st.from_regex(r"https?://[a-z@:\\/.#?%\[\]0-9-]{0,40}", fullmatch=True))
)
def test_no_text_but_the_registrys_own_passes(realm: str) -> None:
    realms = Realms(Origin.parse("https://registry.test:5000"))
    try:
        url = realms.check(realm)
    except PairingViolation:
        return
    assert (url.scheme, url.host.rstrip(".").lower(), url.port) == ("https", "registry.test", 5000)
