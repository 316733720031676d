"""Through which proxy a host is reached, and which hosts go without one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import TLSConfigurationError
from ocibroker.origin import Origin
from ocibroker.secret import Secret
from ocibroker.tls import EnvironProxies, Proxy, split_no_proxy
from ocibroker.tls.proxy import goes_without

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("url", "origin", "username", "password"),
    [
        (PROXY, PROXY, "", None),
        ("https://proxy.example:3129", "https://proxy.example:3129", "", None),
        ("HTTP://Proxy.Example.:3128/", PROXY, "", None),
        ("proxy.example:3128", PROXY, "", None),
        ("alice:hunter2@proxy.example:3128", PROXY, "alice", "hunter2"),
        ("http://proxy.example", "http://proxy.example:80", "", None),
        ("http://[::1]:3128", "http://[::1]:3128", "", None),
        ("http://10.0.0.1:3128/", "http://10.0.0.1:3128", "", None),
        ("http://alice@proxy.example:3128", PROXY, "alice", None),
        ("http://alice:@proxy.example:3128", PROXY, "alice", None),
        ("http://alice:hunter2@proxy.example:3128", PROXY, "alice", "hunter2"),
        ("http://alice:p%40ss%3a%C3%A9@proxy.example:3128", PROXY, "alice", "p@ss:é"),
        ("http://%C3%A9:x@proxy.example:3128", PROXY, "é", "x"),
        ("http://alice:hun@ter2@proxy.example:3128", PROXY, "alice", "hun@ter2"),
        ("http://:hunter2@proxy.example:3128", PROXY, "", "hunter2"),
    ],
)
def test_a_proxy_is_read(url: str, origin: str, username: str, password: str | None) -> None:
    assert Proxy.parse(url, "X") == Proxy(
        Origin.parse(origin), "X", username, Secret(password) if password else None
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://",
        "socks5://proxy.example:1080",
        "socks5://alice:hunter2@proxy.example:1080",
        "http://proxy.example:0",
        "http://proxy.example:99999",
        "http://alice:hunter2@proxy.example:x",
        "http://alice:hunter2@",
        "http://alice:hunter2@pro xy",
        "http://alice:hunter2@127.1:3128",
        "http://alice:hunter2%0d%0aX@proxy.example:3128",
        "http://alice:%00hunter2@proxy.example:3128",
        "http://proxy.example\\x:3128",
    ],
)
def test_a_proxy_that_cannot_be_used_is_an_error_that_names_who_asked_for_it(url: str) -> None:
    with pytest.raises(TLSConfigurationError) as caught:
        Proxy.parse(url, "HTTPS_PROXY")
    assert caught.value.culprit == "HTTPS_PROXY"
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=40) | st.text("ab:/@%0d.1[]\\", max_size=30).map("http://{}".format))
def test_any_text_is_a_proxy_or_a_configuration_error(url: str) -> None:
    try:
        proxy = Proxy.parse(url, "X")
    except TLSConfigurationError:
        return
    assert Proxy.parse(str(proxy), "X").origin == proxy.origin


@pytest.mark.acceptance(19)
def test_a_proxy_never_shows_its_password() -> None:
    proxy = Proxy.parse("http://alice:hunter2@proxy.example:3128", "X")
    assert "hunter2" not in f"{proxy} {proxy!r}"


@pytest.mark.parametrize(
    ("environ", "to", "proxy"),
    [
        ({}, "https://a.example", None),
        ({"HTTPS_PROXY": PROXY}, "https://a.example", PROXY),
        ({"https_proxy": PROXY}, "https://a.example", PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other.example:1"}, "https://a.example", PROXY),
        ({"https_proxy": "", "HTTPS_PROXY": PROXY}, "https://a.example", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http://a.example", None),
        ({"HTTP_PROXY": PROXY}, "http://a.example", PROXY),
        ({"HTTP_PROXY": PROXY}, "https://a.example", None),
        ({"HTTPS_PROXY": PROXY}, "https://localhost", None),
        ({"HTTPS_PROXY": PROXY}, "https://127.0.0.1:5000", None),
        ({"HTTPS_PROXY": PROXY}, "https://127.9.9.9", None),
        ({"HTTPS_PROXY": PROXY}, "https://[::1]:5000", None),
        ({"HTTPS_PROXY": PROXY}, "https://[::ffff:127.0.0.1]", None),
        ({"HTTP_PROXY": PROXY}, "http://169.254.169.254", None),
        ({"HTTP_PROXY": PROXY}, "http://169.254.170.23", None),
        ({"HTTP_PROXY": PROXY}, "http://[fe80::1]", None),
        ({"HTTP_PROXY": PROXY}, "http://[fd00:ec2::254]", None),
        ({"HTTPS_PROXY": PROXY}, "https://10.0.0.1", PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example"}, "https://a.example", None),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "a.example", "NO_PROXY": "b.example"}, "https://a.example", None),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "a.example", "NO_PROXY": "b.example"}, "https://b.example", PROXY),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "", "NO_PROXY": "b.example"}, "https://b.example", None),
    ],
)
def test_the_environment_says_which_proxy(environ: dict[str, str], to: str, proxy: str | None) -> None:
    found = EnvironProxies.from_environ(environ).for_origin(Origin.parse(to))
    assert (str(found) if found else None) == proxy


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY"])
def test_a_proxy_says_which_variable_named_it(name: str) -> None:
    found = EnvironProxies.from_environ({name: PROXY}).https
    assert found is not None
    assert found.source == name


def test_a_list_of_the_caller_s_replaces_the_environment_s() -> None:
    proxies = EnvironProxies.from_environ({"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example"})
    assert proxies.for_origin(Origin.parse("https://a.example"), without=()) is not None
    assert proxies.for_origin(Origin.parse("https://b.example"), without=("b.example",)) is None


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", ()),
        (" , ,", ()),
        ("a.example", ("a.example",)),
        (" A.Example , .b ,*", ("a.example", ".b", "*")),
    ],
)
def test_a_list_is_separated_by_commas(text: str, entries: tuple[str, ...]) -> None:
    assert split_no_proxy(text) == entries


@pytest.mark.acceptance(19)
@pytest.mark.parametrize(
    ("entry", "to", "exempt"),
    [
        ("*", "https://a.example", True),
        ("*", "https://10.0.0.1", True),
        ("a.example", "https://a.example", True),
        ("a.example", "https://a.example:5000", True),
        ("a.example", "https://x.a.example", True),
        ("a.example", "https://xa.example", False),
        ("a.example", "https://a.example.evil", False),
        ("a.example", "https://example", False),
        (".a.example", "https://x.a.example", True),
        (".a.example", "https://a.example", False),
        ("*.a.example", "https://x.a.example", True),
        ("*.a.example", "https://a.example", False),
        ("a.example:5000", "https://a.example:5000", True),
        ("a.example:5000", "https://x.a.example:5000", True),
        ("a.example:5000", "https://a.example", False),
        ("a.example:443", "https://a.example", True),
        ("a.example:80", "http://a.example", True),
        ("a.example:", "https://a.example", False),
        (":443", "https://a.example", False),
        ("10.0.0.1", "https://10.0.0.1", True),
        ("10.0.0.1", "https://10.0.0.1:5000", True),
        ("10.0.0.1", "https://10.0.0.11", False),
        ("10.0.0.1:5000", "https://10.0.0.1:5000", True),
        ("10.0.0.1:5000", "https://10.0.0.1", False),
        ("10.0.0.0/8", "https://10.1.2.3", True),
        ("10.0.0.1/8", "https://10.1.2.3", True),
        ("10.0.0.0/8", "https://11.1.2.3", False),
        ("10.0.0.0/8", "https://a.example", False),
        ("10.0.0.0/33", "https://10.0.0.1", False),
        ("0.0.0.0/0", "https://[2001:db8::1]", False),
        ("10.0.0.0/8", "https://[::ffff:10.1.2.3]", True),
        ("2001:db8::1", "https://[2001:db8::1]", True),
        ("[2001:db8::1]", "https://[2001:db8::1]", True),
        ("[2001:db8::1]:5000", "https://[2001:db8::1]:5000", True),
        ("[2001:db8::1]:5000", "https://[2001:db8::1]", False),
        ("2001:db8::/32", "https://[2001:db8::1]", True),
        ("2001:db8::/32", "https://[2001:db9::1]", False),
        ("2001:db8::443", "https://a.example", False),
        ("localhost", "https://localhost", True),
    ],
)
def test_an_entry_exempts_as_in_go(entry: str, to: str, *, exempt: bool) -> None:
    assert goes_without(Origin.parse(to), split_no_proxy(entry)) is exempt


@pytest.mark.parametrize(("entries", "exempt"), [((), False), (("b", "a.example"), True), (("b", "c"), False)])
def test_one_entry_is_enough(entries: tuple[str, ...], *, exempt: bool) -> None:
    assert goes_without(Origin.parse("https://a.example"), entries) is exempt


@given(st.text(max_size=20) | st.text("a.:*[]/0", max_size=12), st.sampled_from(["a.example", "10.0.0.1", "[::1]"]))
def test_no_entry_is_an_error(entry: str, host: str) -> None:
    assert isinstance(goes_without(Origin.parse(f"https://{host}"), [entry]), bool)
