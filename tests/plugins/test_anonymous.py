"""The provider of those who go without."""

from __future__ import annotations

from pathlib import Path

from ocibroker import Anonymous, Broker
from ocibroker.testing import ProviderContract
from ocibroker_anonymous import AnonymousProvider

CONFIG = '[[registry]]\nmatch = "charts.example.com"\nprovider = "anonymous"\n'


class TestAnonymous(ProviderContract):
    provider = AnonymousProvider()
    look_alikes = ("registry.example.com", "docker.io/library/alpine", "localhost:5000", "anonymous.example.com")


def test_a_rule_lets_its_targets_go_without_a_credential(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    with Broker.from_config(tmp_path / "config.toml", environ={}) as broker:
        access = broker.access("charts.example.com/team/app")
        assert (access.provider, access.credential) == ("anonymous", Anonymous("a rule says so"))
        assert access.headers() == {}


def test_without_a_rule_it_answers_for_nobody(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    with Broker.from_config(tmp_path / "config.toml", environ={}) as broker:
        access = broker.access("other.example.com/team/app")
        assert access.provider is None
        assert isinstance(access.credential, Anonymous)
        assert "no rule matches other.example.com/team/app" in access.credential.reason


def test_two_targets_share_its_answer_on_every_machine(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    with Broker.from_config(tmp_path / "config.toml", environ={}) as broker:
        one, other = (broker.explain(f"charts.example.com/{path}") for path in ("a", "b"))
        assert one.identity == other.identity == ("nobody",)
        assert one.reach == "global"
