"""How git reaches one repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ocibroker.bundle.git_answers import Answers
from ocibroker.errors import OcibrokerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """``url`` as git gets it, by ``protocol`` and no other.

    ``settings`` are of git's configuration, ``environ`` of its environment: no secret is in either. ``answers`` are
    the secrets. ``withheld`` makes the error for a server that asks for a credential where there is none to give;
    there is none where one is given.
    """

    url: str
    protocol: str
    settings: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    answers: Answers = field(default_factory=dict, repr=False)
    withheld: Callable[[], OcibrokerError] | None = None
