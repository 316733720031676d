"""What is said of how one host is reached and trusted, beside the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The same as a ``[[tls]]`` entry says, for one host: ``ca`` is added to the system's roots.

    ``ca`` is a PEM file, which is watched, or PEM text. ``source`` says where all of it stands, for people.
    """

    source: str
    ca: Path | str | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    insecure: bool = False
    plain_http: bool = False
