"""What is to be pulled, as it was written, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocibroker.cli.person import Person
from ocibroker.errors import OcibrokerError, UsageError

if TYPE_CHECKING:
    from ocibroker.broker import Broker
    from ocibroker.bundle import Bundle, Source
    from ocibroker.oci import Progress, Pulled, Wish

    Result = Pulled | Bundle | OcibrokerError

STDIN: Final = "-"
"""The list that is standard input."""
_LONGEST: Final = 1024 * 1024
"""Bytes of a list."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``source`` is safe to show; ``file`` is the ``fleet.yaml`` that names it, where one does."""

    source: str
    result: Result
    file: str = ""

    @property
    def failure(self) -> OcibrokerError | None:
        """The error, where it is one."""
        return self.result if isinstance(self.result, OcibrokerError) else None

    @property
    def paths(self) -> tuple[Path, ...]:
        """What was written: a folder or a file each."""
        from ocibroker.oci import Pulled

        if isinstance(self.result, OcibrokerError):
            return ()
        return self.result.files if isinstance(self.result, Pulled) else (self.result.root,)

    @property
    def resolved(self) -> str:
        """What it stood for; empty where it failed."""
        from ocibroker.oci import Pulled

        if isinstance(self.result, OcibrokerError):
            return ""
        return str(self.result.reference) if isinstance(self.result, Pulled) else self.result.resolved

    @property
    def unnamed(self) -> int:
        """How many layers were left out, because they have no name."""
        from ocibroker.oci import Pulled

        return len(self.result.unnamed) if isinstance(self.result, Pulled) else 0


def listed(file: str, person: Person) -> tuple[str, ...]:
    """Return the sources that ``file`` lists, one a line; a line that begins with # is a comment.

    Raises :class:`~ocibroker.errors.UsageError`.
    """
    lines = [line.strip() for line in _text(file, person).splitlines()]
    return tuple(line for line in lines if line and not line.startswith("#"))


def fetch(
    broker: Broker, texts: Sequence[str], into: str, wish: Wish, progress: Progress, *, repository: str = ""
) -> tuple[Outcome, ...]:
    """Read each of ``texts`` into the folder ``into``, and return what became of it, in their order.

    With ``repository`` they are names of charts in it. What lies in a registry is pulled as it is; everything else
    becomes a bundle. One that fails stops no other.
    """
    from ocibroker.bundle import OCISource, Terms, read_many
    from ocibroker.oci import pull_many

    parsed = [_parsed(text, wish, repository) for text in texts]
    registries = [one.reference for one in parsed if isinstance(one, OCISource)]
    others = [one for one in parsed if not isinstance(one, OCISource | OcibrokerError)]
    artifacts = pull_many(broker, registries, into, wish, progress=progress) if registries else ()
    terms = Terms(unpack=False, progress=progress, written=written(artifacts))
    pulled, read = iter(artifacts), iter(read_many(broker, others, into, terms) if others else ())

    def became(one: Source | OcibrokerError) -> Result:
        if isinstance(one, OcibrokerError):
            return one
        return next(pulled) if isinstance(one, OCISource) else next(read)

    return tuple(Outcome(_shown(text), became(one)) for text, one in zip(texts, parsed, strict=True))


def written(results: Iterable[Result]) -> frozenset[Path]:
    """Return the files and folders that ``results`` have become."""
    return frozenset(path for one in results for path in Outcome("", one).paths)


def _parsed(text: str, wish: Wish, repository: str) -> Source | OcibrokerError:
    from ocibroker.bundle import ChartSource, Link, parse

    try:
        return (
            ChartSource(Link.parse(repository), text, wish.version, wish.devel) if repository else parse(text, wish)
        )
    except OcibrokerError as error:
        return error.restated()


def _shown(text: str) -> str:
    from ocibroker.bundle.link import shown_url

    return shown_url(text)


def _text(file: str, person: Person) -> str:
    try:
        if file == STDIN:
            return _decoded(person.stdin.read(_LONGEST + 1) if person.stdin else b"", "standard input")
        with Path(file).open("rb") as opened:
            return _decoded(opened.read(_LONGEST + 1), file)
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    raise UsageError(why, culprit=file, hint="check the path and its permissions")


def _decoded(data: bytes, name: str) -> str:
    if len(data) > _LONGEST:
        raise UsageError(f"is longer than {_LONGEST} bytes", culprit=name, hint="list fewer sources at once")
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    raise UsageError("is not UTF-8", culprit=name, hint="list one source a line")
