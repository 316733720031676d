"""Where the index of a Helm repository is, and where what it names leads."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.bundle import Link
from ocibroker.bundle.repository import index_of, located
from ocibroker.errors import InvalidTarget, OriginRefused

REPOSITORY = "https://charts.test/team/stable"


@pytest.mark.parametrize(
    ("repository", "index"),
    [
        ("https://charts.test", "https://charts.test/index.yaml"),
        ("https://charts.test/", "https://charts.test/index.yaml"),
        (REPOSITORY, f"{REPOSITORY}/index.yaml"),
        (f"{REPOSITORY}/", f"{REPOSITORY}/index.yaml"),
        (f"{REPOSITORY}?sig=1", f"{REPOSITORY}/index.yaml?sig=1"),
        ("https://charts.test:8443/x", "https://charts.test:8443/x/index.yaml"),
    ],
)
def test_the_index_lies_in_the_repository(repository: str, index: str) -> None:
    assert index_of(Link.parse(repository)).url == index


# Where each leads from REPOSITORY; Helm's ResolveReferenceURL says the same, but drops the query of the last.
LED = {
    "app-1.0.0.tgz": f"{REPOSITORY}/app-1.0.0.tgz",
    "app-1.0.0+build.5.tgz": f"{REPOSITORY}/app-1.0.0+build.5.tgz",
    "charts/app-1.0.0.tgz": f"{REPOSITORY}/charts/app-1.0.0.tgz",
    "./app.tgz": f"{REPOSITORY}/app.tgz",
    "../app.tgz": "https://charts.test/team/app.tgz",
    "../../../../app.tgz": "https://charts.test/app.tgz",
    "/app.tgz": "https://charts.test/app.tgz",
    "//cdn.test/app.tgz": "https://cdn.test/app.tgz",
    "https://cdn.test/app.tgz?sig=2": "https://cdn.test/app.tgz?sig=2",
    "http://charts.test/app.tgz": "http://charts.test/app.tgz",
    "HTTPS://charts.test/app.tgz": "HTTPS://charts.test/app.tgz",
    "app.tgz#sha": f"{REPOSITORY}/app.tgz",
    "app.tgz?sig=2": f"{REPOSITORY}/app.tgz?sig=2",
}


@pytest.mark.parametrize(("url", "led"), LED.items())
@pytest.mark.parametrize("end", ["", "/"])
def test_what_an_index_names_is_found_from_the_repository(url: str, led: str, end: str) -> None:
    assert located(Link.parse(REPOSITORY + end), url).url == led


@pytest.mark.parametrize(
    ("url", "led"),
    [
        ("app.tgz", f"{REPOSITORY}/app.tgz?sig=1"),
        ("app.tgz?sig=2", f"{REPOSITORY}/app.tgz?sig=1"),
        ("/app.tgz", "https://charts.test/app.tgz?sig=1"),
        ("//charts.test:443/app.tgz", "https://charts.test:443/app.tgz?sig=1"),
        ("//cdn.test/app.tgz", "https://cdn.test/app.tgz"),
        ("//charts.test:8443/app.tgz", "https://charts.test:8443/app.tgz"),
        ("https://charts.test/app.tgz", "https://charts.test/app.tgz"),
        ("https://cdn.test/app.tgz?sig=2", "https://cdn.test/app.tgz?sig=2"),
    ],
)
def test_a_repositorys_query_goes_to_its_own_origin_alone(url: str, led: str) -> None:
    assert located(Link.parse(f"{REPOSITORY}?sig=1"), url).url == led


@pytest.mark.parametrize(
    "url",
    [
        "https:app.tgz",
        "app:1.tgz",
        ":app.tgz",
        "////evil.test/app.tgz",
        "ftp://charts.test/app.tgz",
        "file:///etc/passwd",
        "https://alice:secret@charts.test/app.tgz",
        "//charts.test@evil.test/app.tgz",
        "https://charts.test\\@evil.test/app.tgz",
        "%2e%2e/app.tgz",
        "a b.tgz",
        "app\n.tgz",
        "//[::1/app.tgz",
        "é.tgz",
    ],
)
def test_what_no_rule_could_judge_is_refused(url: str) -> None:
    with pytest.raises(InvalidTarget) as raised:
        located(Link.parse(REPOSITORY), url)
    assert "secret" not in str(raised.value)


@pytest.mark.acceptance(25)
@pytest.mark.parametrize(
    "url", ["https://169.254.169.254/app.tgz", "//169.254.169.254/x", "https://[fe80::1]/x", "https://0.0.0.0/x"]
)
def test_an_address_that_no_repository_has_is_refused(url: str) -> None:
    with pytest.raises(OriginRefused):
        located(Link.parse(REPOSITORY), url)


PARTS = st.sampled_from(
    ["https:", "http:", "//", "/", "..", ".", "?", "#", "&", "@", ":", "\\", "charts.test", "evil.test", "443",
     "8443", "app.tgz", "sig=2", "%2e", "[::1]", "\t", " "]
)  # fmt: skip


@given(st.lists(PARTS, max_size=8).map("".join) | st.text(max_size=30))
def test_a_link_leads_where_any_client_would_go_or_nowhere(url: str) -> None:
    try:
        link = located(Link.parse(f"{REPOSITORY}?sig=1"), url)
    except (InvalidTarget, OriginRefused):
        return
    asked = httpx.URL(f"{REPOSITORY}/").join(url)
    origin = link.target.origin
    assert (origin.scheme, origin.dial_host) == (asked.scheme, asked.host)
    assert origin.port == (asked.port or {"https": 443, "http": 80}[asked.scheme])
    assert "sig=1" not in link.query or (origin.scheme, origin.host, origin.port) == ("https", "charts.test", 443)
