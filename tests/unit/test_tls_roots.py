"""The system's roots, and how the environment names others."""

from __future__ import annotations

import logging
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ocibroker.errors import TLSConfigurationError
from ocibroker.testing import Authority
from ocibroker.tls import Roots
from tests.unit.handshake import trusts

HOST = "a.example"
OPENSSL = shutil.which("openssl")
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")

needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="apt-get install openssl")
needs_debian = pytest.mark.skipif(not BUNDLE.exists(), reason=f"apt-get install ca-certificates, for {BUNDLE}")


@pytest.fixture(scope="module")
def server(authority: Authority) -> ssl.SSLContext:
    return authority.server_context(HOST)


def hashed(folder: Path, authority: Authority) -> Path:
    """Return a folder as OpenSSL looks things up in: files named after a digest of the subject."""
    folder.mkdir()
    pem = authority.write(folder.parent / "made")
    argv = [str(OPENSSL), "x509", "-noout", "-hash", "-in", str(pem)]
    digest = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    pem.rename(folder / f"{digest}.0")
    return folder


def unhashed(folder: Path, authority: Authority, name: str = "corp.pem") -> Path:
    folder.mkdir()
    (folder / name).write_text(authority.pem)
    return folder


def file_of(folder: Path, authority: Authority) -> dict[str, str]:
    return {"SSL_CERT_FILE": str(authority.write(folder))}


def hashed_of(folder: Path, authority: Authority) -> dict[str, str]:
    return {"SSL_CERT_DIR": str(hashed(folder / "hashed", authority))}


def unhashed_of(folder: Path, authority: Authority) -> dict[str, str]:
    return {"SSL_CERT_DIR": str(unhashed(folder / "plain", authority))}


def crt_of(folder: Path, authority: Authority) -> dict[str, str]:
    return {"SSL_CERT_DIR": str(unhashed(folder / "plain", authority, "corp.crt"))}


def second_of(folder: Path, authority: Authority) -> dict[str, str]:
    return {"SSL_CERT_DIR": f"{folder / 'missing'}:{unhashed(folder / 'plain', authority)}:"}


def both_of(folder: Path, authority: Authority) -> dict[str, str]:
    named = file_of(folder, Authority())
    return {**named, **unhashed_of(folder, authority)}


Naming = Callable[[Path, Authority], dict[str, str]]
every_way = pytest.mark.parametrize(
    "naming",
    [file_of, pytest.param(hashed_of, marks=needs_openssl), unhashed_of, crt_of, second_of, both_of],
    ids=lambda naming: naming.__name__,
)


@every_way
def test_what_the_environment_names_is_trusted(
    tmp_path: Path, authority: Authority, server: ssl.SSLContext, naming: Naming
) -> None:
    roots = Roots.from_environ(naming(tmp_path, authority))
    assert trusts(roots.context(), server, HOST)


@every_way
def test_the_bundle_holds_what_the_environment_names_and_nothing_else(
    tmp_path: Path, authority: Authority, naming: Naming
) -> None:
    bundle = Roots.from_environ(naming(tmp_path, authority)).bundle()
    assert authority.pem.strip() in bundle
    assert bundle.count("-----BEGIN") == (2 if naming is both_of else 1)


@pytest.mark.parametrize(
    ("naming", "source"),
    [(file_of, "SSL_CERT_FILE"), (unhashed_of, "SSL_CERT_DIR"), (both_of, "SSL_CERT_FILE and SSL_CERT_DIR")],
    ids=["file", "folder", "both"],
)
def test_roots_say_who_named_them(tmp_path: Path, authority: Authority, naming: Naming, source: str) -> None:
    assert Roots.from_environ(naming(tmp_path, authority)).source == source


@every_way
def test_what_names_them_is_watched(tmp_path: Path, authority: Authority, naming: Naming) -> None:
    environ = naming(tmp_path, authority)
    parts = {Path(part) for value in environ.values() for part in value.split(":") if part}
    assert set(Roots.from_environ(environ).watch) == parts


def test_nobody_is_trusted_where_the_named_folder_holds_nothing(tmp_path: Path, server: ssl.SSLContext) -> None:
    assert not trusts(Roots.from_environ({"SSL_CERT_DIR": str(tmp_path)}).context(), server, HOST)


@pytest.mark.parametrize("made", [True, False], ids=["empty", "missing"])
def test_a_named_folder_that_holds_nothing_is_never_replaced_by_the_system_s(tmp_path: Path, *, made: bool) -> None:
    folder = tmp_path / "folder"
    if made:
        folder.mkdir()
    with pytest.raises(TLSConfigurationError, match="no file"):
        Roots.from_environ({"SSL_CERT_DIR": str(folder)}).bundle()


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nxx"], ids=["empty", "words", "cut"]
)
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_named_store_that_holds_no_certificates_is_an_error(
    tmp_path: Path, variable: str, content: bytes
) -> None:
    path = tmp_path / "roots.pem"
    path.write_bytes(content)
    roots = Roots.from_environ({variable: str(path if variable == "SSL_CERT_FILE" else tmp_path)})
    with pytest.raises(TLSConfigurationError, match="cannot be read as PEM") as caught:
        roots.context()
    assert caught.value.culprit == str(path)
    assert variable in caught.value.hint


@pytest.mark.acceptance(8)
def test_a_missing_file_is_left_out_with_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    missing = str(tmp_path / "missing.pem")
    with caplog.at_level(logging.WARNING):
        roots = Roots.from_environ({"SSL_CERT_FILE": missing})
    assert roots == Roots.from_environ({})
    assert [missing in record.getMessage() for record in caplog.records] == [True]


def test_a_file_that_has_gone_since_is_an_error(tmp_path: Path, authority: Authority) -> None:
    roots = Roots.from_environ(file_of(tmp_path, authority))
    roots.files[0].unlink()
    for read in (roots.bundle, roots.context):
        with pytest.raises(TLSConfigurationError, match="cannot be read"):
            read()


@needs_debian
def test_the_distribution_s_roots_are_used_where_nothing_is_named() -> None:
    roots = Roots.from_environ({})
    assert (roots.source, roots.folders, roots.files) == ("distribution", (BUNDLE.parent,), ())


@needs_debian
def test_the_distribution_s_folder_has_one_bundle() -> None:
    assert Roots.from_environ({}).bundle() == BUNDLE.read_text("ascii", errors="replace")


@needs_debian
def test_the_system_s_bundle_serves_where_it_has_an_interface_of_its_own() -> None:
    assert Roots().bundle() == BUNDLE.read_text("ascii", errors="replace")


def test_a_linux_without_roots_is_an_error_that_says_what_to_install() -> None:
    with pytest.raises(TLSConfigurationError) as caught:
        Roots().context()
    assert "ca-certificates" in caught.value.hint


@needs_debian
def test_the_distribution_does_not_trust_a_stranger(server: ssl.SSLContext) -> None:
    assert not trusts(Roots.from_environ({}).context(), server, HOST)
