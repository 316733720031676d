"""A pull secret says when the first of its credentials expires."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from ocibroker.frontends.kubernetes_secret import as_yaml, kubernetes_secret
from ocibroker.provider import Basic, Secret
from tests.transport.brokers import Desk, made_rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import giving


def test_the_annotation_is_the_earliest_moment_without_a_fraction(desk: Desk) -> None:
    clock = HandClock()
    lives = {"later": timedelta(hours=12), "sooner": timedelta(hours=3), "never": None}
    offered = [
        giving(Basic(username="u", secret=Secret(name), expires_at=clock.now() + life if life else None), name=name)
        for name, life in lives.items()
    ]
    text = "".join(made_rule(f"{name}.example.com", provider=name) for name in lives)
    broker = desk.broker(text, offered=offered, clock=clock)
    accesses = [broker.access(f"{name}.example.com") for name in lives]
    metadata = kubernetes_secret(accesses, "pull")["metadata"]
    moment = datetime.fromisoformat(metadata["annotations"]["ocibroker/expires-at"])
    assert moment == (clock.now() + timedelta(hours=3)).astimezone(UTC).replace(microsecond=0)


def test_in_yaml_a_text_is_quoted_as_in_json() -> None:
    text = 'a: "b"\n- \u2028 é # no'
    assert as_yaml({"a": {"b/c": text}, "d": "yes"}) == f'a:\n  b/c: {json.dumps(text)}\nd: "yes"\n'
