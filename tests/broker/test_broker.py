"""The broker itself: how it is made, what it gives out, how it ends."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from ocibroker import Access, Anonymous, Basic, Broker, Target
from ocibroker.errors import ConfigurationError, UsageError, WrongScheme

RULE = """
[[registry]]
match = "{match}"
provider = "basic"
options = {{ username = "{user}", password = "pw" }}
"""


def config(folder: Path, *parts: str) -> Path:
    path = folder / "config.toml"
    path.touch(mode=0o600)
    path.write_text("\n".join(parts))
    return path


def rule(match: str, user: str) -> str:
    return RULE.format(match=match, user=user)


def user(access: Access) -> str:
    assert isinstance(access.credential, Basic)
    return access.credential.username


@pytest.mark.parametrize("target", ["oci://host/app", "host.example/app", "localhost/app", Target("host.example")])
def test_without_any_configuration_access_is_anonymous_and_says_why(target: str | Target, tmp_path: Path) -> None:
    with Broker.from_config(environ={"HOME": str(tmp_path)}) as broker:
        access = broker.access(target)
    assert access.provider is None
    assert isinstance(access.credential, Anonymous)
    assert access.credential.reason.startswith(
        f"no rule matches {access.target}, and there is no login for {access.target.registry}"
    )


def test_a_target_keeps_the_actions_that_it_was_made_for(tmp_path: Path) -> None:
    target = Target.parse("host.example/app", actions=("push", "pull"))
    with Broker.from_config(environ={"HOME": str(tmp_path)}) as broker:
        assert broker.access(target).target.actions == ("pull", "push")
        assert broker.access(target, actions=("delete",)).target.actions == ("delete",)


PREFIXES = {
    "host.example/group1/app": "one",
    "host.example/group1": "one",
    "host.example/group1/sub/app": "sub",
    "host.example/group10/app": "host",
    "host.example/group2/app": "two",
    "host.example": "host",
    "a.host.example/app": "glob",
}


@pytest.mark.acceptance(22)
@pytest.mark.parametrize("target", PREFIXES)
def test_the_longest_path_prefix_decides_on_slash_boundaries(target: str, tmp_path: Path) -> None:
    rules = [
        rule("host.example", "host"),
        rule("host.example/group1", "one"),
        rule("host.example/group1/sub", "sub"),
        rule("host.example/group2", "two"),
        rule("*.host.example", "glob"),
    ]
    for order in (rules, rules[::-1]):
        with Broker.from_config(config(tmp_path, *order), environ={}) as broker:
            assert user(broker.access(target)) == PREFIXES[target]


@pytest.mark.acceptance(21)
@pytest.mark.parametrize(
    "target",
    [
        "charts.example.com.evil.net/app",
        "xcharts.example.com/app",
        "evil.net/charts.example.com",
        "charts.example.com:8443/app",
        "sub.charts.example.com/app",
        "example.com/app",
    ],
)
def test_a_look_alike_of_a_rules_host_gets_nothing(target: str, tmp_path: Path) -> None:
    with Broker.from_config(config(tmp_path, rule("charts.example.com", "alice")), environ={}) as broker:
        assert isinstance(broker.access(target).credential, Anonymous)


@pytest.mark.acceptance(12, 21)
def test_a_rule_is_not_for_the_same_host_over_plain_http(tmp_path: Path) -> None:
    path = config(tmp_path, rule("charts.example.com", "alice"))
    with Broker.from_config(path, environ={}) as broker, pytest.raises(WrongScheme, match="plain_http"):
        broker.access(Target.from_url("http://charts.example.com/app"))


def test_two_rules_that_match_equally_well_are_never_chosen_between(tmp_path: Path) -> None:
    path = config(tmp_path, rule("*.b.example", "one"), rule("a.*.example", "two"))
    with Broker.from_config(path, environ={}) as broker, pytest.raises(ConfigurationError) as caught:
        broker.access("a.b.example/app")
    assert "'*.b.example' and 'a.*.example' match equally well" in str(caught.value)


def test_a_closed_broker_says_so(tmp_path: Path) -> None:
    with Broker.from_config(environ={"HOME": str(tmp_path)}) as broker:
        pass
    with pytest.raises(UsageError, match="the broker is closed"):
        broker.access("host.example/app")


def test_what_was_written_for_other_libraries_goes_with_the_broker(tmp_path: Path) -> None:
    with Broker.from_config(environ={"HOME": str(tmp_path)}) as broker:
        bundle = broker.access("host.example/app").tls.ca_file()
        assert "BEGIN CERTIFICATE" in bundle.read_text()
    assert not bundle.parent.exists()


@pytest.mark.parametrize(
    "setting", ["auth", "base_url", "cert", "mounts", "proxy", "transport", "trust_env", "verify"]
)
def test_a_client_takes_no_setting_that_decides_trust_or_route(setting: str, tmp_path: Path) -> None:
    with Broker.from_config(environ={"HOME": str(tmp_path)}) as broker:
        access = broker.access("host.example/app")
        for make in (access.client, access.async_client):
            with pytest.raises(UsageError, match=f"{setting} is not the caller's to set here"):
                make(**{setting: None})


def test_a_client_takes_headers_and_a_timeout(tmp_path: Path) -> None:
    with Broker.from_config(environ={"HOME": str(tmp_path)}) as broker:
        access = broker.access("host.example/app")
        with access.client(headers={"User-Agent": "me"}, timeout=3) as http:
            assert (http.headers["user-agent"], http.timeout.read) == ("me", 3)


@pytest.mark.parametrize("weakening", ["insecure", "plain_http"])
def test_a_weakened_host_is_logged_at_every_start(
    weakening: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = config(tmp_path, "[[tls]]", 'match = "dev.example.com"', f"{weakening} = true")
    for _ in range(2):
        with caplog.at_level(logging.WARNING), Broker.from_config(path, environ={}):
            pass
    expected = f"{weakening} is set for dev.example.com ({path}, tls[0])"
    assert [record.getMessage() for record in caplog.records] == [expected, expected]


HUNG = """
import threading
from ocibroker import Broker
from ocibroker.provider import Claim, Identity, Options, Strength, providers

class Hung:
    name, options = "hung", Options
    def claim(self, target): return Claim(Strength.EXACT, "a test")
    def identity(self, request): return Identity(("nobody",))
    def fetch(self, request): threading.Event().wait()

class Plugin:
    @staticmethod
    @providers
    def ocibroker_providers(): return [Hung()]

with Broker.from_config(environ={"HOME": "/nowhere"}, plugins=[Plugin]) as broker:
    broker.access("host.example", deadline=0.1)
"""


def test_a_provider_that_hangs_does_not_hold_up_the_end_of_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", HUNG], capture_output=True, text=True, timeout=30, check=False)
    assert "DeadlineExceeded: provider hung: did not answer in time" in done.stderr
