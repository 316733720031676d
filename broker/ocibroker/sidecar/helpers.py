"""``POST /v1/helpers/{protocol}/{verb}``: the front ends, for programs that only carry bytes.

The reply to an answer is 200 with what belongs on standard output as its body, the exit status in
``Ocibroker-Exit``, and in ``Ocibroker-Diagnostics`` one line for standard error, where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ocibroker.frontends import docker
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.asked import Asked
from ocibroker.sidecar.generation import Generations
from ocibroker.sidecar.message import Call, Endpoint, Reply
from ocibroker.sidecar.reaches import Reaches
from ocibroker.sidecar.stand_in import StandIn

OCTETS: Final = "application/octet-stream"
_LONGEST: Final = 1000

FrontEnd = Callable[[str, bytes, Asked], Answer]


@dataclass(frozen=True, slots=True)
class HelperProtocol:
    """A front end and the verbs that it knows."""

    answer: FrontEnd
    verbs: tuple[str, ...]


PROTOCOLS: Final[Mapping[str, HelperProtocol]] = MappingProxyType(
    {"docker": HelperProtocol(docker.answer, ("get", "store", "erase", "list"))}
)


def helper(front_end: FrontEnd, verb: str, generations: Generations, reaches: Reaches) -> Endpoint:
    """Return the endpoint that runs ``front_end`` for ``verb``."""

    async def endpoint(call: Call) -> Reply:
        with generations.lease() as generation:
            stand_in = StandIn(generation, reaches.of(generation, call.listener))
            while True:
                try:
                    return _reply(front_end(verb, call.body, stand_in))
                except KeyError:
                    if not await stand_in.learn():
                        raise

    return endpoint


def _reply(answer: Answer) -> Reply:
    headers = {"Ocibroker-Exit": str(answer.status)}
    if answer.diagnostics:
        headers["Ocibroker-Diagnostics"] = _line(answer.diagnostics)
    return Reply(content_type=OCTETS, headers=headers, body=answer.stdout)


def _line(text: str) -> str:
    """Return ``text`` as one line that a header can carry."""
    return "".join(char if " " <= char <= "~" else "?" for char in text[:_LONGEST]).strip()
