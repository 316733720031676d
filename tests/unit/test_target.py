"""Where the caller wants to go, read once and in one way only (T17)."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ocibroker.errors import InvalidTarget
from ocibroker.origin import Origin
from ocibroker.pattern import Pattern
from ocibroker.target import DOCKER_HUB, Target
from ocibroker.transport import origin_of

HUB = "docker.io"
LONG_LABEL = "a" * 63
LONG_NAME = ".".join(["a" * 49] * 5) + ".io"

GOOD = {
    # a registry alone
    "a.example": "a.example",
    "A.EXAMPLE": "a.example",
    "a.Example.": "a.example",
    "a.example.:443": "a.example",
    "a.example:443": "a.example",
    "a.example:80": "a.example:80",
    "a.example:1": "a.example:1",
    "a.example:5000": "a.example:5000",
    "a.example:65535": "a.example:65535",
    "a-b.example": "a-b.example",
    "a--b.example": "a--b.example",
    "a_b.example": "a_b.example",
    "_a.example": "_a.example",
    "1a.example": "1a.example",
    "1.example": "1.example",
    "1.2.3.4.example": "1.2.3.4.example",
    "0x7f.example": "0x7f.example",
    "xn--bcher-kva.example": "xn--bcher-kva.example",
    "XN--BCHER-KVA.example": "xn--bcher-kva.example",
    "a.b.c.d.e.f.example": "a.b.c.d.e.f.example",
    f"{LONG_LABEL}.io": f"{LONG_LABEL}.io",
    LONG_NAME: LONG_NAME,
    "localhost": "localhost",
    "LOCALHOST": "localhost",
    "localhost:5000": "localhost:5000",
    "localhost.": "localhost",
    "registry:5000": "registry:5000",
    "registry:443": "oci://registry",
    # addresses
    "127.0.0.1": "127.0.0.1",
    "127.0.0.1.": "127.0.0.1",
    "127.0.0.1:443": "127.0.0.1",
    "127.0.0.1:5000": "127.0.0.1:5000",
    "10.0.0.0": "10.0.0.0",
    "255.255.255.255": "255.255.255.255",
    "169.254.169.254": "169.254.169.254",
    "[::1]": "[::1]",
    "[::1]:443": "[::1]",
    "[::1]:5000": "[::1]:5000",
    "[::]": "[::]",
    "[0:0:0:0:0:0:0:1]": "[::1]",
    "[0000::0001]": "[::1]",
    "[2001:DB8::A]": "[2001:db8::a]",
    "[2001:db8:0:0:1:0:0:1]": "[2001:db8::1:0:0:1]",
    "[fe80::1]:5000": "[fe80::1]:5000",
    # with a repository
    "a.example/b": "a.example/b",
    "a.example/b/c": "a.example/b/c",
    "a.example/b/c/d/e": "a.example/b/c/d/e",
    "A.example/b": "a.example/b",
    "a.example./b": "a.example/b",
    "a.example:443/b": "a.example/b",
    "a.example:5000/b": "a.example:5000/b",
    "a.example/0": "a.example/0",
    "a.example/b.c": "a.example/b.c",
    "a.example/b_c": "a.example/b_c",
    "a.example/b__c": "a.example/b__c",
    "a.example/b-c": "a.example/b-c",
    "a.example/b---c": "a.example/b---c",
    "a.example/v2": "a.example/v2",
    "a.example/library/b": "a.example/library/b",
    "a.example/b.example/c": "a.example/b.example/c",
    "a.example/" + "b" * 255: "a.example/" + "b" * 255,
    "localhost/b": "localhost/b",
    "localhost:5000/b": "localhost:5000/b",
    "127.0.0.1/b": "127.0.0.1/b",
    "[::1]/b": "[::1]/b",
    "[::1]:5000/b/c": "[::1]:5000/b/c",
    "registry:5000/b": "registry:5000/b",
    # oci://
    "oci://a.example": "a.example",
    "OCI://a.example": "a.example",
    "Oci://A.example/b": "a.example/b",
    "oci://a.example:443/b": "a.example/b",
    "oci://a.example:5000/b": "a.example:5000/b",
    "oci://[::1]:5000/b": "[::1]:5000/b",
    "oci://127.0.0.1/b": "127.0.0.1/b",
    "oci://localhost/b": "localhost/b",
    "oci://registry": "oci://registry",
    "oci://Registry./b": "oci://registry/b",
    "oci://a.example./b/c": "a.example/b/c",
    # the clouds
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/app": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app",
    "123456789012.dkr-ecr.us-west-2.on.aws/app": "123456789012.dkr-ecr.us-west-2.on.aws/app",
    "public.ecr.aws/x/app": "public.ecr.aws/x/app",
    "europe-west1-docker.pkg.dev/project/repo/app": "europe-west1-docker.pkg.dev/project/repo/app",
    "eu.gcr.io/project/app": "eu.gcr.io/project/app",
    "myreg.azurecr.io/app": "myreg.azurecr.io/app",
    "ghcr.io/owner/app": "ghcr.io/owner/app",
    "quay.io/owner/app": "quay.io/owner/app",
    "registry.gitlab.com/group/sub/app": "registry.gitlab.com/group/sub/app",
    "registry.k8s.io/pause": "registry.k8s.io/pause",
    "mcr.microsoft.com/app": "mcr.microsoft.com/app",
    # Docker Hub
    "docker.io": HUB,
    "Docker.IO": HUB,
    "docker.io.": HUB,
    "docker.io:443": HUB,
    "index.docker.io": HUB,
    "INDEX.docker.io": HUB,
    "index.docker.io:443": HUB,
    "registry-1.docker.io": HUB,
    "registry-1.docker.io.": HUB,
    "oci://docker.io": HUB,
    "docker.io/nginx": f"{HUB}/library/nginx",
    "index.docker.io/nginx": f"{HUB}/library/nginx",
    "registry-1.docker.io/nginx": f"{HUB}/library/nginx",
    "docker.io:443/nginx": f"{HUB}/library/nginx",
    "oci://docker.io/nginx": f"{HUB}/library/nginx",
    "docker.io/library/nginx": f"{HUB}/library/nginx",
    "docker.io/owner/app": f"{HUB}/owner/app",
    "index.docker.io/owner/app": f"{HUB}/owner/app",
    "hub.docker.io/app": "hub.docker.io/app",
}

BAD = (
    # nothing, and no registry
    "", " ", ".", "..", "/", "//", ":", "@", "*", "?", "#", "nginx", "library/nginx", "a", "oci:", "oci:/",
    "oci://", "oci:///b", "OCI://", "://a.example", "//a.example",
    # another scheme
    "https://a.example", "http://a.example/b", "HTTPS://a.example", "docker://a.example", "ftp://a.example",
    "oci:a.example", "oci:/a.example", "oci://oci://a.example", "oci://https://a.example",
    # user names and passwords
    "alice@a.example", "alice:hunter2@a.example", "alice:hunter2@a.example/b", "@a.example",
    "a.example@b.example", "oci://alice:hunter2@a.example/b", "alice:hunter2@[::1]", "a.example:443@b.example",
    "alice:hun/ter2@a.example/b", "https://alice:hunter2@a.example",
    # backslashes, percent escapes, queries, fragments, wildcards
    "a.example\\@b.example", "a.example\\b", "\\\\a.example\\b", "a.example\\.b.example", "a%2eexample",
    "a.example%00", "a.example%2f@b.example", "%61.example", "a.example/b%2fc", "a.example?b", "a.example/b?c",
    "a.example#b", "a.example/b#c", "*.example", "a.*", "a.example/*", "a.example;b", "a.example,b.example",
    "a.example&b",
    # white space and controls
    " a.example", "a.example ", "a .example", "a.example\t", "\ta.example", "a.example\n",
    "a.example\n.b.example", "\na.example", "a.exa\rmple", "a.example\r\n", "a.example\x00", "a\x00.example",
    "a.example\x7f", "a.example\x1f", "a.example\x0b", "a.example\x0c", "a.example\x85", "a.example/b\n",
    "a.example/b\x00", "a.example/b c",
    # not ASCII
    "ⓡ.example", "é.example", "bücher.example", "a\u3002example", "a\uff0eexample", "a.example\u200b",
    "\u202ea.example", "doc\u212aer.io", "docker.\u0456o", "\uff11\uff12\uff17.0.0.1", "127.0.0.\uff11",
    "a.example:\uff14\uff14\uff13", "a.example/é", "a.example\ud800",
    # labels
    ".a.example", "a..example", "a.example..", "-a.example", "a-.example", "a.-example", "a.example-",
    "a+b.example", "a~b.example", "(a).example", "a'.example", '"a.example"', "a" * 64 + ".example",
    "a." * 127 + "io",
    # ports
    "a.example:", "a.example:0", "a.example:00", "a.example:0443", "a.example:00443", "a.example:65536",
    "a.example:99999", "a.example:443443", "a.example:+443", "a.example:-443", "a.example: 443",
    "a.example:443 ", "a.example:4_43", "a.example:0x1bb", "a.example:4e2", "a.example:443.", "a.example:https",
    "a.example:443:443", "a.example::443", ":443", ":5000/b", "a.example:/b", "a.example:443\n",
    # other spellings of an IPv4 address
    "0x7f.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001.", "127.0.0.0x1", "127.0.0.01",
    "127.0.0.256", "1.2.3.4.5", "1.2.3", "256.1.1.1", "127.0.0.1..", "oci://2130706433", "oci://0x7f000001",
    "oci://017700000001", "oci://0", "oci://0x", "2130706433:443", "a.1", "a.0x1", "a.0x", "a.example.1",
    # IPv6 without or with the wrong brackets, with a zone, or none at all
    "::1", "[::1", "::1]", "[::1]]", "[[::1]]", "[]", "[:]", "[:::]", "[::1]x", "x[::1]", "[::1].example",
    "[::1].", "[fe80::1%eth0]", "[fe80::1%25eth0]", "[fe80::1%]", "[::1]:", "[::1]:0", "[::1]:65536",
    "[::1]5000", "[1::2::3]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[g::1]", "[127.0.0.1]", "[a.example]",
    "[::1.2.3]", "[::256.1.1.1]", "[v1.a]", "[::1 ]", "[ ::1]",
    # repositories
    "a.example/", "a.example//", "a.example//b", "a.example/b/", "a.example/b//c", "a.example/.",
    "a.example/..", "a.example/../b", "a.example/b/..", "a.example/./b", "a.example/B", "a.example/-b",
    "a.example/b-", "a.example/_b", "a.example/b___c", "a.example/b..c", "a.example/b._c", "a.example/b+c",
    "a.example/b~c", "a.example/" + "b" * 256,
    # tags and digests
    "a.example/b:latest", "a.example/b@sha256:abc", "a.example/b:1@sha256:abc", "docker.io/nginx:latest",
    "nginx:latest", "a.example:5000/b:1",
)  # fmt: skip

SPELLINGS = st.one_of(
    st.sampled_from(sorted(GOOD)),
    st.sampled_from(BAD),
    st.text(max_size=40),
    st.text(alphabet="ab.1:@/\\?#[]%\t\n é-_0xK\u212aⓡ*", max_size=24),
    st.builds("{}{}{}".format, st.sampled_from(sorted(GOOD)), st.characters(), st.sampled_from(BAD)),
)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert min(len(GOOD), len(set(BAD))) >= 100


@pytest.mark.parametrize(("text", "canonical"), GOOD.items(), ids=[ascii(text[:40]) for text in GOOD])
def test_a_good_spelling_has_one_canonical_form(text: str, canonical: str) -> None:
    assert str(Target.parse(text)) == canonical


@pytest.mark.acceptance(21)
@pytest.mark.parametrize("text", BAD, ids=[ascii(text[:40]) for text in BAD])
def test_a_bad_spelling_is_refused(text: str) -> None:
    with pytest.raises(InvalidTarget):
        Target.parse(text)


@pytest.mark.parametrize("text", [text for text in BAD if "ter2" in text])
def test_a_refusal_never_shows_what_stands_before_an_at(text: str) -> None:
    with pytest.raises(InvalidTarget) as caught:
        Target.parse(text)
    assert not [part for part in ("alice", "hun", "ter2") if part in str(caught.value)]


@given(SPELLINGS)
def test_a_target_reads_what_it_writes(text: str) -> None:
    try:
        target = Target.parse(text)
    except InvalidTarget:
        return
    assert Target.parse(str(target)) == target


@given(SPELLINGS)
def test_httpx_would_connect_to_no_other_host_and_port(text: str) -> None:
    try:
        target = Target.parse(text)
    except InvalidTarget:
        return
    assume(target.registry != DOCKER_HUB)  # whose API is served by another host, by a table
    assert origin_of(httpx.URL(f"https://{text.partition('://')[2] or text}")) == target.origin
    assert origin_of(httpx.URL(f"{target.origin}/v2/")) == target.origin


@given(SPELLINGS, st.text(alphabet="ab./\\?#@%;é\n ~", max_size=16))
@example("a.example\\@b.example", "/x")
@example("a.example\\", "b.example/x")
def test_httpx_would_connect_to_no_other_host_and_port_than_that_of_a_url(text: str, rest: str) -> None:
    url = f"https://{text}{rest}"
    try:
        target = Target.from_url(url)
        there = httpx.URL(url)
    except (InvalidTarget, httpx.InvalidURL):
        return
    assume(target.registry != DOCKER_HUB)
    assert origin_of(there) == target.origin
    assert [part for part in there.path.split("/") if part] == [part for part in target.path.split("/") if part]


@given(st.text(alphabet="ab1.:/@-", max_size=20), st.text(alphabet="ab1.:/@-", max_size=20))
def test_two_spellings_of_one_target_are_equal_and_of_two_are_not(one: str, other: str) -> None:
    try:
        first, second = Target.parse(one), Target.parse(other)
    except InvalidTarget:
        return
    assert (first == second) is (str(first) == str(second))


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("docker.io/nginx", "https://registry-1.docker.io"),
        ("index.docker.io/nginx", "https://registry-1.docker.io"),
        ("a.example/b", "https://a.example"),
        ("a.example:5000/b", "https://a.example:5000"),
        ("[::1]:5000/b", "https://[::1]:5000"),
    ],
)
def test_connections_go_where_the_registry_s_api_is(text: str, origin: str) -> None:
    assert Target.parse(text).origin == Origin.parse(origin)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("a.example/b", "a.example", 443), ("a.example:5000", "a.example", 5000), ("[::1]:1", "[::1]", 1)],
)
def test_host_and_port_are_never_missing(text: str, host: str, port: int) -> None:
    target = Target.parse(text)
    assert (target.host, target.port) == (host, port)


@pytest.mark.acceptance(21)
def test_port_443_and_no_port_are_the_same_target() -> None:
    assert Target.parse("A.example:443/b") == Target.parse("a.example./b")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://a.example", "a.example"),
        ("HTTPS://A.example./", "a.example"),
        ("https://a.example:443/b/c", "a.example/b/c"),
        ("https://a.example//b///c//", "a.example/b/c"),
        ("https://a.example/Org/Repo.git", "a.example/Org/Repo.git"),
        ("https://a.example/b?x=../y#z", "a.example/b"),
        ("https://a.example?x", "a.example"),
        ("https://a.example#x/y", "a.example"),
        ("https://a.example/b@c;d=1", "a.example/b@c;d=1"),
        ("https://a.example/..b/c..", "a.example/..b/c.."),
        ("https://index.docker.io/v1/", "docker.io/v1"),
        ("http://a.example/b", "http://a.example/b"),
        ("http://a.example:80/b", "http://a.example/b"),
        ("http://a.example:443/b", "http://a.example:443/b"),
        ("https://a.example:80/b", "a.example:80/b"),
        ("https://[::1]:5000/b", "[::1]:5000/b"),
        ("https://a.example/b-1.0.0%2Bbuild.tgz", "a.example/b-1.0.0+build.tgz"),
        ("https://a.example/b-1.0.0%2bbuild.tgz", "a.example/b-1.0.0+build.tgz"),
        ("https://a.example/%74eam/%62", "a.example/team/b"),
        ("https://a.example/b%20c/d", "a.example/b%20c/d"),
        ("https://a.example/%5bb%5D", "a.example/%5Bb%5D"),
        ("https://a.example/b%40c%3Dd", "a.example/b@c=d"),
    ],
)
def test_a_url_names_a_target(url: str, target: str) -> None:
    assert str(Target.from_url(url)) == target


@pytest.mark.parametrize(
    "url",
    [
        "a.example/b",
        "ssh://a.example/b",
        "oci://a.example/b",
        "https://alice@a.example/b",
        "https://alice:hunter2@a.example/b",
        "https://alice:hunter2/x@a.example/b",
        "https://alice:hunter2?x@a.example/b",
        "https://a.example\\@b.example/x",
        "https://a.example\\b",
        "https://a.example/b\\c",
        "https://a.example/b%2fc",
        "https://a.example/%2e%2e/b",
        "https://a.example/.%2E/b",
        "https://a.example/%252e%252e/b",
        "https://a.example/b%252fc",
        "https://a.example/b%5cc",
        "https://a.example/b%3Bc",
        "https://a.example/b%3fc",
        "https://a.example/b%23c",
        "https://a.example/b%00",
        "https://a.example/b%0a",
        "https://a.example/b%7f",
        "https://a.example/b%c3%a9",
        "https://a.example/b%c0%af",
        "https://a.example/b%u002e",
        "https://a.example/b%",
        "https://a.example/b%2",
        "https://a.example/%%32%65/b",
        "https://a.example/%20b",
        "https://a.example/b%20/c",
        "https://a.example/..%20/b",
        "https://a.example/b%20;x/c",
        "https://a.example/../b",
        "https://a.example/b/..",
        "https://a.example/./b",
        "https://a.example/b/..;/c",
        "https://a.example/b/..;x=1/c",
        "https://a.example/b/.;/c",
        "https://a.example/b c",
        "https://a.example/b\n",
        "https://a.example/é",
        "https://a.example/[b]",
        "https://a.example:0/b",
        "https://a.example:65536/b",
        "https://127.1/b",
    ],
)
def test_a_url_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(InvalidTarget) as caught:
        Target.from_url(url)
    assert "hunter2" not in str(caught.value)


def without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/".join(kept)


SERVERS: dict[str, Callable[[str], str]] = {
    "usual": lambda path: without_dots(unquote(path)),
    "dots first": lambda path: unquote(without_dots(path)),
    "decodes twice": lambda path: without_dots(unquote(unquote(path))),
    "backslashes": lambda path: without_dots(unquote(path).replace("\\", "/")),
    "parameters": lambda path: without_dots("/".join(one.partition(";")[0] for one in unquote(path).split("/"))),
    "trims": lambda path: without_dots("/".join(one.strip() for one in unquote(path).split("/"))),
    "ends at NUL": lambda path: without_dots(unquote(path).partition("\0")[0]),
    "ends at a mark": lambda path: without_dots(re.split("[?#]", unquote(path))[0]),
    "Latin-1": lambda path: without_dots(unquote(path, "latin-1")),
}
"""What servers make of a path."""

PIECES = st.sampled_from(
    ["a", "b", "/", ".", "..", ";", "\\", "%", "25", "2e", "2F", "5c", "3B", "00", "20", "2B", "%2e", "%2f", "%5C",
     "%25", "%20", "%3b", "%61", "%41", "%00", "%3F", "%23", "%c0%af", "%e9", "+", "é"]
)  # fmt: skip


@pytest.mark.acceptance(21, 22)
@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
@given(path=st.lists(PIECES, max_size=12).map("".join), rule=st.lists(st.sampled_from("abA+"), min_size=1))
def test_no_server_reads_another_path_than_rules_are_compared_with(
    server: Callable[[str], str], path: str, rule: list[str]
) -> None:
    try:
        target = Target.from_url(f"https://a.example/{path}")
    except InvalidTarget:
        return
    pattern = Pattern.parse(f"a.example/{'/'.join(rule)}")
    read = re.sub("/+", "/", server(path)).strip("/")
    if ";" not in target.path:  # what follows one is a parameter to some, and then no part of the path
        assert read == unquote(target.path)
    below = pattern.matches("a.example", 443, target.path)
    assert not below or pattern.matches("a.example", 443, read)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_a_target_says_is_the_same_target(path: str) -> None:
    try:
        target = Target.from_url(f"https://a.example/{path}")
    except InvalidTarget:
        return
    assert Target.from_url(f"https://{target}") == target


@pytest.mark.acceptance(21)
def test_the_same_host_over_http_is_another_target() -> None:
    assert Target.from_url("http://a.example/b") != Target.from_url("https://a.example/b")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("https://a.example/b", "oci://"),
        ("nginx", "docker.io/"),
        ("a.example/b:1", "leave out"),
        ("a.example/B", "lower-case"),
        ("alice@a.example", "[[registry]]"),
        ("é.example", "xn--"),
    ],
)
def test_a_refusal_says_what_to_write_instead(text: str, hint: str) -> None:
    with pytest.raises(InvalidTarget) as caught:
        Target.parse(text)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("actions", "kept"),
    [(("pull",), ("pull",)), (("push", "pull", "push"), ("pull", "push")), (("delete",), ("delete",))],
)
def test_actions_are_kept_sorted_and_once(actions: tuple[str, ...], kept: tuple[str, ...]) -> None:
    assert Target.parse("a.example/b").doing(actions).actions == kept


@pytest.mark.parametrize("actions", [(), ("*",), ("pull", "admin"), "pull", ("pull,push",)], ids=repr)
def test_unknown_actions_are_refused(actions: tuple[str, ...]) -> None:
    with pytest.raises(InvalidTarget, match="unknown actions"):
        Target.parse("a.example/b", actions=actions)
