"""Which token endpoints may receive a credential (T11): the registry itself, the known, the listed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.auth import KNOWN, Realms
from ocibroker.errors import RealmRefused
from ocibroker.origin import Origin

REGISTRY = "https://reg.example:5000"


def trusted(realm: str, registry: str = REGISTRY, listed: tuple[str, ...] = ()) -> bool:
    try:
        Realms(Origin.parse(registry), listed).check(realm)
    except RealmRefused:
        return False
    return True


@pytest.mark.acceptance(25)
@pytest.mark.parametrize(
    ("realm", "registry", "listed"),
    [
        ("https://reg.example:5000/token", REGISTRY, ()),
        ("https://REG.Example.:5000/token", REGISTRY, ()),
        ("HTTPS://reg.example:5000", REGISTRY, ()),
        ("https://reg.example:5000/token?service=x", REGISTRY, ()),
        ("https://reg.example:5000/a@b/token", REGISTRY, ()),
        ("https://reg.example:443/token", "https://reg.example", ()),
        ("https://auth.example/token", REGISTRY, ("auth.example",)),
        ("https://auth.example:443/token", REGISTRY, ("auth.example",)),
        ("https://auth.example:8443/token", REGISTRY, ("auth.example:8443",)),
        ("https://10.0.0.1/token", REGISTRY, ("10.0.0.1",)),
        ("https://[::1]:5000/token", "https://[::1]:5000", ()),
        ("https://127.0.0.1:5000/token", "https://127.0.0.1:5000", ()),
        ("https://auth.docker.io/token", "https://registry-1.docker.io", ()),
        ("https://gitlab.com/jwt/auth", "https://registry.gitlab.com", ()),
        ("https://api.digitalocean.com/v2/registry/auth", "https://registry.digitalocean.com", ()),
        ("http://reg.example:5000/token", "http://reg.example:5000", ()),
        ("http://auth.example/token", "http://reg.example", ("auth.example",)),
        ("https://auth.example/token", "http://reg.example", ("auth.example",)),
    ],
)
def test_a_realm_is_trusted(realm: str, registry: str, listed: tuple[str, ...]) -> None:
    assert trusted(realm, registry, listed)


@pytest.mark.acceptance(25)
@pytest.mark.parametrize(
    ("realm", "registry", "listed"),
    [
        ("", REGISTRY, ()),
        ("/token", REGISTRY, ()),
        ("//reg.example:5000/token", REGISTRY, ()),
        ("reg.example:5000/token", REGISTRY, ()),
        ("ftp://reg.example:5000/token", REGISTRY, ()),
        ("javascript:reg.example", REGISTRY, ()),
        ("https://evil.example/token", REGISTRY, ()),
        ("http://reg.example:5000/token", REGISTRY, ()),
        ("http://reg.example/token", "https://reg.example", ("reg.example",)),
        ("http://auth.example/token", REGISTRY, ("auth.example",)),
        ("http://auth.docker.io/token", "https://registry-1.docker.io", ()),
        ("https://reg.example/token", REGISTRY, ()),
        ("https://reg.example:5001/token", REGISTRY, ()),
        ("https://auth.example:8443/token", REGISTRY, ("auth.example",)),
        ("https://auth.example/token", REGISTRY, ("auth.example:8443",)),
        ("https://sub.reg.example:5000/token", REGISTRY, ()),
        ("https://example:5000/token", REGISTRY, ()),
        ("https://reg.example.evil.example:5000/token", REGISTRY, ()),
        ("https://evil-reg.example:5000/token", REGISTRY, ()),
        ("https://sub.auth.example/token", REGISTRY, ("auth.example",)),
        ("https://auth.docker.io/token", REGISTRY, ()),
        ("https://auth.docker.io.evil.example/token", "https://registry-1.docker.io", ()),
        ("https://gitlab.com/jwt/auth", "https://gitlab.example", ()),
        ("https://169.254.169.254/token", REGISTRY, ()),
        ("https://127.0.0.1:5000/token", REGISTRY, ()),
        ("https://[::1]:5000/token", REGISTRY, ()),
        ("https://[::ffff:169.254.169.254]/token", REGISTRY, ()),
        ("https://2130706433/token", REGISTRY, ()),
        ("https://127.1:5000/token", "https://127.0.0.1:5000", ()),
        ("https://0x7f.0.0.1:5000/token", "https://127.0.0.1:5000", ()),
        ("https://reg.example:5000@evil.example/token", REGISTRY, ()),
        ("https://alice:hunter2@reg.example:5000/token", REGISTRY, ()),
        ("https://alice@reg.example:5000/token", REGISTRY, ()),
        ("https://evil.example\\@reg.example:5000/token", REGISTRY, ()),
        ("https://reg.example:5000\\@evil.example/token", REGISTRY, ()),
        ("https://evil.example#@reg.example:5000/token", REGISTRY, ()),
        ("https://evil.example?@reg.example:5000/token", REGISTRY, ()),
        ("https://reg.example:5000/token#fragment", REGISTRY, ()),
        ("https://reg.example..:5000/token", REGISTRY, ()),
        ("https://reg.example:05000/token", REGISTRY, ()),
        ("https://reg.example:/token", "https://reg.example", ()),
        ("https://reg%2eexample:5000/token", REGISTRY, ()),
        ("https://reg.example:5000/token\n", REGISTRY, ()),
        ("https://reg.example\n:5000/token", REGISTRY, ()),
        ("https://reg.example\t:5000/token", REGISTRY, ()),
        (" https://reg.example:5000/token", REGISTRY, ()),
        ("https://r\u0435g.example:5000/token", REGISTRY, ()),
        ("https://reg.example\uff0eevil:5000/token", REGISTRY, ()),
        ("https://xn--rg-bed.example:5000/token", REGISTRY, ()),
        ("https://reg.example:5000/" + "a" * 10_240, REGISTRY, ()),
    ],
    ids=lambda value: ascii(value[:45]) if isinstance(value, str) else None,
)
def test_a_realm_is_refused(realm: str, registry: str, listed: tuple[str, ...]) -> None:
    assert not trusted(realm, registry, listed)


def test_a_trusted_endpoint_keeps_its_path_and_query() -> None:
    url = Realms(Origin.parse(REGISTRY)).check("https://reg.example:5000/a/token?x=y")
    assert str(url) == "https://reg.example:5000/a/token?x=y"


def test_a_refusal_names_both_sides_and_what_to_write() -> None:
    with pytest.raises(RealmRefused) as caught:
        Realms(Origin.parse(REGISTRY)).check("https://auth.example:8443/token")
    assert (caught.value.culprit, caught.value.hint) == (
        REGISTRY,
        'add realms = ["auth.example:8443"] to its [[registry]]',
    )
    assert "https://auth.example:8443" in caught.value.message


@pytest.mark.parametrize("realm", ["https://alice:hunter2@a.example/", "https://a.example/hunter2%\x00"])
def test_a_refusal_quotes_nothing_but_the_host(realm: str) -> None:
    with pytest.raises(RealmRefused) as caught:
        Realms(Origin.parse(REGISTRY)).check(realm)
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=60) | st.text(alphabet="reg.xampl:/@\\?#[]5000%\t", max_size=40).map("https://{}".format))
def test_any_realm_is_on_the_registry_or_refused(realm: str) -> None:
    try:
        url = Realms(Origin.parse(REGISTRY)).check(realm)
    except RealmRefused:
        return
    assert (url.scheme, url.raw_host.rstrip(b"."), url.port) == ("https", b"reg.example", 5000)


@pytest.mark.parametrize("registry", KNOWN, ids=str)
def test_every_known_endpoint_is_another_host_than_its_registry(registry: str) -> None:
    assert registry not in KNOWN[registry]
