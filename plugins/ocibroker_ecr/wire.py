"""What botocore takes for its HTTP session: the broker's client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ocibroker.provider import ConnectionFailed, FetchRequest, HttpAnswer, JsonAnswer, OcibrokerError
from ocibroker_ecr.faults import unwell
from ocibroker_ecr.options import EcrOptions


class _Refusal(JsonAnswer, rename={"kind": "__type"}):
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Answer(HttpAnswer):
    """An answer of AWS's."""

    def stream(self) -> Iterator[bytes]:
        """Yield the body, as botocore wants it."""
        yield self.body

    @property
    def code(self) -> str:
        """The error's code, as the JSON protocol says it: ``namespace#Code:url``."""
        refusal = _Refusal.read(self.body)
        kind = (refusal and refusal.kind) or self.headers.get("x-amzn-errortype", "")
        return kind.rpartition("#")[2].partition(":")[0]


@dataclass(slots=True)
class Wire:
    """What botocore takes for its HTTP session: the broker's client, by each host's own trust.

    ``failure`` is what went wrong: botocore wraps and logs what is raised here.
    """

    request: FetchRequest[EcrOptions]
    failure: OcibrokerError | None = None

    def send(self, prepared: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return botocore's response to its request."""
        return _response(prepared, self._sent(prepared))

    def exchange(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | str | None,
        seconds: float | None = None,
    ) -> Answer:
        """Send one request and read its answer; ``seconds`` bound both, within the deadline."""
        try:
            return Answer.to(self.request.http, method, url, headers=headers, content=body, timeout=seconds)
        except OcibrokerError as error:
            self.failure = error.restated()
        raise self.failure

    def _sent(self, prepared: Any) -> Answer:  # noqa: ANN401  # as above
        return self.exchange(prepared.method, prepared.url, [*prepared.headers.items()], prepared.body)


@dataclass(slots=True)
class MetadataWire(Wire):
    """The same for the instance's metadata, which most machines do not have: no answer is no identity."""

    seconds: float = 1.0
    answered: bool = False

    def send(self, prepared: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return botocore's response, or raise the error by which it goes on without."""
        from botocore.exceptions import EndpointConnectionError

        try:
            answer = self.exchange(prepared.method, prepared.url, [*prepared.headers.items()], None, self.seconds)
        except ConnectionFailed:
            self.request.deadline.left()
            if self.answered:
                raise
            self.failure = None
            raise EndpointConnectionError(endpoint_url=prepared.url) from None
        self.answered = True
        if answer.busy:
            self.failure = unwell("the instance's metadata service", answer)
            raise self.failure
        return _response(prepared, answer)


@dataclass(slots=True)
class ContainerWire(Wire):
    """The same for the container's credentials: an answer but 200 is an error at once; botocore would repeat it."""

    def send(self, prepared: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return botocore's response to its request."""
        answer = self._sent(prepared)
        if answer.status != 200:
            self.failure = unwell("the container's credential service", answer)
            raise self.failure
        return _response(prepared, answer)


def _response(prepared: Any, answer: Answer) -> Any:  # noqa: ANN401  # as above
    from botocore.awsrequest import AWSResponse

    return AWSResponse(prepared.url, answer.status, dict(answer.headers), answer)
