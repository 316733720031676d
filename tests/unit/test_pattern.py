"""What ``match`` covers, and which of two patterns wins."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import ConfigurationError
from ocibroker.pattern import Pattern, best
from ocibroker.target import Target

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def covers(pattern: str, text: str) -> bool:
    target = Target.from_url(text) if "://" in text else Target.parse(text)
    return Pattern.parse(pattern).matches(target.host, target.port, target.path)


@dataclass(frozen=True)
class Named:
    """Something that a pattern selects."""

    pattern: Pattern


def chosen(patterns: list[str], text: str) -> str | None:
    candidates = (Named(Pattern.parse(pattern)) for pattern in patterns if covers(pattern, text))
    found = best(candidates, text)
    return str(found.pattern) if found else None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a.example", "a.example"),
        ("A.Example", "a.example/b"),
        ("a.example.", "a.example/b"),
        ("a.example:443", "a.example/b"),
        ("a.example", "A.example:443/b"),
        ("a.example:5000", "a.example:5000/b"),
        ("[::1]", "[0::1]/b"),
        ("[::1]:5000", "[::1]:5000/b"),
        ("127.0.0.1", "127.0.0.1/b"),
        ("*.example", "a.example/b"),
        ("*.*.example", "a.b.example/b"),
        ("a*.example", "ab.example"),
        ("*a.example", "ba.example"),
        ("a*c.example", "abbc.example"),
        ("a*c*e.example", "abcde.example"),
        ("*a*.example", "bab.example"),
        ("a**.example", "abc.example"),
        ("*.dkr.ecr.*.amazonaws.com", ECR),
        ("*-docker.pkg.dev", "europe-west1-docker.pkg.dev/p/r"),
        ("*", "localhost"),
        ("*:5000", "registry:5000"),
        ("a.example/b", "a.example/b"),
        ("a.example/b", "a.example/b/c"),
        ("a.example/b/c", "a.example/b/c/d"),
        ("docker.io", "index.docker.io/nginx"),
        ("index.docker.io", "docker.io/nginx"),
        ("docker.io/library", "docker.io/nginx"),
        ("a.example/Org", "https://a.example/Org/x.git"),
    ],
)
def test_a_pattern_covers(pattern: str, text: str) -> None:
    assert covers(pattern, text)


@pytest.mark.acceptance(21, 22)
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("charts.example.com", "charts.example.com.evil.net"),
        ("charts.example.com", "evil-charts.example.com"),
        ("charts.example.com", "x.charts.example.com"),
        ("charts.example.com", "example.com"),
        ("charts.example.com", "https://evil.net/?u=https://charts.example.com"),
        ("charts.example.com", "https://evil.net/charts.example.com"),
        ("charts.example.com", "http://charts.example.com/x"),
        ("charts.example.com", "charts.example.com:5000/x"),
        ("charts.example.com:5000", "charts.example.com/x"),
        ("charts.example.com", "chartsxexample.com"),
        ("*.example.com", "example.com"),
        ("*.example.com", "a.b.example.com"),
        ("*.example.com", "a.example.com.evil.net"),
        ("*.example.com", "aexample.com"),
        ("*.example.com:5000", "a.example.com"),
        ("a*.example", "a.example"),
        ("a*.example", "a.b.example"),
        ("a*a.example", "aa.example"),
        ("a**.example", "ab.example"),
        ("*.dkr.ecr.*.amazonaws.com", f"{ECR}.evil.example"),
        ("*", "a.example"),
        ("*", "[::1]:443"),
        ("*:5000", "[::1]:5000"),
        ("a.example/group2", "a.example/group1"),
        ("a.example/group", "a.example/group2"),
        ("a.example/group", "a.example/groups/x"),
        ("a.example/group", "a.example"),
        ("a.example/b/c", "a.example/b"),
        ("a.example/Org", "https://a.example/org/x.git"),
    ],
)
def test_a_pattern_does_not_cover_a_look_alike(pattern: str, text: str) -> None:
    assert not covers(pattern, text)


@pytest.mark.parametrize(
    "text",
    ["", "/", "/b", ":", ":443", "https://a.example", "oci://a.example", "a.example:", "a.example:0",
     "a.example:0443",
     "a.example:65536", "a.example:x", "a..example", ".example", "*..example", "*.example.", "-a.example",
     "a.example/",
     "a.example//b", "a.example/b/", "a.example/*", "a.example/b*", "a.example/..", "a.example/./b",
     "a.example/%62",
     "a.example/b c", "a.example/é", "é.example", "*.é.example", "doc\u212aer.io", "*.doc\u212aer.io", "127.1",
     "[::1", "[*]", "[::1%eth0]", "a b.example", "*a b.example", "*.example\n", "a.example\n", "*" * 64,
     "alice@a.example", "*@a.example", "a?.example", "[ab].example"],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Pattern.parse(text)
    assert caught.value.culprit.startswith("match = ")


@pytest.mark.parametrize(
    "text", ["alice:hunter2@a.example", "https://alice:hunter2@a.example", "alice:hunter2@*.example/b"]
)
def test_an_error_never_shows_what_stands_before_an_at(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Pattern.parse(text)
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=40) | st.text(alphabet="ab*.:/@[]1-_\n", max_size=20))
def test_any_text_is_a_pattern_or_a_configuration_error(text: str) -> None:
    try:
        pattern = Pattern.parse(text)
    except ConfigurationError:
        return
    assert str(pattern) == text


@given(st.lists(LABEL, min_size=2, max_size=5), st.data())
def test_a_star_stands_for_exactly_one_label(labels: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(labels) - 1))
    pattern = Pattern.parse(".".join([*labels[:at], "*", *labels[at + 1 :]]))
    assert pattern.matches(".".join(labels), 443)
    assert not pattern.matches(".".join([*labels[:at], "x", *labels[at:]]), 443)
    assert not pattern.matches(".".join([*labels[:at], *labels[at + 1 :]]), 443)


@given(st.text(alphabet="ab*", min_size=1, max_size=8), st.text(alphabet="ab", min_size=1, max_size=10))
def test_a_glob_covers_what_a_plain_search_says(glob: str, label: str) -> None:
    assert Pattern.parse(f"{glob}.example").matches(f"{label}.example", 443) is plainly(glob, label)


def plainly(glob: str, label: str) -> bool:
    if not glob:
        return not label
    if glob[0] == "*":
        return any(plainly(glob[1:], label[at:]) for at in range(1, len(label) + 1))
    return label[:1] == glob[0] and plainly(glob[1:], label[1:])


@pytest.mark.parametrize(
    "glob",
    [".".join(["*a*a*a*a*"] * 6), "*a" * 31, "*" * 63],
    ids=["many-labels", "many-stars", "only-stars"],
)
def test_no_host_makes_a_search_long(glob: str) -> None:
    pattern, host = Pattern.parse(f"{glob}.b.example"), ".".join(["a" * 40] * 6)
    start = time.process_time()
    pattern.matches(f"{host[:200]}.c.example", 443)
    assert time.process_time() - start < 1


@pytest.mark.acceptance(22)
@pytest.mark.parametrize(
    ("patterns", "text", "winner"),
    [
        (["a.example", "a.example/b"], "a.example/b/c", "a.example/b"),
        (["a.example/b/c", "a.example/b"], "a.example/b/c/d", "a.example/b/c"),
        (["a.example/b/c", "a.example/b"], "a.example/b/d", "a.example/b"),
        (["a.example/group1", "a.example/group2"], "a.example/group1/x", "a.example/group1"),
        (["*.example", "a.example"], "a.example/b", "a.example"),
        (["*.example/b", "a.example"], "a.example/b", "*.example/b"),
        (["*.example", "*-prod.example"], "x-prod.example", "*-prod.example"),
        (["*.*.example", "*.b.example"], "a.b.example", "*.b.example"),
        (["b.example"], "a.example", None),
        ([], "a.example", None),
    ],
)
def test_the_most_specific_pattern_wins(patterns: list[str], text: str, winner: str | None) -> None:
    assert chosen(patterns, text) == chosen(patterns[::-1], text) == winner


@pytest.mark.parametrize(
    ("patterns", "text"),
    [
        (["a*.example", "*b.example"], "acb.example"),
        (["*.b.example", "a.*.example"], "a.b.example"),
        (["a.example", "a.example:443"], "a.example"),
        (["docker.io", "index.docker.io"], "docker.io/nginx"),
    ],
)
def test_two_that_are_equally_specific_are_an_error_that_names_both(patterns: list[str], text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        chosen(patterns, text)
    assert all(pattern in str(caught.value) for pattern in patterns)
    assert caught.value.culprit == text


def test_no_port_means_the_default_port_of_the_scheme_that_is_asked_for() -> None:
    assert Pattern.parse("a.example").matches("a.example", 80, default=80)
