"""A policy and the material that it reads: everything configured is in force, or an error says why not."""

from __future__ import annotations

import os
import select
import ssl
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ocibroker.errors import TLSConfigurationError
from ocibroker.secret import Secret
from ocibroker.testing import Authority, Issued
from ocibroker.tls import Material, MinVersion, Proxy, Roots, TLSPolicy
from tests.unit.handshake import shake, trusts

HOST = "a.example"
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def public() -> Authority:
    """Stand in for the authorities that the system trusts."""
    return Authority()


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue("me@a.example")


@pytest.fixture(scope="module")
def stranger(authority: Authority) -> Issued:
    return authority.issue("other@a.example")


@pytest.fixture
def roots(tmp_path: Path, public: Authority) -> Roots:
    return Roots((public.write(tmp_path / "system"),), (), "SSL_CERT_FILE")


@pytest.fixture
def ca(tmp_path: Path, authority: Authority) -> Path:
    return authority.write(tmp_path)


def encrypted(key: str, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    private = load_pem_private_key(key.encode(), None)
    return private.private_bytes(Encoding.PEM, form, BestAvailableEncryption(PASSWORD.encode())).decode()


class TestTrust:
    @pytest.mark.acceptance(16)
    def test_a_configured_authority_is_added_to_the_system_s(
        self, roots: Roots, ca: Path, authority: Authority, public: Authority
    ) -> None:
        context = TLSPolicy(host=HOST, ca=(ca,), roots=roots).ssl_context()
        assert [trusts(context, one.server_context(HOST), HOST) for one in (authority, public)] == [True, True]

    def test_it_stands_alone_with_ca_only(
        self, roots: Roots, ca: Path, authority: Authority, public: Authority
    ) -> None:
        context = TLSPolicy(host=HOST, ca=(ca,), ca_only=True, roots=roots).ssl_context()
        assert [trusts(context, one.server_context(HOST), HOST) for one in (authority, public)] == [True, False]

    @pytest.mark.acceptance(2)
    def test_without_one_the_system_s_are_trusted(
        self, roots: Roots, authority: Authority, public: Authority
    ) -> None:
        context = TLSPolicy(host=HOST, roots=roots).ssl_context()
        assert [trusts(context, one.server_context(HOST), HOST) for one in (authority, public)] == [False, True]

    @pytest.mark.acceptance(9)
    def test_all_of_two_joined_certificates_are_trusted(self, tmp_path: Path, roots: Roots) -> None:
        pair = (Authority(), Authority())
        ca = tmp_path / "joined.pem"
        ca.write_text("".join(one.pem.strip() for one in pair))
        context = TLSPolicy(host=HOST, ca=(ca,), roots=roots).ssl_context()
        assert [trusts(context, one.server_context(HOST), HOST) for one in pair] == [True, True]

    def test_a_pinned_certificate_is_an_anchor(self, tmp_path: Path, roots: Roots, authority: Authority) -> None:
        issued = authority.issue(HOST)
        pinned, _ = issued.write(tmp_path / "pinned")
        context = TLSPolicy(host=HOST, ca=(pinned,), ca_only=True, roots=roots).ssl_context()
        assert trusts(context, issued.server_context(), HOST)
        assert not trusts(context, authority.server_context(HOST), HOST)

    @pytest.mark.parametrize(
        ("name", "expired", "trusted"),
        [(HOST, False, True), ("b.example", False, False), (HOST, True, False)],
        ids=["right", "other-name", "expired"],
    )
    def test_name_and_dates_are_verified(
        self,
        roots: Roots,
        ca: Path,
        authority: Authority,
        name: str,
        *,
        expired: bool,
        trusted: bool,
    ) -> None:
        server = authority.issue(name, expired=expired).server_context()
        context = TLSPolicy(host=HOST, ca=(ca,), roots=roots).ssl_context()
        assert trusts(context, server, HOST) is trusted

    @pytest.mark.acceptance(10)
    def test_insecure_verifies_nothing_but_still_has_a_context(self, authority: Authority) -> None:
        context = TLSPolicy(host=HOST, insecure=True).ssl_context()
        assert trusts(context, authority.issue("b.example", expired=True).server_context(), HOST)

    @pytest.mark.acceptance(11)
    def test_plain_http_still_has_a_context_for_what_is_https(self, roots: Roots, public: Authority) -> None:
        context = TLSPolicy(host=HOST, plain_http=True, roots=roots).ssl_context()
        assert trusts(context, public.server_context(HOST), HOST)

    @pytest.mark.parametrize(
        ("version", "least"), [("1.2", ssl.TLSVersion.TLSv1_2), ("1.3", ssl.TLSVersion.TLSv1_3)]
    )
    def test_the_least_version_is_kept(self, roots: Roots, version: MinVersion, least: ssl.TLSVersion) -> None:
        policy = TLSPolicy(host=HOST, roots=roots, min_version=version)
        assert policy.ssl_context().minimum_version == least

    def test_an_older_server_is_refused(self, roots: Roots, public: Authority) -> None:
        server = public.server_context(HOST)
        server.maximum_version = ssl.TLSVersion.TLSv1_2
        context = TLSPolicy(host=HOST, roots=roots, min_version="1.3").ssl_context()
        with pytest.raises(ssl.SSLError):
            shake(context, server, HOST)

    def test_every_context_is_a_new_one(self, roots: Roots) -> None:
        material = TLSPolicy(host=HOST, roots=roots).load()
        assert material.context() is not material.context()


class TestContradictions:
    @pytest.mark.acceptance(10, 11, 13)
    @pytest.mark.parametrize(
        ("settings", "why"),
        [
            ({"insecure": True, "ca": (Path("/ca"),)}, "insecure and ca contradict"),
            (
                {"insecure": True, "client_cert": Path("/c"), "client_key": Path("/k")},
                "insecure and client_cert contradict",
            ),
            ({"plain_http": True, "ca": (Path("/ca"),)}, "plain_http and ca contradict"),
            (
                {"plain_http": True, "client_cert": Path("/c"), "client_key": Path("/k")},
                "plain_http and client_cert contradict",
            ),
            ({"plain_http": True, "insecure": True}, "insecure and plain_http contradict"),
            ({"client_cert": Path("/c")}, "client_cert without client_key"),
            ({"client_key": Path("/k")}, "client_key without client_cert"),
            ({"client_key_password": Secret("hunter2")}, "client_key_password without client_key"),
            ({"ca_only": True}, "ca_only without ca"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_settings_that_contradict_each_other_are_an_error(self, settings: dict[str, Any], why: str) -> None:
        with pytest.raises(TLSConfigurationError, match=why) as caught:
            TLSPolicy(host=HOST, **settings)
        assert HOST in caught.value.culprit
        assert caught.value.hint
        assert "hunter2" not in str(caught.value)


Make = Callable[[Issued, Issued], tuple[str, str]]


class TestTheClientCertificate:
    @pytest.fixture
    def policy(self, tmp_path: Path, roots: Roots) -> Callable[..., TLSPolicy]:
        """Return a function that writes certificate and key and returns their policy."""

        def make(
            certificate: str | bytes, key: str | bytes | None = None, password: str | None = None
        ) -> TLSPolicy:
            paths = tmp_path / "me.pem", tmp_path / "me.key"
            for path, content in zip(paths, (certificate, key), strict=True):
                if content is not None:
                    path.write_bytes(content if isinstance(content, bytes) else content.encode())
            return TLSPolicy(
                host=HOST,
                roots=roots,
                client_cert=paths[0],
                client_key=paths[0] if key is None else paths[1],
                client_key_password=Secret(password) if password else None,
            )

        return make

    @pytest.mark.acceptance(17)
    @pytest.mark.parametrize(
        ("make", "password"),
        [
            (lambda one: (one.certificate, one.key), None),
            (lambda one: (one.certificate + one.key,), None),
            (lambda one: (one.key + one.certificate,), None),
            (lambda one: (one.certificate, encrypted(one.key)), PASSWORD),
            (lambda one: (one.certificate, encrypted(one.key, PrivateFormat.TraditionalOpenSSL)), PASSWORD),
            (lambda one: (one.certificate + encrypted(one.key),), PASSWORD),
            (lambda one: (one.certificate, one.key), "not needed"),
        ],
        ids=["pair", "one-file", "key-first", "encrypted", "encrypted-openssl", "encrypted-one-file", "needless"],
    )
    def test_it_identifies_us_to_a_server_that_asks(
        self,
        policy: Callable[..., TLSPolicy],
        authority: Authority,
        public: Authority,
        issued: Issued,
        make: Callable[[Issued], tuple[str, ...]],
        password: str | None,
    ) -> None:
        server = public.server_context(HOST, client_authority=authority)
        context = policy(*make(issued), password=password).ssl_context()
        assert shake(context, server, HOST) == b"hello"

    def test_without_it_that_server_refuses_us(self, roots: Roots, authority: Authority, public: Authority) -> None:
        server = public.server_context(HOST, client_authority=authority)
        with pytest.raises(ssl.SSLError):
            shake(TLSPolicy(host=HOST, roots=roots).ssl_context(), server, HOST)

    @pytest.mark.acceptance(13)
    @pytest.mark.parametrize(
        ("make", "password", "name", "why"),
        [
            (lambda one, other: (one.certificate, other.key), None, "me.key", "is not the key of"),
            (lambda one, _: (one.certificate, ""), None, "me.key", "not a usable PEM private key"),
            (lambda one, _: (one.certificate, "garbage"), None, "me.key", "not a usable PEM private key"),
            (lambda one, _: (one.certificate, one.key[:80]), None, "me.key", "not a usable PEM private key"),
            (lambda one, _: (one.certificate, b"0\x82\x00\x00"), None, "me.key", "not a usable PEM private key"),
            (lambda one, _: (one.certificate, one.certificate), None, "me.key", "not a usable PEM private key"),
            (lambda one, _: (one.certificate, encrypted(one.key)), None, "me.key", "is encrypted"),
            (
                lambda one, _: (one.certificate, encrypted(one.key, PrivateFormat.TraditionalOpenSSL)),
                None,
                "me.key",
                "is encrypted",
            ),
            (lambda one, _: (one.certificate, encrypted(one.key)), "hunter2", "me.key", "cannot be decrypted"),
            (lambda one, _: (one.certificate, encrypted(one.key)), "h" * 2000, "me.key", "cannot be decrypted"),
            (lambda one, _: ("", one.key), None, "me.pem", "is empty"),
            (lambda one, _: ("garbage", one.key), None, "me.pem", "no PEM certificate"),
            (lambda one, _: (ssl.PEM_cert_to_DER_cert(one.certificate), one.key), None, "me.pem", "is DER"),
            (lambda one, _: (one.certificate[:300], one.key), None, "me.pem", "of which 0 are complete"),
            (lambda one, _: (one.key, one.key), None, "me.pem", "PRIVATE KEY"),
            (lambda one, _: (one.certificate,), None, "me.pem", "not a usable PEM private key"),
        ],
        ids=[
            "mismatched",
            "empty-key",
            "garbage-key",
            "cut-off-key",
            "der-key",
            "certificate-for-key",
            "encrypted",
            "encrypted-openssl",
            "wrong-password",
            "endless-password",
            "empty-certificate",
            "garbage-certificate",
            "der-certificate",
            "cut-off-certificate",
            "key-for-certificate",
            "no-key-in-one-file",
        ],
    )
    def test_what_cannot_be_used_is_an_error_that_names_file_host_and_reason(
        self,
        policy: Callable[..., TLSPolicy],
        issued: Issued,
        stranger: Issued,
        make: Callable[[Issued, Issued], tuple[str | bytes, ...]],
        password: str | None,
        name: str,
        why: str,
    ) -> None:
        with pytest.raises(TLSConfigurationError, match=why) as caught:
            policy(*make(issued, stranger), password=password).load()
        assert Path(caught.value.culprit).name == name
        assert HOST in caught.value.message
        assert "hunter2" not in str(caught.value)

    @pytest.mark.acceptance(13)
    @pytest.mark.parametrize("missing", ["me.pem", "me.key"])
    def test_a_missing_file_is_an_error_that_names_it(
        self, policy: Callable[..., TLSPolicy], issued: Issued, tmp_path: Path, missing: str
    ) -> None:
        made = policy(issued.certificate, issued.key)
        (tmp_path / missing).unlink()
        with pytest.raises(TLSConfigurationError, match="No such file") as caught:
            made.load()
        assert caught.value.culprit == str(tmp_path / missing)
        assert HOST in caught.value.message

    def test_a_path_that_cannot_be_one_is_an_error(self, roots: Roots) -> None:
        odd = Path("/a\x00b")
        with pytest.raises(TLSConfigurationError, match="NUL"):
            TLSPolicy(host=HOST, roots=roots, client_cert=odd, client_key=odd).load()

    def test_nobody_is_asked_for_the_password_on_the_terminal(
        self, policy: Callable[..., TLSPolicy], issued: Issued
    ) -> None:
        made = policy(issued.certificate, encrypted(issued.key))
        code = f"""
            import fcntl, sys, termios
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            from pathlib import Path
            from ocibroker.errors import TLSConfigurationError
            from ocibroker.tls import Roots, TLSPolicy
            roots, certificate, key = map(Path, sys.argv[1:])
            try:
                TLSPolicy(host={HOST!r}, roots=Roots((roots,)), client_cert=certificate, client_key=key).load()
            except TLSConfigurationError as error:
                print("REFUSED:", error.message)
        """
        said = on_a_terminal(code, made.roots.files[0], made.client_cert, made.client_key)
        assert "REFUSED: is encrypted" in said
        assert "pass phrase" not in said


def on_a_terminal(code: str, *arguments: object) -> str:
    """Run Python code in a process with a terminal of its own; return what was written to that terminal."""
    ours, theirs = os.openpty()
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    with subprocess.Popen(
        argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True
    ) as child:
        os.close(theirs)
        said = b""
        while select.select([ours], [], [], 20)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:  # Linux says so when the last one has closed the terminal
                break
            said += part
            if not part or b"pass phrase" in said:
                break
        child.kill()
    os.close(ours)
    return said.decode()


class TestTheDigest:
    @pytest.mark.parametrize(
        "change",
        [
            {"host": "b.example"},
            {"ca_only": True},
            {"min_version": "1.3"},
            {"ca": ()},
            {"roots": Roots((Path("/other"),))},
            {"client_key_password": Secret("other")},
            {"proxy": Proxy.parse("http://proxy.example:3128", "X")},
            {"proxy": Proxy.parse("http://alice@proxy.example:3128", "X")},
            {"proxy": Proxy.parse("http://alice:x@proxy.example:3128", "X")},
            {"proxy": Proxy.parse("http://alice:y@proxy.example:3128", "X")},
        ],
        ids=[
            "host",
            "ca-only",
            "version",
            "ca",
            "roots",
            "password",
            "proxy",
            "user",
            "proxy-password",
            "other-word",
        ],
    )
    def test_every_setting_changes_it(
        self, tmp_path: Path, roots: Roots, ca: Path, issued: Issued, change: dict[str, Any]
    ) -> None:
        certificate, key = issued.write(tmp_path / "me")
        policy = TLSPolicy(host=HOST, ca=(ca,), roots=roots, client_cert=certificate, client_key=key)
        assert digest(replace(policy, **change)) != digest(policy)

    def test_no_two_proxies_share_one(self, roots: Roots) -> None:
        urls = ["", "alice@", "alice:x@", "alice:y@", ":x@"]
        policies = [
            TLSPolicy(host=HOST, roots=roots, proxy=Proxy.parse(f"http://{user}proxy.example:3128", "X"))
            for user in urls
        ]
        assert len({digest(policy) for policy in policies}) == len(urls)

    @pytest.mark.parametrize("which", ["ca.pem", "me/cert.pem", "system/ca.pem"])
    def test_every_file_changes_it(
        self, tmp_path: Path, roots: Roots, ca: Path, issued: Issued, which: str
    ) -> None:
        certificate, key = issued.write(tmp_path / "me")
        policy = TLSPolicy(host=HOST, ca=(ca,), roots=roots, client_cert=certificate, client_key=key)
        before = digest(policy)
        path = tmp_path / which
        path.write_text(path.read_text() + Authority().pem)
        assert digest(policy) != before

    def test_a_new_root_in_a_folder_changes_it(self, tmp_path: Path, ca: Path) -> None:
        policy = TLSPolicy(host=HOST, roots=Roots((), (ca.parent,), "SSL_CERT_DIR"))
        before = digest(policy)
        (ca.parent / "second.pem").write_text(Authority().pem)
        os.utime(ca.parent, ns=(0, 1))  # a clock that is coarser than this test
        assert digest(policy) != before

    def test_it_stays_while_nothing_changes(self, roots: Roots, ca: Path) -> None:
        policy = TLSPolicy(host=HOST, ca=(ca,), roots=roots)
        assert digest(policy) == digest(replace(policy, sources={"ca": "somewhere else"}))


def digest(policy: TLSPolicy) -> str:
    try:
        return Material.read(policy).digest
    except TLSConfigurationError as error:
        return f"refused: {error}"


class TestForOtherLibraries:
    @pytest.mark.parametrize(
        ("settings", "trusted"),
        [({}, [True, True]), ({"ca_only": True}, [True, False])],
        ids=["added", "ca-only"],
    )
    def test_a_file_holds_all_that_is_trusted(
        self,
        roots: Roots,
        ca: Path,
        authority: Authority,
        public: Authority,
        settings: dict[str, Any],
        trusted: list[bool],
    ) -> None:
        policy = TLSPolicy(host=HOST, ca=(ca,), roots=roots, **settings)
        context = ssl.create_default_context(cafile=policy.ca_file())
        assert [trusts(context, one.server_context(HOST), HOST) for one in (authority, public)] == trusted

    def test_a_description_holds_neither_key_nor_password(
        self, tmp_path: Path, roots: Roots, issued: Issued
    ) -> None:
        certificate, key = issued.write(tmp_path / "me")
        policy = TLSPolicy(
            host=HOST,
            roots=roots,
            client_cert=certificate,
            client_key=key,
            client_key_password=Secret("hunter2"),
            proxy=Proxy.parse("http://alice:hunter2@proxy.example:3128", "HTTPS_PROXY"),
            sources={"client_cert": "config.toml"},
        )
        assert policy.describe() == {
            "ca": [],
            "ca_only": False,
            "client_cert": str(certificate),
            "insecure": False,
            "min_version": "1.2",
            "notes": [],
            "plain_http": False,
            "proxy": "http://proxy.example:3128",
            "roots": "SSL_CERT_FILE",
            "sources": {"client_cert": "config.toml"},
        }

    def test_a_description_says_where_trust_comes_from_with_ca_only(self, ca: Path) -> None:
        assert TLSPolicy(host=HOST, ca=(ca,), ca_only=True).describe()["roots"] == "none"

    def test_neither_a_policy_nor_its_material_shows_a_key_or_password(
        self, tmp_path: Path, roots: Roots, issued: Issued
    ) -> None:
        certificate, key = issued.write(tmp_path / "me")
        policy = TLSPolicy(
            host=HOST, roots=roots, client_cert=certificate, client_key=key, client_key_password=Secret("hunter2")
        )
        shown = f"{policy!r} {policy.load()!r}"
        assert "hunter2" not in shown
        assert "PRIVATE KEY" not in shown


def test_a_replaced_ssl_context_cannot_keep_ca_only_and_is_refused(ca: Path) -> None:
    code = f"""
        import ssl
        from pathlib import Path
        class SSLContext(ssl.SSLContext):
            __module__ = "somebody.else"
        ssl.SSLContext = SSLContext
        from ocibroker.errors import TLSConfigurationError
        from ocibroker.tls import TLSPolicy
        try:
            TLSPolicy(host="a.example", ca=(Path({str(ca)!r}),), ca_only=True).load()
        except TLSConfigurationError as error:
            print(error)
    """
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=environ, capture_output=True, text=True, check=True
    )
    assert "somebody.else has replaced it, and ca_only cannot be kept for a.example" in done.stdout
