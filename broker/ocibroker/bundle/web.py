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
from ocibroker.transport import DEADLINE, ONCE, origin_of

MOST_HOPS: Final = 10
"""Redirects within one host; those to another are bounded by the transport."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_ASKING: Final = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


@contextmanager
def opened(
    link: Link, reading: Reading, headers: Mapping[str, str] = _NOTHING, *, once: bool = False
) -> Iterator[httpx.Response]:
    """Open a successful answer to ``GET link``, its body unread and as it is stored.

    A redirect within the host is asked for as a link of its own, so that rules by path hold for it too; one to
    another host is followed without credential. With ``once`` the caller repeats what fails.

    Raises :class:`~ocibroker.errors.OcibrokerError`: :class:`~ocibroker.errors.CredentialWithheld` where a
    credential is asked for and no rule gives one, :class:`~ocibroker.errors.WrongScheme` for plain HTTP that the
    host's policy does not allow, and what else the transport raises.
    """
    for _ in range(MOST_HOPS + 1):
        access = reading.broker.access(link.target, deadline=reading.deadline.left())
        with _client(access, headers) as http, closing(_asked(http, link, access, reading, once=once)) as answer:
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


def _asked(http: httpx.Client, link: Link, access: Access, reading: Reading, *, once: bool) -> httpx.Response:
    reading.halt.check()
    extensions = {DEADLINE: reading.deadline, **({ONCE: True} if once else {})}
    request = http.build_request("GET", link.url, extensions=extensions)
    try:
        answer = http.send(request, stream=True)
    except RegistryRefused as error:
        refusal: OcibrokerError = withheld(link, access) if _unknown(access) else error.restated()
        refusal.culprit = refusal.culprit or str(link)
    else:
        if answer.status_code in _ASKING and _unknown(access):
            answer.close()
            raise withheld(link, access)
        if answer.next_request is None and (found := failure(answer, str(link))):
            answer.close()
            raise found
        return answer
    raise refusal


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


def _unknown(access: Access) -> bool:
    return isinstance(access.credential, Anonymous)


def withheld(link: Link, access: Access) -> CredentialWithheld:
    """Return the error for a server that asks for a credential at ``link``, where ``access`` has none."""
    reason = access.credential.reason if isinstance(access.credential, Anonymous) else access.why
    why = f"withheld: the server asks for a credential, and no rule gives one: {reason}"
    return CredentialWithheld(why, culprit=str(link), hint=f"add a [[registry]] rule that matches {link.target}")
