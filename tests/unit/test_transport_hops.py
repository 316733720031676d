"""Where a request may go, and what it may carry there (T12, acceptance 24 to 28)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocibroker.errors import OcibrokerError, OriginRefused, RedirectRefused
from ocibroker.origin import Origin
from ocibroker.transport import DEADLINE, origin_of
from ocibroker.transport.hops import bound, check_redirect, clean

HERE = Origin.parse("https://reg.example:5000")


def request(url: str = "https://reg.example:5000/v2/", method: str = "GET", **headers: str) -> httpx.Request:
    return httpx.Request(method, url, headers=headers)


def answer(location: str | bytes | None, status: int = 307) -> httpx.Response:
    raw = location.encode() if isinstance(location, str) else location
    return httpx.Response(status, headers=[] if raw is None else [(b"location", raw)])


def follow(earlier: httpx.Request, location: str) -> httpx.Request:
    """Return the request that httpx makes of a redirect which was checked; it copies the extensions."""
    assert check_redirect(earlier, answer(location)) is None
    return httpx.Request(earlier.method, earlier.url.join(location), extensions=earlier.extensions)


class Redirecting(httpx.BaseTransport):
    """Answers with one redirect, which is checked as our own transport does."""

    def __init__(self, location: str) -> None:
        self.location = location

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = answer(self.location)
        if refused := check_redirect(request, response):
            raise refused
        return response


class TestWhatIsBound:
    @pytest.mark.parametrize(
        "url",
        ["https://reg.example:5000/v2/", "https://REG.example.:5000/", "https://x:y@reg.example:5000/"],
    )
    def test_a_direct_request_to_the_origin_may_carry_the_credential(self, url: str) -> None:
        assert bound(request(url), HERE)

    @pytest.mark.acceptance(24)
    @pytest.mark.parametrize(
        "url",
        [
            "https://reg.example/v2/",
            "http://reg.example:5000/v2/",
            "https://evil.example:5000/v2/",
            "https://sub.reg.example:5000/v2/",
            "https://reg.example.evil.example:5000/",
            "https://reg.example:5000@evil.example/",
        ],
    )
    def test_a_direct_request_elsewhere_is_refused(self, url: str) -> None:
        with pytest.raises(OriginRefused, match=r"is bound to https://reg\.example:5000"):
            bound(request(url), HERE)

    @pytest.mark.acceptance(24, 28)
    @pytest.mark.parametrize(
        ("way", "carries"),
        [
            (["/v2/x"], True),
            (["https://reg.example:5000/x"], True),
            (["https://blobs.example/x"], False),
            (["https://reg.example:5001/x"], False),
            (["https://sub.reg.example:5000/x"], False),
            (["https://blobs.example/x", "/y"], False),
            (["https://blobs.example/x", "https://reg.example:5000/y"], False),
            (["https://blobs.example/x", "https://reg.example:5000/y", "/z"], False),
            (["/x", "/y", "https://blobs.example/x"], False),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else None,
    )
    def test_a_redirect_that_has_left_the_origin_never_carries_it_again(
        self, way: list[str], *, carries: bool
    ) -> None:
        hop = request()
        for location in way:
            hop = follow(hop, location)
        assert bound(hop, HERE) is carries

    @pytest.mark.parametrize("forged", [True, "https://evil.example", ("https", "evil.example", 443), object()])
    def test_a_caller_cannot_pretend_to_have_been_redirected(self, forged: object) -> None:
        made = httpx.Request("GET", "https://evil.example/", extensions={"ocibroker.hop": forged})
        with pytest.raises(OriginRefused):
            bound(made, HERE)

    def test_a_checked_redirect_opens_no_other_place(self) -> None:
        hop = request()
        assert check_redirect(hop, answer("https://blobs.example/x")) is None
        made = httpx.Request("GET", "https://evil.example/", extensions=hop.extensions)
        with pytest.raises(OriginRefused):
            bound(made, HERE)


class TestWhichRedirects:
    @pytest.mark.acceptance(24)
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_what_only_reads_may_be_sent_on(self, method: str, status: int) -> None:
        assert check_redirect(request(method=method), answer("https://blobs.example/x", status)) is None

    @pytest.mark.acceptance(24, 26)
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get"])
    @pytest.mark.parametrize("location", ["https://blobs.example/x", "/x"], ids=["elsewhere", "here"])
    def test_anything_else_is_never_sent_on(self, method: str, status: int, location: str) -> None:
        made = request()
        made.method = method
        assert isinstance(check_redirect(made, answer(location, status)), RedirectRefused)

    @pytest.mark.parametrize("location", ["https://blobs.example/x", "/x"], ids=["elsewhere", "here"])
    @pytest.mark.parametrize("content", [b"body", iter([b"body"])], ids=["known-length", "chunks"])
    def test_a_body_is_never_sent_on(self, content: bytes | Iterator[bytes], location: str) -> None:
        made = httpx.Request("GET", str(HERE), content=content)
        assert isinstance(check_redirect(made, answer(location)), RedirectRefused)

    def test_ten_redirects_are_followed_and_no_more(self) -> None:
        hop = request()
        for number in range(10):
            hop = follow(hop, f"/{number}")
        refused = check_redirect(hop, answer("/again"))
        assert isinstance(refused, RedirectRefused)

    def test_a_request_that_is_sent_once_more_starts_anew(self) -> None:
        made = request()
        for _ in range(20):
            assert check_redirect(made, answer("https://blobs.example/x")) is None
        assert bound(made, HERE)

    @pytest.mark.acceptance(24)
    @pytest.mark.parametrize(
        ("url", "location"),
        [
            ("https://reg.example", "http://reg.example/x"),
            ("https://reg.example", "http://blobs.example/x"),
            ("https://reg.example", "https://169.254.169.254/latest/meta-data"),
            ("http://reg.example", "http://169.254.169.254/latest/meta-data"),
            ("https://reg.example", "https://[::ffff:169.254.169.254]/"),
            ("https://reg.example", "https://[fe80::1]/"),
            ("https://reg.example", "https://[fd00:ec2::254]/"),
            ("https://reg.example", "https://[fd20:ce::254]/"),
            ("https://reg.example", "https://100.100.100.200/"),
            ("https://reg.example", "https://0.0.0.0/"),
            ("https://reg.example", "https://[::]/"),
            ("https://reg.example", "https://224.0.0.1/"),
            ("https://reg.example", "https://2852039166/"),
            ("https://reg.example", "https://0xa9fea9fe/"),
            ("https://reg.example", "https://169.254.43518/"),
            ("https://reg.example", "ftp://blobs.example/x"),
            ("https://reg.example", "file:///etc/passwd"),
            ("https://reg.example", "javascript:alert(1)"),
            ("https://reg.example", "https://"),
            ("https://reg.example", "https:///x"),
            ("https://reg.example", "https://["),
            ("https://reg.example", "https://[::1"),
            ("https://reg.example", "//["),
            ("https://reg.example", "https://a..example/"),
            ("https://reg.example", "https://blobs.example:0/"),
            ("https://reg.example", "https://blobs.example:99999/"),
            ("https://reg.example", "https://blobs.example:x/"),
            ("https://reg.example", "https://alice:hunter2@blobs.example/x"),
            ("https://reg.example", "https://alice@reg.example/x"),
            ("https://reg.example", "//:hunter2@reg.example/x"),
            ("https://reg.example", "https://blobs.example\x00/"),
            ("https://reg.example", "x" * 70_000),
        ],
        ids=lambda value: ascii(value[:40]),
    )
    def test_where_no_registry_is_nothing_is_sent(self, url: str, location: str) -> None:
        refused = check_redirect(request(url), answer(location))
        assert isinstance(refused, RedirectRefused)
        assert refused.culprit == url

    def test_a_refused_redirect_leaves_no_mark(self) -> None:
        made = request("https://reg.example:5000/")
        check_redirect(made, answer("http://blobs.example/x"))
        with pytest.raises(OriginRefused):
            bound(httpx.Request("GET", "http://blobs.example/x", extensions=made.extensions), HERE)

    @pytest.mark.parametrize(
        ("status", "location"),
        [(200, "https://blobs.example/x"), (201, "http://x"), (300, "http://x"), (304, "http://x"), (307, None)],
    )
    def test_what_is_no_redirect_is_no_concern(self, status: int, location: str | None) -> None:
        made = request(method="POST")
        assert check_redirect(made, answer(location, status)) is None
        assert not made.extensions

    @given(st.binary(max_size=40) | st.text("ab.:/@[]\\%1é#?", max_size=30).map(str.encode))
    def test_any_location_is_checked_or_refused(self, location: bytes) -> None:
        made = request()
        refused = check_redirect(made, answer(location))
        assert refused is None or isinstance(refused, OcibrokerError)

    @given(
        st.text("ab.:/@[]\\%1é#? \t\n", max_size=30) | st.text("ab.:/@[]\\1", max_size=20).map("https://{}".format)
    )
    @example("a:1")
    @example("https:/x")
    def test_httpx_follows_to_the_place_that_was_checked_and_raises_nothing_of_its_own(self, location: str) -> None:
        with httpx.Client(transport=Redirecting(location), trust_env=False) as client:
            try:
                following = client.send(request()).next_request
            except OcibrokerError:
                return
        assert following is not None
        assert bound(following, HERE) is (origin_of(following.url) == HERE)


class TestTheCopy:
    @pytest.mark.acceptance(24)
    @pytest.mark.parametrize("name", ["Authorization", "PROXY-AUTHORIZATION", "Cookie", "X-Vault-Token"])
    @pytest.mark.parametrize("keep", [True, False], ids=["kept", "dropped"])
    def test_secret_headers_go_to_the_bound_origin_only(self, name: str, *, keep: bool) -> None:
        assert (name in clean(request(**{name: "x"}), keep_secrets=keep).headers) is keep

    @pytest.mark.parametrize("keep", [True, False], ids=["own", "foreign"])
    def test_a_header_that_holds_no_secret_goes_everywhere(self, *, keep: bool) -> None:
        assert clean(request(Accept="x", Range="y"), keep_secrets=keep).headers["range"] == "y"

    def test_the_host_header_is_the_one_of_the_url(self) -> None:
        assert clean(request(Host="evil.example"), keep_secrets=True).headers["host"] == "reg.example:5000"

    def test_the_caller_s_own_request_is_not_touched(self) -> None:
        made = request(Host="other.example", Authorization="x")
        clean(made, keep_secrets=False)
        assert (made.headers["host"], made.headers["authorization"]) == ("other.example", "x")

    def test_only_time_limits_remain_of_the_extensions(self) -> None:
        extensions = {
            "timeout": {"read": 1.0},
            DEADLINE: 1,
            "sni_hostname": "evil.example",
            "target": b"/evil",
            "x": 1,
        }
        made = httpx.Request("GET", "https://reg.example/", extensions=extensions)
        assert clean(made, keep_secrets=True).extensions == {"timeout": {"read": 1.0}, DEADLINE: 1}

    def test_method_url_and_body_are_the_same(self) -> None:
        made = httpx.Request("PUT", "https://reg.example/x?y=z", content=b"body")
        copy = clean(made, keep_secrets=True)
        assert (copy.method, copy.url, copy.read()) == ("PUT", made.url, b"body")
