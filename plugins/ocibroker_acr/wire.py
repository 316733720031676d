"""What azure-identity takes for its HTTP transport: the broker's client."""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from ocibroker.provider import CredentialUnavailable, FetchRequest, OcibrokerError
from ocibroker_acr.answer import Answer
from ocibroker_acr.options import AcrOptions


class Wire:
    """Follows azure-core's interface of a transport.

    ``failure`` is what went wrong, ``answer`` what was answered last: azure-identity makes the same error of all
    that. It has no ``sleep``, since nothing is repeated here.
    """

    def __init__(self, request: FetchRequest[AcrOptions], authority: str) -> None:
        self._request = request
        self._authority = authority
        self.failure: OcibrokerError | None = None
        self.answer: Answer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Do nothing: a connection is made when it is needed."""

    def close(self) -> None:
        """Do nothing: the broker closes its connections."""

    def send(self, request: Any, **_: Any) -> Any:  # noqa: ANN401  # azure-core has two kinds of both
        """Return azure-core's response to its request."""
        try:
            self._check(request.url)
            body = request.content
            # A form is a dictionary, and msal puts bytes into it, of which httpx would send how they are printed.
            content = urlencode(body) if isinstance(body, dict) else body
            headers = dict(request.headers)
            self.answer = Answer.to(
                self._request.http, request.method, request.url, headers=headers, content=content
            )
            return _response(request, self.answer)
        except OcibrokerError as error:
            self.failure = error.restated()
        raise self.failure

    def _check(self, url: str) -> None:
        """Refuse every host but the one that is known: an OpenID configuration names the endpoints."""
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) != ("https", self._authority):
            raise CredentialUnavailable(
                "names an endpoint on another host", culprit=self._authority, hint="correct authority_host"
            )


def _response(request: Any, answer: Answer) -> Any:  # noqa: ANN401  # as above
    from azure.core.pipeline.transport import HttpResponse

    class Response(HttpResponse):
        def body(self) -> bytes:
            return answer.body

    response = Response(request, None)
    response.status_code, response.reason = answer.status, ""
    response.headers = dict(answer.headers)
    response.content_type = answer.headers.get("content-type", "")
    return response
