"""Git over HTTPS: our own connection finds out where the repository is, then git is told all that it needs there.

Whether a credential is asked for, refused or withheld, where redirects lead, and whether the server is trusted, is
decided as for every request of ours. Git itself follows no redirect.
https://git-scm.com/docs/http-protocol, https://git-scm.com/docs/git-config#Documentation/git-config.txt-httplturlgt
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ocibroker.access import Access
from ocibroker.bundle.git_answers import CERTIFICATE, Answers
from ocibroker.bundle.git_proxy import proxy_answers, proxy_settings
from ocibroker.bundle.git_way import Way
from ocibroker.bundle.link import Link
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.web import opened
from ocibroker.credential import Anonymous, Bearer
from ocibroker.errors import CredentialWithheld, IntegrityError, OcibrokerError, RedirectRefused
from ocibroker.git_credential import lines, written
from ocibroker.tls import TLSPolicy

_PLACE: Final = "/info/refs"
_SERVICE: Final = "service=git-upload-pack"
_ADVERTISED: Final = "application/x-git-upload-pack-advertisement"
_HEADERS: Final[Mapping[str, str]] = MappingProxyType({"Git-Protocol": "version=2"})

Understood = Callable[[], frozenset[str]]
"""Which capabilities of its helpers' protocol git understands."""


def https_way(url: str, reading: Reading, nothing: Path, understood: Understood) -> Way:
    """Return how git reaches the repository at ``url``, ``https://``, or ``http://`` where that is allowed.

    ``nothing`` is an empty folder. Raises :class:`~ocibroker.errors.OcibrokerError`.
    """
    link = Link(url.rstrip("/"))
    access = reading.broker.access(link.target, deadline=reading.deadline.left(), caller=reading.caller)
    found = _found(link, reading)
    if found.target.origin != access.origin:
        return _led_away(found, link, reading, nothing)
    access = reading.broker.access(found.target, deadline=reading.deadline.left(), caller=reading.caller)
    known = not isinstance(access.credential, Anonymous)
    return Way(
        url=_url(found),
        protocol=found.target.scheme,
        settings=_settings(found, access.tls, reading, nothing),
        answers={
            **_connecting(access.tls),
            **({str(found.target.origin): lambda: _answer(access, understood)} if known else {}),
        },
        withheld=None if known else lambda: _withheld(link, access),
    )


def _found(link: Link, reading: Reading) -> Link:
    """Return where the repository is in the end."""
    asked = Link(f"{link.place}{_PLACE}", _SERVICE)
    try:
        with opened(asked, reading, _HEADERS) as answer:
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            where = Link.parse(str(answer.url)).place
    except OcibrokerError as error:
        failure = error.restated()
        if failure.culprit == str(asked):
            failure.culprit = str(link)
    else:
        if kind != _ADVERTISED:
            hint = "write the URL that git clone takes"
            raise IntegrityError("does not answer as a git repository does", culprit=str(link), hint=hint)
        if where.endswith(_PLACE):
            return Link(where.removesuffix(_PLACE))
        origin = Link(where).target.origin
        raise RedirectRefused(f"leads to {origin}, and to no repository there", culprit=str(link))
    raise failure


def _led_away(found: Link, link: Link, reading: Reading, nothing: Path) -> Way:
    """Return the way to where a redirect leads: as for every other source, no credential goes there."""
    tls = reading.broker.policy(found.target)
    return Way(
        url=_url(found),
        protocol=found.target.scheme,
        settings=_settings(found, tls, reading, nothing),
        answers=_connecting(tls),
        withheld=lambda: _gone_astray(link, found),
    )


def _gone_astray(link: Link, found: Link) -> CredentialWithheld:
    why = f"withheld: {found.target.origin} asks for a credential, and none goes where a redirect leads"
    return CredentialWithheld(why, culprit=str(link), hint="name the URL there itself, if it may have one")


def _withheld(link: Link, access: Access) -> CredentialWithheld:
    reason = access.credential.reason if isinstance(access.credential, Anonymous) else access.why
    why = f"withheld: asks for a credential; none was sent: {reason}"
    return CredentialWithheld(why, culprit=str(link), hint="add a [[registry]] rule for this target")


def _url(link: Link) -> str:
    """Return the URL with its host as it is compared."""
    return f"{link.target.origin}/{link.path}"


def _settings(link: Link, tls: TLSPolicy, reading: Reading, nothing: Path) -> Mapping[str, str]:
    settings = [*_trust(tls, nothing), *proxy_settings(tls.proxy, reading.broker)]
    return {f"http.{link.target.origin}/.{name}": value for name, value in settings}


def _trust(tls: TLSPolicy, nothing: Path) -> Iterator[tuple[str, str]]:
    """Yield in git's words what the policy says."""
    yield "sslVerify", "false" if tls.insecure else "true"
    yield "sslVersion", f"tlsv{tls.min_version}"
    yield "sslCAPath", str(nothing)  # else curl trusts the system's folder beside the file
    if not (tls.insecure or tls.plain_http):
        yield "sslCAInfo", str(tls.ca_file())
    if tls.client_cert:
        yield "sslCert", str(tls.client_cert)
        yield "sslKey", str(tls.client_key)
        yield "sslCertPasswordProtected", "true" if tls.client_key_password else "false"


def _connecting(tls: TLSPolicy) -> Answers:
    password = tls.client_key_password
    of_key = {CERTIFICATE: lambda: written([("password", password.reveal())])} if password else {}
    return {**of_key, **proxy_answers(tls.proxy)}


def _answer(access: Access, understood: Understood) -> bytes:
    return written(lines(access, understood() if isinstance(access.credential, Bearer) else ()))
