"""Which policy a host is reached with, and when a change of its files is in force."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from ocibroker.errors import ConfigurationError, TLSConfigurationError
from ocibroker.origin import Origin
from ocibroker.pattern import Pattern
from ocibroker.scratch import Scratch
from ocibroker.secret import Secret
from ocibroker.target import Target
from ocibroker.testing import Authority
from ocibroker.tls import Proxy, TLSEntry, TLSPolicies, TLSPolicy
from tests.unit.handshake import trusts

HOST = "a.example"
ORIGIN = Origin.parse(f"https://{HOST}")


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def entry(match: str, **settings: Any) -> TLSEntry:  # noqa: ANN401  # every setting has its own type
    aside = {key: settings.pop(key) for key in ("no_proxy", "password") if key in settings}
    return TLSEntry(Pattern.parse(match), TLSPolicy(host=match, **settings), f"[[tls]] {match}", **aside)


def policies(*entries: TLSEntry, environ: dict[str, str] | None = None, hands: Hands | None = None) -> TLSPolicies:
    return TLSPolicies(entries, environ=environ or {}, monotonic=hands or Hands(), scratch=Scratch())


@pytest.fixture
def system(tmp_path: Path) -> dict[str, str]:
    return {"SSL_CERT_FILE": str(Authority().write(tmp_path / "system"))}


class TestSelection:
    @pytest.mark.parametrize(
        ("matches", "url", "chosen"),
        [
            ([], "https://a.example", None),
            (["b.example"], "https://a.example", None),
            (["a.example"], "https://a.example", "a.example"),
            (["a.example"], "https://a.example:5000", None),
            (["a.example:5000"], "https://a.example:5000", "a.example:5000"),
            (["a.example"], "http://a.example", "a.example"),
            (["*.example", "a.example"], "https://a.example", "a.example"),
            (["*.example", "a*.example"], "https://ab.example", "a*.example"),
            (["*.example", "a.example"], "https://b.example", "*.example"),
            (["docker.io"], "https://registry-1.docker.io", "docker.io"),
            (["docker.io"], "https://index.docker.io", "docker.io"),
            (["registry-1.docker.io"], "https://registry-1.docker.io", "registry-1.docker.io"),
            (["docker.io"], "https://auth.docker.io", None),
        ],
    )
    def test_the_most_specific_entry_is_chosen(
        self, system: dict[str, str], matches: list[str], url: str, chosen: str | None
    ) -> None:
        policy = policies(*(entry(match) for match in matches), environ=system).policy(Origin.parse(url))
        assert policy.sources.get("entry") == (f"[[tls]] {chosen}" if chosen else None)

    def test_it_wins_whole_and_nothing_of_the_others_is_merged_in(self, system: dict[str, str]) -> None:
        wide = entry("*.example", ca=(Path("/corp.pem"),), min_version="1.3")
        policy = policies(wide, entry(HOST), environ=system).policy(ORIGIN)
        assert (policy.ca, policy.min_version) == ((), "1.2")

    def test_two_that_are_equally_specific_are_an_error_that_names_both(self, system: dict[str, str]) -> None:
        both = policies(entry("a*.example"), entry("*b.example"), environ=system)
        with pytest.raises(ConfigurationError, match=r"'a\*\.example' and '\*b\.example'"):
            both.policy(Origin.parse("https://ab.example"))

    @pytest.mark.parametrize("url", ["https://a.example", "https://b.example:5000"])
    def test_a_policy_is_for_the_host_that_is_reached(self, system: dict[str, str], url: str) -> None:
        origin = Origin.parse(url)
        assert policies(entry("*.example"), environ=system).policy(origin).host == origin.authority

    def test_every_policy_has_the_system_s_roots(self, system: dict[str, str]) -> None:
        found = policies(entry(HOST), environ=system)
        assert {found.policy(Origin.parse(f"https://{host}")).roots.source for host in (HOST, "b.example")} == {
            "SSL_CERT_FILE"
        }

    def test_a_policy_keeps_where_its_parts_came_from(self, system: dict[str, str]) -> None:
        policy = policies(entry(HOST, sources={"min_version": "config.toml"}), environ=system).policy(ORIGIN)
        assert policy.sources == {"min_version": "config.toml", "entry": f"[[tls]] {HOST}"}


class TestThePlainOnes:
    @pytest.mark.acceptance(11, 12)
    @pytest.mark.parametrize(
        ("matches", "target", "origin"),
        [
            ([], "a.example/b", "https://a.example"),
            (["b.example"], "a.example/b", "https://a.example"),
            (["a.example"], "a.example/b", "http://a.example"),
            (["a.example"], "a.example:5000/b", "https://a.example:5000"),
            (["a.example:5000"], "a.example:5000/b", "http://a.example:5000"),
            (["a.example:5000"], "a.example/b", "https://a.example"),
            (["*.example"], "a.example/b", "http://a.example"),
        ],
    )
    def test_plain_http_is_spoken_only_where_an_entry_says_so(
        self, system: dict[str, str], matches: list[str], target: str, origin: str
    ) -> None:
        found = policies(*(entry(match, plain_http=True) for match in matches), environ=system)
        assert found.origin_of(Target.parse(target)) == Origin.parse(origin)

    def test_the_entry_is_met_again_on_the_way_to_the_plain_origin(self, system: dict[str, str]) -> None:
        found = policies(entry(HOST, plain_http=True), environ=system)
        assert found.for_origin(found.origin_of(Target.parse(f"{HOST}/b"))).policy.plain_http

    @pytest.mark.acceptance(12)
    @pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "not-allowed"])
    def test_a_plain_url_is_kept_and_it_is_said_whether_it_is_allowed(
        self,
        system: dict[str, str],
        *,
        allowed: bool,
    ) -> None:
        found = policies(entry(HOST, plain_http=allowed), environ=system)
        target = Target.from_url(f"http://{HOST}/b")
        assert found.origin_of(target) == Origin.parse(f"http://{HOST}")
        assert found.plain_http(target.origin) is allowed

    @pytest.mark.acceptance(10)
    def test_insecure_is_for_its_own_host_only(self, system: dict[str, str]) -> None:
        found = policies(entry(HOST, insecure=True), environ=system)
        modes = [
            found.for_origin(Origin.parse(f"https://{host}")).context().verify_mode for host in (HOST, "b.example")
        ]
        assert modes == [ssl.CERT_NONE, ssl.CERT_REQUIRED]


PROXY = "http://proxy.example:3128"
OWN = Proxy.parse("http://own.example:1", "config.toml")


class TestTheProxy:
    @pytest.mark.acceptance(19)
    @pytest.mark.parametrize(
        ("settings", "environ", "proxy", "source"),
        [
            (None, {}, None, None),
            (None, {"HTTPS_PROXY": PROXY}, PROXY, "HTTPS_PROXY"),
            (None, {"HTTPS_PROXY": PROXY, "NO_PROXY": HOST}, None, None),
            ({}, {"HTTPS_PROXY": PROXY}, PROXY, "HTTPS_PROXY"),
            ({}, {"HTTPS_PROXY": PROXY, "NO_PROXY": HOST}, None, None),
            ({"proxy": OWN}, {"HTTPS_PROXY": PROXY}, str(OWN), "config.toml"),
            ({"proxy": OWN}, {"NO_PROXY": HOST}, str(OWN), "config.toml"),
            ({"proxy": OWN, "no_proxy": (HOST,)}, {"HTTPS_PROXY": PROXY}, None, None),
            ({"no_proxy": (HOST,)}, {"HTTPS_PROXY": PROXY}, None, None),
            ({"no_proxy": ("b.example",)}, {"HTTPS_PROXY": PROXY, "NO_PROXY": HOST}, PROXY, "HTTPS_PROXY"),
            ({"no_proxy": ()}, {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, PROXY, "HTTPS_PROXY"),
        ],
        ids=[
            "none",
            "environment",
            "exempt",
            "entry-without",
            "entry-without-exempt",
            "own-wins",
            "own-is-not-exempt-by-environment",
            "own-exempt-by-own-list",
            "own-list",
            "own-list-replaces",
            "empty-list-replaces",
        ],
    )
    def test_an_entry_s_own_settings_come_before_the_environment_s(
        self,
        system: dict[str, str],
        settings: dict[str, Any] | None,
        environ: dict[str, str],
        proxy: str | None,
        source: str | None,
    ) -> None:
        entries = [] if settings is None else [entry(HOST, **settings)]
        policy = policies(*entries, environ={**system, **environ}).policy(ORIGIN)
        assert (str(policy.proxy) if policy.proxy else None, policy.sources.get("proxy")) == (proxy, source)


class TestTheMaterial:
    def test_it_is_kept_while_no_file_changes(
        self, system: dict[str, str], tmp_path: Path, authority: Authority
    ) -> None:
        hands = Hands()
        found = policies(entry(HOST, ca=(authority.write(tmp_path),)), environ=system, hands=hands)
        first = found.for_origin(ORIGIN)
        hands.now = 10
        assert found.for_origin(ORIGIN) is first

    @pytest.mark.acceptance(18)
    def test_a_new_authority_is_in_force_one_second_later(
        self, system: dict[str, str], tmp_path: Path, authority: Authority
    ) -> None:
        hands, fresh = Hands(), Authority()
        ca = authority.write(tmp_path)
        found = policies(entry(HOST, ca=(ca,)), environ=system, hands=hands)
        found.for_origin(ORIGIN)
        fresh.write(tmp_path / "fresh").replace(ca)
        hands.now = 1.0
        context = found.for_origin(ORIGIN).context()
        assert [trusts(context, one.server_context(HOST), HOST) for one in (authority, fresh)] == [False, True]

    @pytest.mark.acceptance(18)
    @pytest.mark.parametrize("after", [0.999, 1.0], ids=["before", "then"])
    def test_the_digest_changes_with_the_file_one_second_later(
        self, system: dict[str, str], tmp_path: Path, authority: Authority, after: float
    ) -> None:
        hands = Hands()
        ca = authority.write(tmp_path)
        found = policies(entry(HOST, ca=(ca,)), environ=system, hands=hands)
        before = found.for_origin(ORIGIN).digest
        Authority().write(tmp_path / "fresh").replace(ca)
        hands.now = after
        assert (found.for_origin(ORIGIN).digest != before) is (after >= 1)

    def test_a_change_between_two_slow_looks_is_not_missed(
        self, system: dict[str, str], tmp_path: Path, authority: Authority
    ) -> None:
        hands, fresh = Hands(), Authority()
        certificate, key = authority.issue("me@a.example").write(tmp_path / "me")
        ca = authority.write(tmp_path)
        asked: list[float] = []

        def slow() -> float:
            """Move by two seconds whenever somebody asks; the file changes before the second time."""
            if len(asked) == 1:
                fresh.write(tmp_path / "fresh").replace(ca)
            hands.now += 2
            asked.append(hands.now)
            return hands.now

        made = entry(HOST, ca=(ca,), client_cert=certificate, client_key=key)
        found = TLSPolicies([made], environ=system, monotonic=slow, scratch=Scratch())
        found.for_origin(ORIGIN)
        assert trusts(found.for_origin(ORIGIN).context(), fresh.server_context(HOST), HOST)

    def test_a_file_that_breaks_is_an_error_and_never_a_silent_fallback(
        self, system: dict[str, str], tmp_path: Path, authority: Authority
    ) -> None:
        hands = Hands()
        ca = authority.write(tmp_path)
        found = policies(entry(HOST, ca=(ca,)), environ=system, hands=hands)
        found.for_origin(ORIGIN)
        ca.write_text("")
        hands.now = 1.0
        with pytest.raises(TLSConfigurationError, match="is empty"):
            found.for_origin(ORIGIN)

    def test_a_file_that_is_mended_is_in_force_at_once(
        self, system: dict[str, str], tmp_path: Path, authority: Authority
    ) -> None:
        found = policies(entry(HOST, ca=(tmp_path / "ca.pem",)), environ=system)
        with pytest.raises(TLSConfigurationError, match="No such file"):
            found.for_origin(ORIGIN)
        authority.write(tmp_path)
        assert trusts(found.for_origin(ORIGIN).context(), authority.server_context(HOST), HOST)

    def test_one_broken_entry_does_not_stop_its_neighbours(self, system: dict[str, str], tmp_path: Path) -> None:
        found = policies(entry(HOST, ca=(tmp_path / "missing",)), environ=system)
        assert found.for_origin(Origin.parse("https://b.example")).digest

    def test_a_new_root_of_the_system_is_in_force_one_second_later(
        self, system: dict[str, str], tmp_path: Path, authority: Authority
    ) -> None:
        hands = Hands()
        found = policies(environ=system, hands=hands)
        found.for_origin(ORIGIN)
        authority.write(tmp_path).replace(system["SSL_CERT_FILE"])
        hands.now = 1.0
        assert trusts(found.for_origin(ORIGIN).context(), authority.server_context(HOST), HOST)

    @pytest.mark.parametrize(
        "origins",
        [["https://a.example", "https://b.example"], ["https://a.example", "https://a.example:5000"]],
        ids=["hosts", "ports"],
    )
    def test_no_two_origins_share_one(self, system: dict[str, str], origins: list[str]) -> None:
        found = policies(environ=system)
        assert len({found.for_origin(Origin.parse(origin)).digest for origin in origins}) == 2

    def test_a_crawl_over_many_hosts_does_not_grow_without_bound(
        self, tmp_path: Path, authority: Authority
    ) -> None:
        found = policies(entry("*.example", ca=(authority.write(tmp_path),), ca_only=True))
        first = found.for_origin(ORIGIN)
        for number in range(1024):
            found.for_origin(Origin.parse(f"https://host{number}.example"))
        assert found.for_origin(ORIGIN) is not first
        last = Origin.parse("https://host1023.example")
        assert found.for_origin(last) is found.for_origin(last)


class TestThePasswordOfTheKey:
    def test_it_is_fetched_when_the_files_are_read(
        self, system: dict[str, str], tmp_path: Path, authority: Authority
    ) -> None:
        certificate, key = authority.issue("me@a.example").write(tmp_path / "me")
        asked: list[int] = []

        def fetch() -> Secret:
            asked.append(1)
            return Secret("hunter2")

        made = entry(HOST, client_cert=certificate, client_key=key, password=fetch)
        found = policies(made, environ=system)
        assert not asked
        found.for_origin(ORIGIN)
        found.for_origin(ORIGIN)
        assert len(asked) == 1
        assert found.policy(ORIGIN).client_key_password == Secret("hunter2")
