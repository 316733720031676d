"""What a person writes, and which source it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.bundle import ArchiveSource, GitSource, Link, LocalSource, OCISource, Source, parse
from ocibroker.errors import InvalidTarget, UsageError
from ocibroker.oci import Digest, Reference, Wish

SHA256, SHA512 = "a1" * 32, "b2" * 64
CHECKED = Digest("sha256", SHA256)
U = "https://charts.test/app.tgz"


def oci(text: str) -> OCISource:
    return OCISource(Reference.parse(text))


def archive(url: str = U, checksum: Digest | None = None, kind: str = "", subdir: str = "") -> ArchiveSource:
    return ArchiveSource(Link.parse(url), checksum, kind, subdir)


GOOD: dict[str, Source] = {
    # registries
    "oci://charts.test/team/app:1.0.0": oci("oci://charts.test/team/app:1.0.0"),
    "OCI://charts.test/team/app": oci("OCI://charts.test/team/app"),
    "charts.test/team/app:1": oci("charts.test/team/app:1"),
    f"charts.test:5000/app@sha256:{SHA256}": oci(f"charts.test:5000/app@sha256:{SHA256}"),
    # archives and files
    U: archive(),
    "https::https://charts.test/app.tgz": archive(),
    "HTTPS://charts.test/app.tgz": archive("HTTPS://charts.test/app.tgz"),
    "http://charts.test/values.yaml": archive("http://charts.test/values.yaml"),
    f"{U}?checksum=sha256:{SHA256}": archive(checksum=CHECKED),
    f"{U}?checksum={SHA256}": archive(checksum=CHECKED),
    f"{U}?checksum=SHA256:{SHA256.upper()}": archive(checksum=CHECKED),
    f"{U}?checksum={SHA512}": archive(checksum=Digest("sha512", SHA512)),
    "https://charts.test/download?archive=tar.gz": archive("https://charts.test/download", kind="tar.gz"),
    f"{U}?archive=false": archive(kind="false"),
    f"{U}?archive=ZIP": archive(kind="zip"),
    f"{U}//charts/app": archive(subdir="charts/app"),
    f"{U}//charts/app/": archive(subdir="charts/app"),
    f"{U}//": archive(),
    f"{U}//charts?checksum={SHA256}": archive(checksum=CHECKED, subdir="charts"),
    f"{U}?checksum=sha256:{SHA256}&archive=tgz//charts": archive(checksum=CHECKED, kind="tgz", subdir="charts"),
    f"{U}?X-Sig=a%2Fb&checksum={SHA256}&b=1": archive(f"{U}?X-Sig=a%2Fb&b=1", checksum=CHECKED),
    # git
    "git::https://git.test/team/app": GitSource("https://git.test/team/app"),
    "git::https://git.test/team/app.git//charts/x?ref=v1.2&depth=1": GitSource(
        "https://git.test/team/app.git", "v1.2", 1, "charts/x"
    ),
    "git::https://git.test/team/app?ref=v1.2//charts": GitSource(
        "https://git.test/team/app", "v1.2", None, "charts"
    ),
    "git::https://git.test/app?ref=feature%2Fone": GitSource("https://git.test/app", "feature/one"),
    "git::http://git.test/app": GitSource("http://git.test/app"),
    "https://git.test/team/app.git?ref=main": GitSource("https://git.test/team/app.git", "main"),
    "git@git.test:team/app.git": GitSource("git@git.test:team/app.git"),
    "git@git.test:team/app.git//charts?ref=v1": GitSource("git@git.test:team/app.git", "v1", None, "charts"),
    "git::git@git.test:~/app": GitSource("git@git.test:~/app"),
    "ssh://git@git.test:2222/team/app.git": GitSource("ssh://git@git.test:2222/team/app.git"),
    "git::ssh://git.test/team/app": GitSource("ssh://git.test/team/app"),
    "ssh::git@git.test:app": GitSource("git@git.test:app"),
    "ssh://git@git.test/app?sshkey=/keys/id": GitSource("ssh://git@git.test/app", ssh_key=Path("/keys/id")),
    "github.com/rancher/fleet": GitSource("https://github.com/rancher/fleet.git"),
    "GitHub.com/rancher/fleet": GitSource("https://GitHub.com/rancher/fleet.git"),
    "github.com/rancher/fleet.git//charts?ref=main": GitSource(
        "https://github.com/rancher/fleet.git", "main", None, "charts"
    ),
    "git::github.com/rancher/fleet/charts/x": GitSource("https://github.com/rancher/fleet.git", subdir="charts/x"),
    "gitlab.com/a/b": GitSource("https://gitlab.com/a/b.git"),
    "bitbucket.org/a/b": GitSource("https://bitbucket.org/a/b.git"),
    # this machine
    "/srv/charts": LocalSource(Path("/srv/charts")),
    "./charts": LocalSource(Path("charts")),
    "../charts": LocalSource(Path("../charts")),
    ".": LocalSource(Path()),
    "file:///srv/my%20charts": LocalSource(Path("/srv/my charts")),
    "file::/srv/charts": LocalSource(Path("/srv/charts")),
}

BAD = {
    "": "is blank",
    "app": "does not name its registry",
    "team/app": "does not name its registry",
    "oci://charts.test": "names no repository",
    "oci://charts.test/app//sub": "does not name a repository",
    "s3::https://s3.test/bucket/app.tgz": "is to be read by s3",
    "s3://bucket/app.tgz": "is to be read by s3",
    "gcs::https://storage.test/bucket": "is to be read by gcs",
    "gs://bucket": "is to be read by gs",
    "hg::https://hg.test/app": "is to be read by hg",
    "ftp://charts.test/app.tgz": "is to be read by ftp",
    "git::s3::x": "is no address of a git repository",
    "git::file:///srv/git": "is no address of a git repository",
    "git::/srv/git": "is no address of a git repository",
    "git::git.test/app": "is no address of a git repository",
    "git::https://": "is not a host name",
    "github.com/rancher": "names no repository",
    "github.com//x": "is no address of a git repository",
    "git::https://git.test/app?tag=v1": "has parameters that git has none of",
    "git::https://git.test/app?ref=a&ref=b": "names ref twice",
    "git::https://git.test/app?ref=": "has a ref that is empty",
    "git::https://git.test/app?ref=a%0Ab": "holds a control character",
    "git::https://git.test/app?ref=--upload-pack=x": "has a ref that begins with -",
    "git::https://git.test/app?depth=0": "has a depth that is no number",
    "git::https://git.test/app?depth=-1": "has a depth that is no number",
    "git::https://git.test/app//../x": "names a folder that does not lie in it",
    "git::ssh://-oProxyCommand=x/app": "is not a host name",
    "git::ssh://git@git.test/-x": "has a path that cannot be passed on safely",
    "git@git.test:-x": "has a path that cannot be passed on safely",
    "git@git.test:a/../b": "has a path that cannot be passed on safely",
    "git@git.test:a;b": "has a path that cannot be passed on safely",
    "git@-git.test:a": "is not a host name",
    "ssh://git.test": "is no address of a git repository",
    f"{U}?archive=rar": "is said to be of a kind that is not read",
    f"{U}?checksum=md5:{'a' * 32}": "is of an algorithm that cannot be verified",
    f"{U}?checksum=sha1:{'a' * 40}": "is of an algorithm that cannot be verified",
    f"{U}?checksum=file:https://charts.test/sums": "is of an algorithm that cannot be verified",
    f"{U}?checksum=sha256:abc": "is not as long as a sha256",
    f"{U}?checksum=": "has a checksum that is empty",
    f"{U}?archive=false//charts": "has no folders if it is not unpacked",
    f"{U}//../x": "names a folder that does not lie in it",
    f"{U}//a/./b": "names a folder that does not lie in it",
    f"{U}//a\\b": "names a folder that does not lie in it",
    "https://charts.test/%2e%2e/app.tgz": "has a path that cannot be compared safely",
    "https://charts.test/a b.tgz": "is no URL",
    f"{U}#fragment": "is no URL up to its query",
    "https://charts.test:0/app.tgz": "has a port",
    "https://chärts.test/app.tgz": "is no URL",
    "file://host/srv": "names a host, or no path",
    "file://": "names a host, or no path",
}


@pytest.mark.parametrize(("text", "source"), GOOD.items(), ids=GOOD)
def test_it_is_that_source(text: str, source: Source) -> None:
    assert parse(text) == source


@pytest.mark.parametrize(("text", "why"), BAD.items(), ids=BAD)
def test_it_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text)
    assert why in str(raised.value)


def test_the_home_folder_may_be_written_as_people_do() -> None:
    assert parse("~/charts") == LocalSource(Path.home() / "charts")


def test_a_wish_is_for_what_lies_in_a_registry() -> None:
    wish = Wish(version="^1", devel=True)
    assert parse("oci://charts.test/app", wish) == OCISource(Reference.parse("oci://charts.test/app"), wish)
    assert parse(U, wish) == archive()


PASSWORDS = [
    "https://alice:{}@charts.test/app.tgz",
    "https://alice:{}@charts.test/app.tgz?checksum=sha256:x//charts",
    "https::https://:{}@charts.test/app.tgz",
    "http://alice:{}@charts.test/app.tgz",
    "git::https://alice:{}@git.test/app?ref=main",
    "git::https://:{}@git.test/app",
    "ssh://git:{}@git.test/app",
    "git::ssh://git:{}@git.test/app",
    "git::git:{}@git.test:app",
    "git:{}@git.test:app",
    "oci://alice:{}@charts.test/app",
    "alice:{}@charts.test/app",
    "s3::https://alice:{}@s3.test/bucket",
    "ftp://alice:{}@charts.test/app.tgz",
    "file://alice:{}@host/srv",
]
PLACES = {
    "plainly": "wonder",
    "with a question mark": "won?der",
    "with a hash": "won#der",
    "with a slash": "won/der",
}


@pytest.mark.acceptance(21)
@pytest.mark.parametrize("form", PASSWORDS)
@pytest.mark.parametrize("password", PLACES.values(), ids=PLACES)
def test_a_password_is_refused_and_never_shown(form: str, password: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(form.format(password))
    assert not {"won", "der", "wonder"} & set(str(raised.value).replace("/", " ").replace("?", " ").split())
    assert "wonder" not in str(raised.value)
    assert "alice" not in str(raised.value)


@pytest.mark.parametrize("key", ["LS0tLS1CRUdJTg", "LS0tLS1CRUdJTg%3D%3D", "c2VjcmV0/c2VjcmV0"])
def test_a_private_key_in_a_url_is_refused_and_never_shown(key: str) -> None:
    with pytest.raises(InvalidTarget) as raised:
        parse(f"git::ssh://git@git.test/app?sshkey={key}")
    assert str(raised.value) == (
        "'…@git.test/app?…': carries a private key (write it to a file, and sshkey=/path/to/file)"
    )


def test_a_signature_is_sent_and_never_shown() -> None:
    source = parse(f"{U}?X-Amz-Signature=c0ffee&checksum={SHA256}//charts")
    assert isinstance(source, ArchiveSource)
    assert source.link.url == f"{U}?X-Amz-Signature=c0ffee"
    assert "c0ffee" not in f"{source} {source!r}"
    assert str(source) == f"{U}?…//charts"


PIECES = (
    "git:: https:// ssh:// file:// oci:// git@ h.test : / // ? & # @ ref= sshkey= checksum= archive= .. . x %2e"
)
TEXTS = st.lists(st.sampled_from([*PIECES.split(), *"\\\né -8"]), max_size=12).map("".join)


@given(TEXTS | st.text(max_size=40))
def test_any_text_is_a_source_or_a_usage_error(text: str) -> None:
    try:
        source = parse(text)
    except UsageError:
        return
    assert str(source)


SECRET = st.text("secrt", min_size=6, max_size=6).map(lambda text: f"Z{text}Z")
PREFIX = st.sampled_from(
    ["https://", "http://", "git::https://", "git::ssh://", "ssh://", "https::https://", "s3://"]
)
AFTER = st.sampled_from(["h.test/a.tgz", "h.test/a//b", "h.test:80/a?ref=x", "h.test", "h.test/a@b", "h.test?c=d"])
SPLIT = st.sampled_from(["", "?", "#", "/", "//", "\\", ":", "@", "%", "&", " "])


@given(PREFIX, SECRET, SPLIT, SECRET, AFTER)
def test_no_error_shows_what_stands_before_an_at_sign(
    prefix: str, one: str, split: str, other: str, after: str
) -> None:
    with pytest.raises(UsageError) as raised:
        parse(f"{prefix}alice:{one}{split}{other}@{after}")
    assert one not in str(raised.value)
    assert other not in str(raised.value)
