"""What is pulled: registry, repository, tag and digest, read in one way only."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocibroker.errors import InvalidTarget
from ocibroker.oci.digest import Digest
from ocibroker.oci.reference import LONGEST, Reference
from ocibroker.target import Target

SHA256 = f"sha256:{'0123456789abcdef' * 4}"
SHA512 = f"sha512:{'0123456789abcdef' * 8}"
LONG_TAG = "a" * 128
LONG_PATH = "a" * LONGEST

# Each reference, and how it is written canonically where that differs.
GOOD: dict[str, dict[str, str]] = {
    "the registry is named by a dot, a port or localhost (distribution/reference, splitDockerDomain)": {
        "a.example/b": "",
        "a.example.org/b": "",
        "localhost/b": "",
        "localhost:5000/b": "",
        "registry:5000/b": "",
        "registry:443/b": "",
        "a.example:5000/b": "",
        "a.example:1/b": "",
        "a.example:65535/b": "",
        "a.example:443/b": "a.example/b",
        "A.EXAMPLE/b": "a.example/b",
        "LOCALHOST/b": "localhost/b",
        "a-b.example/c": "",
        "xn--bcher-kva.example/b": "",
        "1a.example/b": "",
    },
    "the registry is an address (RFC 3986, section 3.2.2)": {
        "127.0.0.1/b": "",
        "127.0.0.1:5000/b": "",
        "10.1.2.3:5000/b/c": "",
        "[::1]/b": "",
        "[::1]:5000/b": "",
        "[::1]:5000/b:1": "",
        "[2001:DB8::A]/b": "[2001:db8::a]/b",
        "[0:0:0:0:0:0:0:1]/b": "[::1]/b",
    },
    "Docker Hub and its library (distribution/reference, splitDockerDomain)": {
        "docker.io/nginx": "docker.io/library/nginx",
        "docker.io/library/nginx": "",
        "docker.io/bitnami/nginx": "",
        "index.docker.io/nginx": "docker.io/library/nginx",
        "registry-1.docker.io/bitnami/nginx": "docker.io/bitnami/nginx",
        "docker.io/nginx:1.27": "docker.io/library/nginx:1.27",
        f"docker.io/nginx@{SHA256}": f"docker.io/library/nginx@{SHA256}",
        "oci://docker.io/nginx": "oci://docker.io/library/nginx",
        "oci://registry-1.docker.io/bitnamicharts/nginx": "oci://docker.io/bitnamicharts/nginx",
    },
    "<name> (distribution specification 1.1, Pulling manifests)": {
        "a.example/0": "",
        "a.example/0a": "",
        "a.example/a0": "",
        "a.example/b/c": "",
        "a.example/b/c/d/e/f/g": "",
        "a.example/b.c": "",
        "a.example/b_c": "",
        "a.example/b__c": "",
        "a.example/b-c": "",
        "a.example/b--c": "",
        "a.example/b-----c": "",
        "a.example/b.c_d__e-f--g": "",
        "a.example/b.c/d_e/f-g": "",
        "a.example/1.2.3": "",
        "a.example/1.2/3.4": "",
        "a.example/latest": "",
        "a.example/sha256": "",
        "a.example/v2": "",
        "a.example/v2/manifests/b": "",
        "a.example/localhost/b": "",
        f"a.example/{LONG_PATH}": "",
        f"a.example/{'a/' * 127}a": "",
    },
    "<reference> as a tag (distribution specification 1.1, Pulling manifests)": {
        "a.example/b:c": "",
        "a.example/b:1": "",
        "a.example/b:_": "",
        "a.example/b:_c": "",
        "a.example/b:C": "",
        "a.example/b:LATEST": "",
        "a.example/b:latest": "",
        "a.example/b:1.2.3": "",
        "a.example/b:v1.2.3-rc.1": "",
        "a.example/b:1-": "",
        "a.example/b:1.": "",
        "a.example/b:1..2": "",
        "a.example/b:1--2": "",
        "a.example/b:a_-.b": "",
        "a.example/b:___": "",
        "a.example/b:sha256-0123": "",
        "a.example/b:5000": "",
        "a.example/b/c/d:1": "",
        f"a.example/b:{LONG_TAG}": "",
        f"a.example/{LONG_PATH}:{LONG_TAG}": "",
    },
    "a port is not a tag": {
        "localhost:5000/app": "",
        "localhost:5000/app:5000": "",
        "a.example:5000/b:1": "",
        "a.example:443/b:443": "a.example/b:443",
        "registry:443/b:1": "",
        "127.0.0.1:5000/b:1": "",
        f"localhost:5000/app:1@{SHA256}": "",
    },
    "a digest (image specification, descriptor.md, Digests)": {
        f"a.example/b@{SHA256}": "",
        f"a.example/b@{SHA512}": "",
        f"a.example/b@sha256:{'0' * 64}": "",
        f"a.example/b@sha256:{'f' * 64}": "",
        f"a.example/b/c@{SHA256}": "",
        f"localhost/b@{SHA256}": "",
        f"localhost:5000/b@{SHA512}": "",
        f"[::1]:5000/b@{SHA256}": "",
    },
    "a tag and a digest (distribution/reference, ReferenceRegexp)": {
        f"a.example/b:1@{SHA256}": "",
        f"a.example/b:1@{SHA512}": "",
        f"a.example/b:latest@{SHA256}": "",
        f"a.example/b/c:{LONG_TAG}@{SHA256}": "",
        f"A.example:443/b:V@{SHA256}": f"a.example/b:V@{SHA256}",
    },
    "Helm's prefix names the registry (Helm, docs/topics/registries)": {
        "oci://a.example/b": "",
        "OCI://a.example/b": "oci://a.example/b",
        "oci://A.example:443/b:1": "oci://a.example/b:1",
        "oci://registry/b": "",
        "oci://registry:443/b": "oci://registry/b",
        "oci://registry:5000/b/c": "",
        "oci://localhost:5000/b:1": "",
        f"oci://a.example/b@{SHA256}": "",
        f"oci://a.example/b:1@{SHA512}": "",
        "oci://[::1]:5000/b": "",
        "oci://127.0.0.1/b": "",
    },
    "Helm's version is a tag without + (https://github.com/helm/helm/issues/10166)": {
        "a.example/app:1.2.3+build.5": "a.example/app:1.2.3_build.5",
        "oci://a.example/app:1.2.3+build.5": "oci://a.example/app:1.2.3_build.5",
        "oci://a.example/app:1.2.3-rc.1+a.b": "oci://a.example/app:1.2.3-rc.1_a.b",
        "a.example/app:1+2+3": "a.example/app:1_2_3",
        f"a.example/app:1.0.0+a@{SHA256}": f"a.example/app:1.0.0_a@{SHA256}",
    },
}

PASSWORD = "hunter2"

# Each with a word of the reason.
BAD: dict[str, tuple[str, tuple[str, ...]]] = {
    "nothing is there": ("blank", ("", " ", "\t", "\n", "   ", "\u00a0", "\u2003")),
    "no registry is named": (
        "name its registry",
        (
            "nginx",
            "nginx:latest",
            "library/nginx",
            "library/nginx:1",
            "[::1]",
            f"nginx@{SHA256}",
            "registry/b",
            "b/c/d:1",
            "/b",
        ),
    ),
    "no repository is named": (
        "no repository|name a repository",
        (
            "a.example",
            "a.example:5000",
            "localhost",
            "localhost:5000",
            "oci://a.example",
            "oci://registry",
            "oci://registry:5000",
            f"a.example@{SHA256}",
            "a.example/",
            "oci://a.example/",
            "docker.io",
        ),
    ),
    "another scheme": (
        "scheme|name its registry",
        (
            "https://a.example/b",
            "http://a.example/b",
            "HTTPS://a.example/b:1",
            "docker://a.example/b",
            "oci:/a.example/b",
        ),
    ),
    "<name>: lower case, and separators only between": (
        "name a repository",
        (
            "a.example/B",
            "a.example/aB",
            "a.example/b/C:1",
            "a.example/LIBRARY/b",
            "a.example//b",
            "a.example/b//c",
            "a.example/b/",
            "a.example/.b",
            "a.example/b.",
            "a.example/-b",
            "a.example/b-",
            "a.example/_b",
            "a.example/b_",
            "a.example/b..c",
            "a.example/b___c",
            "a.example/b._c",
            "a.example/b.-c",
            "a.example/./b",
            "a.example/../b",
            "a.example/b/..",
            "a.example/b%2fc",
            "a.example/b\\c",
            "a.example/b?c",
            "a.example/b#c",
            "a.example/b+c",
            "a.example/b~c",
            "a.example/*",
            "a.example/bé",
            "a.example/\uff42",
            "a.example/b:1/c",
        ),
    ),
    "<name>: as long as registries have it": (
        "255",
        (
            f"a.example/{'a' * 256}",
            f"a.example/{'a/' * 128}a:1",
            f"docker.io/{LONG_PATH}",
            f"oci://a.example/{'a' * 999}",
        ),
    ),
    "<reference>: what a tag is not": (
        "bad tag",
        (
            "a.example/b:.",
            "a.example/b:.1",
            "a.example/b:-1",
            "a.example/b:1:2",
            "a.example/b::1",
            "a.example/b:1,2",
            "a.example/b:1~2",
            "a.example/b:^1",
            "a.example/b:*",
            "a.example/b:>=1",
            "a.example/b:1%202",
            "a.example/b:$x",
            "a.example/b:é",
            "a.example/b:\uff11",
            f"a.example/b:{'a' * 129}",
            f"a.example/b:-@{SHA256}",
            f"a.example/b:{SHA256}",
        ),
    ),
    "an empty or a second part": (
        "empty tag or digest, or two",
        (
            "a.example/b:",
            "oci://a.example/b:",
            f"a.example/b:@{SHA256}",
            "a.example/b@",
            "a.example/b:1@",
            f"a.example/b@{SHA256}@{SHA256}",
            f"a.example/b@@{SHA256}",
            "localhost:",
        ),
    ),
    "Digests: what a digest is not": (
        "has a digest that",
        (
            "a.example/b@sha256",
            "a.example/b@sha256:",
            "a.example/b@:0123",
            "a.example/b@latest",
            f"a.example/b@{SHA256[7:]}",
            f"a.example/b@{SHA256[:-1]}",
            f"a.example/b@{SHA256}0",
            f"a.example/b@{SHA256.upper()}",
            f"a.example/b@sha256:{'A' * 64}",
            f"a.example/b@sha256:{'g' * 64}",
            f"a.example/b@sha256:{'0' * 128}",
            f"a.example/b@sha512:{'0' * 64}",
            f"a.example/b@sha512:{'F' * 128}",
            f"a.example/b@SHA256:{'0' * 64}",
            f"a.example/b@sha256:{'=' * 64}",
            f"a.example/b@sha256:{chr(0xFF10) * 64}",
            f"a.example/b@{SHA256}:1",
        ),
    ),
    "Digests: what nobody can verify": (
        "cannot be verified",
        (
            f"a.example/b@md5:{'0' * 32}",
            f"a.example/b@sha1:{'0' * 40}",
            f"a.example/b@sha384:{'0' * 96}",
            f"a.example/b@blake3:{'0' * 64}",
            "a.example/b@multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
            "a.example/b@sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
        ),
    ),
    "the registry is not one": (
        "port|host|address|ASCII|zone",
        (
            "a.example:/b",
            "a.example:0/b",
            "a.example:x/b",
            "a.example:65536/b",
            "a.example:05000/b",
            "localhost:latest/b",
            "a..example/b",
            ".example/b",
            "-a.example/b",
            "é.example/b",
            "1.2.3/b",
            "[::1/b",
            "[::g]/b",
            "[fe80::1%25eth0]/b",
        ),
    ),
    "spaces and control characters": (
        "space or a control",
        (
            " a.example/b",
            "a.example/b ",
            "a.example/b c",
            "a.example/b: 1",
            "a.example/b:1\n",
            "a.example/\tb",
            "a.example/b\r\n",
            "a.example/b\x00",
            "a.example/b\x7f",
            "a.example/b:1\x85",
            f"a.example/b@{SHA256}\n",
        ),
    ),
    "user name and password": (
        "user name or password",
        (
            f"alice:{PASSWORD}@a.example/b",
            f"alice:{PASSWORD}@a.example/b:1",
            f"alice:{PASSWORD}@a.example:5000/b",
            f"oci://alice:{PASSWORD}@a.example/b",
            f"https://alice:{PASSWORD}@a.example/b",
            f"alice:x/{PASSWORD}@a.example/b",
            f"alice:{PASSWORD}@x@a.example/b",
            f"{PASSWORD}@a.example/b",
        ),
    ),
}
GOOD_CASES = [
    pytest.param(text, canonical or text, id=f"{rule.split(' (')[0]}-{text[:60]}")
    for rule, table in GOOD.items()
    for text, canonical in table.items()
]
BAD_CASES = [
    pytest.param(text, why, id=f"{rule}-{text[:60]!a}") for rule, (why, texts) in BAD.items() for text in texts
]

# The published expressions: distribution/reference v0.6, regexp.go, with \w as Go has it. "oci://" is Helm's.
DOMAIN = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
HOST = rf"(?:{DOMAIN}(?:\.{DOMAIN})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
PATH = r"[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*"
TAG = r"[\w][\w.-]{0,127}"
DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*[:][0-9a-fA-F]{32,}"
PUBLISHED = re.compile(rf"((?:{HOST}/)?{PATH}(?:/{PATH})*)(?::({TAG}))?(?:@({DIGEST}))?", re.ASCII)
# Distribution specification 1.1, "Pulling manifests".
NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
AS_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")

# What the published expressions take, and we refuse on purpose.
STRICTER = {
    "a registry must be named": "nginx",
    "a repository must be named": "a.example",
    "a component that is no registry's name": "library/nginx",
    "a port is a number up to 65535, in one way of writing": "a.example:065536/b",
    "a name that ends in a number is an IPv4 address": "1.2.3/b",
    "brackets hold an IPv6 address": "[cafe]/b",
    "a repository has at most 255 characters": f"a.example/{'a' * 256}",
    "a digest can be verified": f"a.example/b@md5:{'0' * 32}",
    "a digest has the length of its algorithm": f"a.example/b@sha256:{'0' * 63}",
    "a digest is in lower case": f"a.example/b@sha256:{'A' * 64}",
}

# What the published expressions refuse, and we take on purpose: the registry is any host that Target takes.
LAXER = {
    "a host's name may hold an underscore, as names in a cluster do": "my_registry:5000/b",
    "a host's name may end in a dot": "a.example./b",
    "an IPv6 address may hold an IPv4 address": "[::ffff:127.0.0.1]/b",
}
LAX_HOST = re.compile(r"[^/]*_[^/]*/|[^/]*\.(:[0-9]*)?/|\[[^]]*\.[^]]*\]")

components = st.from_regex(PATH, fullmatch=True).filter(lambda text: len(text) < 40)
hosts = st.one_of(
    st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,5})?\.example", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.just("localhost"),
)
ports = st.one_of(st.just(""), st.integers(1, 65535).map(":{}".format))
tags = st.one_of(st.just(""), st.from_regex(AS_TAG, fullmatch=True).map(":{}".format))
digests = st.one_of(
    st.just(""),
    st.binary().map(lambda content: f"@sha256:{hashlib.sha256(content).hexdigest()}"),
    st.just(f"@{SHA512}"),
)


@st.composite
def written(draw: st.DrawFn) -> str:
    """A reference by the grammar."""
    mark = draw(st.sampled_from(["", "oci://"]))
    path = "/".join(draw(st.lists(components, min_size=1, max_size=4)))
    return f"{mark}{draw(hosts)}{draw(ports)}/{path}{draw(tags)}{draw(digests)}"


def accepted(text: str) -> Reference | None:
    try:
        return Reference.parse(text)
    except InvalidTarget:
        return None


def test_the_tables_are_as_large_as_they_claim() -> None:
    assert len(GOOD_CASES) >= 100
    assert len(BAD_CASES) >= 100


@pytest.mark.parametrize(("text", "canonical"), GOOD_CASES)
def test_a_reference_is_read_and_written_canonically(text: str, canonical: str) -> None:
    found = Reference.parse(text)
    assert str(found) == canonical
    assert Reference.parse(canonical) == found


@pytest.mark.parametrize(("text", "why"), BAD_CASES)
def test_what_is_no_reference_is_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(InvalidTarget) as caught:
        Reference.parse(text)
    assert re.search(why, caught.value.message)
    assert caught.value.culprit
    assert caught.value.__context__ is None
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("https://a.example/b", "oci://"),
        ("nginx:1", "docker.io/"),
        ("a.example", "registry/repository"),
        ("a.example/B", "lower-case"),
        ("a.example/b:-1", "do not begin"),
        ("a.example/b:", "write [:tag]"),
        ("a.example/b@md5:00", "use sha256 or sha512"),
        ("a.example/b@sha256:00", "copy the whole digest"),
        ("a.example/b@latest", "sha256:"),
        ("alice:hunter2@a.example/b", "[[registry]]"),
        (f"a.example/{'a' * 256}", "shorten"),
    ],
)
def test_a_refusal_says_what_to_write_instead(text: str, hint: str) -> None:
    with pytest.raises(InvalidTarget) as caught:
        Reference.parse(text)
    assert hint in caught.value.hint


def test_the_parts_are_told_apart() -> None:
    found = Reference.parse(f"oci://localhost:5000/charts/app:1.2.3+a@{SHA256}")
    target = Target("localhost:5000", "charts/app")
    assert found == Reference(target, "1.2.3_a", Digest("sha256", SHA256[7:]), helm=True)


@pytest.mark.parametrize("tag", [".1", "1+2", "a" * 129])
def test_the_tag_is_valid_at_birth(tag: str) -> None:
    with pytest.raises(InvalidTarget, match="bad tag"):
        Reference(Target.parse("a.example/b"), tag)


@pytest.mark.parametrize(
    "target",
    [
        Target("a.example"),
        Target("a.example", "B"),
        Target("a.example", "../b"),
        Target("a.example", "b:1"),
        Target("a.example", "a" * 256),
        Target("docker.io", "nginx"),
        Target("a.example", "b", scheme="http"),
    ],
    ids=str,
)
def test_the_target_is_a_repository_at_birth(target: Target) -> None:
    with pytest.raises(InvalidTarget):
        Reference(target)


def test_the_actions_are_the_callers() -> None:
    target = Target.parse("a.example/b", actions=("pull", "push"))
    assert Reference(target).target == target


@pytest.mark.parametrize("text", STRICTER.values(), ids=STRICTER.keys())
def test_we_are_stricter_than_published_on_purpose(text: str) -> None:
    assert PUBLISHED.fullmatch(text)
    assert accepted(text) is None


@pytest.mark.parametrize("text", LAXER.values(), ids=LAXER.keys())
def test_we_are_laxer_than_published_on_purpose(text: str) -> None:
    assert not PUBLISHED.fullmatch(text)
    assert LAX_HOST.match(text)
    assert accepted(text)


@given(written())
def test_what_the_grammar_writes_is_accepted(text: str) -> None:
    found = Reference.parse(text)
    assert Reference.parse(str(found)) == found
    assert found.helm == text.startswith("oci://")


@given(
    st.one_of(
        st.text(st.characters(exclude_categories=[])),
        st.text(st.sampled_from("ab1.:/@_-[]+ sha256oci"), max_size=40),
        written(),
    )
)
@example("registry:443/b")
@example("docker.io/nginx")
@example("OCI://a.example/b:1+2")
def test_what_we_accept_is_published_grammar_too(text: str) -> None:
    if found := accepted(text):
        bare = re.sub("^oci://", "", text, flags=re.IGNORECASE)
        assert PUBLISHED.fullmatch(bare.replace("+", "_")) or LAX_HOST.match(bare)
        assert NAME.fullmatch(found.target.path)
        assert not found.tag or AS_TAG.fullmatch(found.tag)
        assert Reference.parse(str(found)) == found
