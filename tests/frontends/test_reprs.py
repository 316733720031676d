"""What a traceback with local variables would show of a question or an answer: no secret."""

from __future__ import annotations

import json

import msgspec
import pytest

from ocibroker import Broker
from ocibroker.frontends import bazel, kubelet
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.front_end import Question

CANARY = "c4n4ry"
REQUEST = {"apiVersion": "v1", "kind": "k", "image": "i", "serviceAccountToken": CANARY}
OBJECTS = {
    "what the kubelet asks": msgspec.json.decode(json.dumps(REQUEST), type=kubelet._Request),
    "what the kubelet gets": kubelet._Response("v1", None, {"r.test": kubelet._Auth("u", CANARY)}),
    "what Bazel gets": bazel._Response({"Authorization": [CANARY]}),
    "an answer": Answer(CANARY.encode()),
}


@pytest.mark.parametrize("thing", OBJECTS.values(), ids=OBJECTS.keys())
def test_it_shows_no_secret(thing: object) -> None:
    assert CANARY not in repr(thing)


def test_a_question_does_not_show_what_was_asked(broker: Broker) -> None:
    assert CANARY not in repr(Question(CANARY.encode(), broker))
