"""``POST /v1/helpers/{protocol}/{verb}``: the front ends, for programs that only carry bytes.

The reply to an answer is 200 with what belongs on standard output as its body, the exit status in
``Ocibroker-Exit``, and in ``Ocibroker-Diagnostics`` one line for standard error, where there is one.
"""

from __future__ import annotations

from typing import Final

from ocibroker.frontends.answer import Answer
from ocibroker.frontends.front_end import FrontEnd
from ocibroker.sidecar.deed import Deed, kept_back
from ocibroker.sidecar.generation import Generations
from ocibroker.sidecar.message import Call, Endpoint, Reply
from ocibroker.sidecar.reaches import Reaches
from ocibroker.sidecar.stand_in import NotYetKnown, StandIn

OCTETS: Final = "application/octet-stream"
_LONGEST: Final = 1000


def helper(front: FrontEnd, verb: str, generations: Generations, reaches: Reaches) -> Endpoint:
    """Return the endpoint that runs ``front`` for ``verb``."""

    async def endpoint(call: Call) -> Reply:
        with generations.lease() as generation:
            stand_in = StandIn(generation, reaches.of(generation, call.listener), call.path)
            while True:
                try:
                    answer = front.answer(verb, call.body, stand_in)
                    return _reply(answer, _told(verb, answer, stand_in.deeds))
                except NotYetKnown:
                    await stand_in.learn()

    return endpoint


def _reply(answer: Answer, deeds: tuple[Deed, ...]) -> Reply:
    headers = {"Ocibroker-Exit": str(answer.status)}
    if answer.diagnostics:
        headers["Ocibroker-Diagnostics"] = _line(answer.diagnostics)
    return Reply(content_type=OCTETS, headers=headers, body=answer.stdout, deeds=deeds)


def _told(verb: str, answer: Answer, deeds: tuple[Deed, ...]) -> tuple[Deed, ...]:
    """Return what the caller has got of all that the front end has."""
    if answer.status != 0:
        return tuple(kept_back(deed, "failed", "cannot_carry") for deed in deeds)
    return deeds if verb == "get" else tuple(kept_back(deed, "done") for deed in deeds)


def _line(text: str) -> str:
    """Return ``text`` as one line that a header can carry."""
    return "".join(char if " " <= char <= "~" else "?" for char in text[:_LONGEST]).strip()
