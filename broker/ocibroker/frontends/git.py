"""The protocol of git's credential helpers: lines of ``key=value`` in, lines out.

Follows git-credential(1) and gitcredentials(7). What is written never holds a control character, and what is read
holds none but the line breaks that end its lines: CR too is refused and never a line's end (CVE-2020-5260,
CVE-2024-50338, CVE-2024-52006). Only HTTPS is served. An operation that is not known is passed over, as the
protocol wants it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ocibroker.credential import Anonymous, Basic
from ocibroker.errors import InvalidValue
from ocibroker.frontends import executable
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.front_end import FrontEnd, Question, refused, told
from ocibroker.git_credential import CAPABILITIES, STATE, lines, state, written
from ocibroker.target import Target

_NAME: Final = "git-credential-ocibroker"


@dataclass(frozen=True, slots=True)
class _Description:
    """What git says of the credential that it wants, or that was good or bad."""

    single: Mapping[str, str]
    capabilities: frozenset[str]
    states: tuple[str, ...]

    @classmethod
    def parse(cls, stdin: bytes) -> _Description:
        """Read it up to a blank line or the end.

        Raises :class:`~ocibroker.errors.InvalidValue`, which shows none of it.
        """
        single: dict[str, str] = {}
        lists: dict[str, list[str]] = {}
        for key, value in _pairs(stdin):
            if not key.endswith("[]"):
                single[key] = value
            elif value:
                lists.setdefault(key, []).append(value)
            else:
                lists.pop(key, None)
        return cls(single, frozenset(lists.get("capability[]", ())), tuple(lists.get("state[]", ())))

    def target(self) -> Target | None:
        """Return where git wants to go; none for what is not HTTPS.

        Raises :class:`~ocibroker.errors.InvalidValue`, and :class:`~ocibroker.errors.InvalidTarget`.
        """
        protocol, host, path = (self.single.get(key, "") for key in ("protocol", "host", "path"))
        if not protocol:
            raise InvalidValue("names no protocol", culprit="standard input")
        if protocol != "https":
            return None
        if not host or {"/", "?", "#"} & set(host):
            raise InvalidValue("names no host", culprit="standard input")
        return Target.from_url(f"https://{host}/{_escaped(path)}")


def _escaped(path: str) -> str:
    """Return ``path``, which git has decoded, as it stands in a URL."""
    return path.replace("%", "%25").replace(" ", "%20")


def _pairs(stdin: bytes) -> Iterator[tuple[str, str]]:
    for line in stdin.split(b"\n"):
        if not line:
            return
        if any(byte < 0x20 or byte == 0x7F for byte in line):
            raise InvalidValue("holds a control character", culprit="standard input")
        # Not decoded by the locale: git passes on the bytes of a URL.
        key, mark, value = line.decode("utf-8", "surrogateescape").partition("=")
        if not mark or not key:
            raise InvalidValue("holds a line that is not key=value", culprit="standard input")
        yield key, value


def _get(question: Question) -> Answer:
    asked = _Description.parse(question.stdin)
    target = asked.target()
    if target is None:
        return _elsewhere(asked)
    access = question.broker.access(target, caller=question.caller)
    if isinstance(access.credential, Anonymous):
        # Git asks the next helper then, or the person: only who was meant to answer says why not.
        return Answer(diagnostics=f"{target}: {access.credential.reason}" if access.provider else "")
    wanted = asked.single.get("username")
    if wanted and isinstance(access.credential, Basic) and wanted != access.credential.username:
        return Answer(diagnostics=f"{target}: the credential is another user's than {wanted!r}")
    return Answer(written(lines(access, asked.capabilities)))


def _elsewhere(asked: _Description) -> Answer:
    plain = asked.single["protocol"] == "http"
    return Answer(diagnostics="no credential leaves over plain HTTP" if plain else "")


def _store(_: Question) -> Answer:
    """Keep nothing: what worked is what we gave, or somebody else's."""
    return Answer()


def _erase(question: Question) -> Answer:
    """Get a new credential where the refused one is ours, so that the next question is not answered with it."""
    asked = _Description.parse(question.stdin)
    target, refused_one = asked.target(), asked.single.get("password") or asked.single.get("credential")
    if target is None:
        return Answer()
    marks = {one for one in asked.states if one.startswith(STATE)} or {state(refused_one or "")}
    credential = question.broker.access(target, caller=question.caller).credential
    if not isinstance(credential, Anonymous) and state(credential.secret.reveal()) in marks:
        question.broker.access(target, caller=question.caller, refused=credential)
    return Answer()


def _capability(_: Question) -> Answer:
    return Answer("".join(["version 0\n", *(f"capability {one}\n" for one in CAPABILITIES)]).encode())


GIT: Final = FrontEnd(
    name="git",
    executable=_NAME,
    verbs=MappingProxyType({"get": _get, "store": _store, "erase": _erase, "capability": _capability}),
    failed=told,
    missed=lambda _, __: Answer(),
    refused=refused,
    unknown=lambda _: Answer(),
    usage=f"Usage: {_NAME} [--account NAME] <get|store|erase|capability>",
    named=True,
)


def main() -> None:
    """Run ``git-credential-ocibroker``."""
    executable.main(GIT)
