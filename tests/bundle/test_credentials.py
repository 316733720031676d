"""Who gets a credential: by the place of each request and the rules, and never by where a link was found.

The letters are those holes that Fleet's reader of bundles has had.
"""

from __future__ import annotations

import pytest

from ocibroker.bundle import Link
from ocibroker.bundle.web import page
from ocibroker.errors import (
    ConnectionFailed,
    CredentialWithheld,
    InvalidTarget,
    OcibrokerError,
    OriginRefused,
    RedirectRefused,
    RegistryRefused,
    WrongScheme,
)
from tests.bundle.packed import file, packed
from tests.bundle.readings import reading
from tests.bundle.world import CHARTS, LOOKALIKES, World
from tests.transport.brokers import rule

APP = packed([file("app/Chart.yaml", b"name: app")])
URL = f"https://{CHARTS}/app.tgz"


def guard(world: World, path: str = "/", user: str = "alice", password: str = "") -> None:
    world.charts.guarded[path] = (user, password or world.password)


class TestARule:
    def test_gives_its_credential_to_its_host(self, world: World) -> None:
        guard(world)
        world.charts.files["/app.tgz"] = APP
        assert world.read(URL).files == ("app/Chart.yaml",)
        assert world.charts.credentials("/app.tgz") == [f"alice:{world.password}"]

    @pytest.mark.acceptance(21)
    @pytest.mark.parametrize("url", ["https://CHARTS.test/app.tgz", "https://charts.test.:443/app.tgz"])
    def test_is_for_every_spelling_of_its_host(self, world: World, url: str) -> None:
        guard(world)
        world.charts.files["/app.tgz"] = APP
        assert world.read(url).files == ("app/Chart.yaml",)

    @pytest.mark.acceptance(22)
    def test_is_for_its_path_and_what_is_below(self, world: World) -> None:
        accounts = {"": "root", "/group1": "one", "/group1/deep": "deep", "/group2": "two"}
        rules = [
            rule(f"{CHARTS}{path}", password=password).replace("alice", password)
            for path, password in accounts.items()
        ]
        expected = {
            "/group1/app.tgz": "one",
            "/group1/deep/app.tgz": "deep",
            "/group1/deeper/app.tgz": "one",
            "/group2/app.tgz": "two",
            "/group10/app.tgz": "root",
            "/app.tgz": "root",
        }
        broker = world.broker(*rules)
        for path, user in expected.items():
            world.charts.guarded[path] = (user, user)
            world.charts.files[path] = APP
            world.read(f"https://{CHARTS}{path}?archive=false", broker)
        assert {path: world.charts.credentials(path) for path in expected} == {
            path: [f"{user}:{user}"] for path, user in expected.items()
        }

    @pytest.mark.acceptance(22)
    def test_by_path_is_not_for_the_folder_beside_it(self, world: World) -> None:
        guard(world)
        broker = world.broker(rule(f"{CHARTS}/group1", password=world.password))
        with pytest.raises(CredentialWithheld):
            world.read(f"https://{CHARTS}/group2/app.tgz", broker)
        assert world.charts.hits(world.canary) == []


class TestWithheld:
    @pytest.mark.acceptance(20)
    def test_says_that_no_rule_matches(self, world: World) -> None:
        guard(world)
        with pytest.raises(CredentialWithheld) as raised:
            world.read(URL, world.broker(rule("other.test")))
        assert raised.value.culprit == URL
        assert raised.value.message.startswith(
            "withheld: asks for a credential (401); none was sent: no rule matches charts.test/app.tgz"
        )
        assert raised.value.hint == "add a [[registry]] rule for this target"

    @pytest.mark.acceptance(20)
    def test_can_be_told_from_a_refusal_of_the_server(self, world: World) -> None:
        guard(world, password="another")
        with pytest.raises(RegistryRefused, match="refused the credential of provider basic") as raised:
            world.read(URL)
        assert not isinstance(raised.value, CredentialWithheld)
        assert world.canary.hits(str(raised.value)) == []

    @pytest.mark.acceptance(20)
    @pytest.mark.parametrize(("known", "kind"), [(True, RegistryRefused), (False, CredentialWithheld)])
    def test_may_be_a_403_too(self, world: World, *, known: bool, kind: type[OcibrokerError]) -> None:
        from ocibroker.testing import CannedResponse

        world.charts.answers["/app.tgz"] = CannedResponse(403)
        broker = world.broker(rule(CHARTS if known else "other.test"))
        with pytest.raises(RegistryRefused) as raised:
            world.read(URL, broker)
        assert type(raised.value) is kind

    def test_shows_no_query(self, world: World) -> None:
        guard(world)
        with pytest.raises(CredentialWithheld) as raised:
            world.read(f"{URL}?X-Signature=c0ffee", world.broker(rule("other.test")))
        assert "c0ffee" not in str(raised.value)


@pytest.mark.acceptance(21)
@pytest.mark.parametrize("host", LOOKALIKES)
def test_a_a_host_that_looks_alike_gets_nothing(world: World, host: str) -> None:
    world.spy.guarded["/"] = ("alice", world.password)
    with pytest.raises(CredentialWithheld):
        world.read(f"https://{host}/app.tgz")
    assert (world.spy.paths, world.spy.hits(world.canary)) == (["/app.tgz"], [])


@pytest.mark.acceptance(21)
@pytest.mark.parametrize(
    "url",
    [
        "https://charts.test@evil.test/app.tgz",
        "https://charts.test:x@evil.test/app.tgz",
        f"https://evil.test\\@{CHARTS}/x",
    ],
)
def test_a_a_user_name_that_looks_like_the_host_is_refused(world: World, url: str) -> None:
    with pytest.raises(InvalidTarget):
        world.read(url)
    assert (world.spy.paths, world.charts.paths) == ([], [])


@pytest.mark.acceptance(21)
def test_a_a_query_that_names_the_host_is_nothing_to_a_rule(world: World) -> None:
    world.spy.guarded["/"] = ("alice", world.password)
    with pytest.raises(CredentialWithheld):
        world.read(f"https://evil.test/app.tgz?u=https%3A%2F%2F{CHARTS}/")
    assert world.spy.hits(world.canary) == []


@pytest.mark.acceptance(21)
def test_a_another_port_of_the_host_gets_nothing(world: World) -> None:
    world.spy.guarded["/"] = ("alice", world.password)
    with pytest.raises(CredentialWithheld):
        world.read(f"https://{CHARTS}:8443/app.tgz")
    assert world.spy.hits(world.canary) == []


@pytest.mark.acceptance(23)
@pytest.mark.parametrize(
    "reference", ["https://evil.test/app.tgz", "//evil.test/app.tgz", f"https://{CHARTS}:8443/app.tgz"]
)
def test_b_a_link_to_another_host_takes_no_credential_there(world: World, reference: str) -> None:
    guard(world)
    world.charts.files["/index.yaml"] = b"apiVersion: v1"
    world.spy.guarded["/"] = ("alice", world.password)
    index, how = Link.parse(f"https://{CHARTS}/index.yaml"), reading(world.folder, world.broker())
    page(index, how, 1000)
    with pytest.raises(CredentialWithheld):
        page(index.join(reference), how, 1000)
    assert world.charts.hits(world.canary)
    assert (len(world.spy.paths), world.spy.hits(world.canary)) == (1, [])


@pytest.mark.acceptance(23, 27)
def test_b_a_link_to_another_host_gets_the_credential_of_that_host(world: World) -> None:
    guard(world)
    world.charts.files["/index.yaml"] = b"apiVersion: v1"
    world.spy.guarded["/"] = ("alice", "evils-own")
    world.spy.files["/app.tgz"] = APP
    broker = world.broker(rule(CHARTS, password=world.password), rule("evil.test", password="evils-own"))
    index, how = Link.parse(f"https://{CHARTS}/index.yaml"), reading(world.folder, broker)
    page(index, how, 1000)
    assert page(index.join("https://evil.test/app.tgz"), how, 1000) == APP
    assert world.spy.credentials("/app.tgz") == ["alice:evils-own"]
    assert world.spy.hits(world.canary) == []


REDIRECTS = {
    "another host": "https://evil.test/landing",
    "a sub-domain": "https://sub.charts.test/landing",
    "another port": f"https://{CHARTS}:8443/landing",
    "without a scheme": "//evil.test/landing",
}


class TestRedirects:
    @pytest.mark.acceptance(24)
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("to", REDIRECTS.values(), ids=REDIRECTS)
    def test_elsewhere_are_followed_without_credential(self, world: World, to: str, status: int) -> None:
        guard(world, "/private")
        world.charts.files["/private/x"] = b"x"
        world.charts.redirect("/app.tgz", to, status)
        world.spy.files["/landing"] = APP
        broker = world.broker()
        world.read(f"https://{CHARTS}/private/x", broker)  # from here on the credential is sent at once
        assert world.read(URL, broker).files == ("app/Chart.yaml",)
        assert world.charts.credentials("/app.tgz") in ([], [f"alice:{world.password}"])
        assert (world.spy.paths, world.spy.hits(world.canary)) == (["/landing"], [])

    @pytest.mark.acceptance(24, 28)
    @pytest.mark.parametrize("known", [False, True])
    def test_that_lead_to_a_401_are_not_answered(self, world: World, *, known: bool) -> None:
        world.charts.redirect("/app.tgz", "https://evil.test/landing")
        world.spy.guarded["/"] = ("alice", world.password)
        rules = [rule(CHARTS, password=world.password), *([rule("evil.test", password=world.password)] * known)]
        with pytest.raises(CredentialWithheld) as raised:
            world.read(URL, world.broker(*rules))
        assert str(raised.value) == (
            "charts.test/app.tgz, redirected to https://evil.test: withheld: it asks for a credential (401), "
            "and none goes where a redirect leads (name the URL there itself, if it may have one)"
        )
        assert (len(world.spy.paths), world.spy.hits(world.canary)) == (1, [])

    @pytest.mark.acceptance(28)
    def test_that_come_back_are_not_answered(self, world: World) -> None:
        guard(world, "/private")
        world.charts.redirect("/app.tgz", "https://evil.test/back")
        world.spy.redirect("/back", f"https://{CHARTS}/private/app.tgz")
        with pytest.raises(CredentialWithheld):
            world.read(URL)
        assert world.charts.hits(world.canary) == []

    @pytest.mark.acceptance(24)
    @pytest.mark.parametrize(
        "to", [f"http://{CHARTS}/landing", f"http://{CHARTS}:443/landing", "http://evil.test/x"]
    )
    def test_from_https_to_http_are_refused(self, world: World, to: str) -> None:
        world.charts.redirect("/app.tgz", to)
        with pytest.raises(RedirectRefused, match="from HTTPS to HTTP"):
            world.read(URL)
        assert (world.plain.paths, world.spy.paths) == ([], [])

    @pytest.mark.acceptance(22)
    def test_within_the_host_are_judged_by_the_rules_anew(self, world: World) -> None:
        world.charts.guarded.update({"/group1": ("one", "one"), "/group2": ("two", "two")})
        world.charts.redirect("/group1/app.tgz", "/group2/app.tgz")
        world.charts.files["/group2/app.tgz"] = APP
        rules = [rule(f"{CHARTS}/group1", password=world.password), rule(f"{CHARTS}/group2", password="two")]
        broker = world.broker(rules[0], rules[1].replace("alice", "two"))
        assert world.read(f"https://{CHARTS}/group1/app.tgz", broker).files == ("app/Chart.yaml",)
        assert world.charts.credentials("/group2/app.tgz") == ["two:two"]

    @pytest.mark.acceptance(20, 22)
    def test_within_the_host_to_where_no_rule_is_are_withheld(self, world: World) -> None:
        guard(world)
        world.charts.redirect("/group1/app.tgz", "/group2/app.tgz")
        with pytest.raises(CredentialWithheld) as raised:
            world.read(
                f"https://{CHARTS}/group1/app.tgz", world.broker(rule(f"{CHARTS}/group1", password=world.password))
            )
        assert raised.value.culprit == f"https://{CHARTS}/group2/app.tgz"
        assert world.charts.credentials("/group2/app.tgz") == []

    def test_in_a_circle_end(self, world: World) -> None:
        world.charts.redirect("/app.tgz", "/app.tgz")
        with pytest.raises(RedirectRefused, match="again and again"):
            world.read(URL)

    @pytest.mark.parametrize("to", ["/%2e%2e/app.tgz", f"https://alice:x@{CHARTS}/app.tgz", "https://["])
    def test_that_no_rule_can_judge_are_refused(self, world: World, to: str) -> None:
        world.charts.redirect("/app.tgz", to)
        with pytest.raises(OcibrokerError) as raised:
            world.read(URL)
        assert not isinstance(raised.value, ConnectionFailed)
        assert world.charts.paths == ["/app.tgz"]


class TestPlainHTTP:
    """(g)"""

    @pytest.mark.acceptance(21)
    def test_g_is_refused_and_nobody_is_asked(self, world: World) -> None:
        with pytest.raises(WrongScheme, match="plain HTTP is not allowed"):
            world.read(f"http://{CHARTS}/app.tgz")
        assert world.plain.paths == []

    def test_g_is_spoken_where_the_policy_of_the_host_says_so(self, world: World) -> None:
        world.plain.guarded["/"] = ("alice", world.password)
        world.plain.files["/app.tgz"] = APP
        plain = f'[[tls]]\nmatch = "{CHARTS}:80"\nplain_http = true\n'
        broker = world.broker(rule(f"{CHARTS}:80", password=world.password), plain)
        assert world.read(f"http://{CHARTS}/app.tgz", broker).files == ("app/Chart.yaml",)
        assert world.charts.paths == []

    def test_g_for_another_host_is_none_for_this_one(self, world: World) -> None:
        plain = '[[tls]]\nmatch = "evil.test:80"\nplain_http = true\n'
        with pytest.raises(WrongScheme):
            world.read(f"http://{CHARTS}/app.tgz", world.broker(rule(CHARTS, password=world.password), plain))
        assert world.plain.paths == []


def test_e_what_is_read_twice_by_two_rules_is_read_by_each(world: World) -> None:
    """Fleet reads a folder once for all, with the credential that came first."""
    world.charts.files["/app.tgz"] = APP
    guard(world)
    assert world.read(URL).files
    with pytest.raises(CredentialWithheld):
        world.read(URL, world.broker(rule("other.test")))


def test_the_realm_of_a_challenge_is_no_way_out_either(world: World) -> None:
    from ocibroker.testing import CannedResponse

    challenge = {"WWW-Authenticate": 'Bearer realm="https://evil.test/token",service="x"'}
    world.charts.answers["/app.tgz"] = CannedResponse(401, challenge)
    with pytest.raises(OcibrokerError, match=r"evil\.test"):
        world.read(URL)
    assert world.spy.paths == []


def test_an_address_of_a_metadata_service_is_no_place_for_a_redirect(world: World) -> None:
    world.charts.redirect("/app.tgz", "https://169.254.169.254/latest")
    with pytest.raises((RedirectRefused, OriginRefused)):
        world.read(URL)
