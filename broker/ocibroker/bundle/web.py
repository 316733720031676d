"""GET of one URL. Its own place and the rules decide who gets a credential, never where it was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from types import MappingProxyType
from typing import Final

import httpx

from ocibroker.access import Access
from ocibroker.bundle.link import Link
from ocibroker.bundle.reading import Reading
from ocibroker.credential import Anonymous
from ocibroker.errors import CredentialWithheld, IntegrityError, OcibrokerError, RedirectRefused, RegistryRefused
from ocibroker.oci.exchange import failure, joined
from ocibroker.transport import DEADLINE, origin_of

MOST_HOPS: Final = 10
"""Redirects within one host; those to another are bounded by the transport."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_HINT: Final = "add a [[registry]] rule for this target"
_ASKING: Final = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


@contextmanager
def opened(link: Link, reading: Reading, headers: Mapping[str, str] = _NOTHING) -> Iterator[httpx.Response]:
    """Open a successful answer to ``GET link``, its body unread and as it is stored.

    A redirect within the host is asked for as a link of its own, so that rules by path hold for it too; one to
    another host is followed without credential.

    Raises :class:`~ocibroker.errors.OcibrokerError`: :class:`~ocibroker.errors.CredentialWithheld` where a
    credential is asked for and no rule gives one, :class:`~ocibroker.errors.WrongScheme` for plain HTTP that the
    host's policy does not allow, and what else the transport raises.
    """
    for _ in range(MOST_HOPS + 1):
        access = reading.broker.access(link.target, deadline=reading.deadline.left(), caller=reading.caller)
        with _client(access, headers) as http, closing(_asked(http, link, access, reading)) as answer:
            following = answer.next_request
            if following is None or origin_of(following.url) != access.origin:
                with closing(_elsewhere(http, answer, access)) as final:
                    yield final
                return
            link = _within(following, link)
    raise RedirectRefused("redirects again and again", culprit=str(link))


def page(link: Link, reading: Reading, most: int) -> bytes:
    """Return what is at ``link``, of at most ``most`` bytes. Raises what :func:`opened` does."""
    with opened(link, reading) as answer:
        return joined(answer.iter_raw(), most, str(link))


def _client(access: Access, headers: Mapping[str, str]) -> httpx.Client:
    return access.client(headers={"Accept-Encoding": "identity", **headers}, follow_redirects=False)


def _asked(http: httpx.Client, link: Link, access: Access, reading: Reading) -> httpx.Response:
    reading.halt.check()
    request = http.build_request("GET", link.url, extensions={DEADLINE: reading.deadline})
    refusal: OcibrokerError | None
    try:
        answer = http.send(request, stream=True)
    except RegistryRefused as error:
        refusal = error.restated()
        if refusal.culprit == str(access.origin):
            refusal.culprit = str(link)
    else:
        refusal = _refusal(answer, link, access)
        if refusal is None:
            return answer
        answer.close()
    raise refusal


def _refusal(answer: httpx.Response, link: Link, access: Access) -> OcibrokerError | None:
    if answer.next_request is not None:
        return None
    if answer.status_code == httpx.codes.FORBIDDEN and isinstance(access.credential, Anonymous):
        why = f"withheld: answered 403; no credential was sent: {access.credential.reason}"
        return CredentialWithheld(why, culprit=str(link), hint=_HINT)
    return failure(answer, str(link))


def _elsewhere(http: httpx.Client, answer: httpx.Response, access: Access) -> httpx.Response:
    """Follow where ``answer`` leads, without credential."""
    if answer.next_request is None:
        return answer
    answer.close()
    final = http.send(answer.next_request, stream=True, follow_redirects=True)
    culprit = f"{access.target}, redirected to {origin_of(final.url)}"
    refusal = failure(final, culprit)
    if refusal is not None and final.status_code in _ASKING:
        why = f"withheld: it asks for a credential ({final.status_code}), and none goes where a redirect leads"
        refusal = CredentialWithheld(why, culprit=culprit, hint="name the URL there itself, if it may have one")
    if refusal is not None:
        final.close()
        raise refusal
    return final


def _within(following: httpx.Request, link: Link) -> Link:
    try:
        return Link.parse(str(following.url))
    except OcibrokerError:
        pass
    raise IntegrityError("redirects to what no rule can be compared with", culprit=str(link))
