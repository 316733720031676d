"""Changes, told to people: unified, one file after the other, and no secret in it."""

from __future__ import annotations

import base64
import difflib
import hashlib
import re
from typing import Final

from ocibroker.errors import InvalidValue
from ocibroker.setup.changes import Change
from ocibroker.setup.members import hidden
from ocibroker.setup.revert import HELPERS

_NOTHING: Final = "/dev/null"
_PRIVATE: Final = "(a private key, which is not shown)"
_MOST: Final = 3
"""The certificates of one file that are shown, one a line."""

_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----", re.ASCII)


def difference(change: Change) -> list[str]:
    """Return the lines of a unified difference, of which only changed lines are shown.

    A certificate is one line. A private key is not shown, nor is any value of a JSON file that is not ours.
    """
    before, after = _lines(change, change.before), _lines(change, change.after)
    old, new = (_NOTHING if content is None else str(change.path) for content in (change.before, change.after))
    lines = [*difflib.unified_diff(before, after, old, new, n=0, lineterm="")]
    if not lines:  # what differs is not shown
        lines = [f"--- {old}", f"+++ {new}", "-(not shown)", "+(not shown)"]
    return lines


def _lines(change: Change, content: bytes | None) -> list[str]:
    if content is None:
        return []
    if change.private:
        return [_PRIVATE]
    text = content.decode(errors="backslashreplace")
    if change.kind == "json":
        text = _masked(text)
    certificates = _CERTIFICATE.findall(text)
    if len(certificates) > _MOST:
        return [*map(_fingerprint, certificates[:_MOST]), f"(and {len(certificates) - _MOST} more certificates)"]
    return _CERTIFICATE.sub(lambda found: _fingerprint(found[0]), text).splitlines()


def _masked(text: str) -> str:
    try:
        return hidden(text, HELPERS)
    except InvalidValue:
        return "(something else than JSON)"


def _fingerprint(pem: str) -> str:
    try:
        der = base64.b64decode("".join(pem.splitlines()[1:-1]), validate=True)
    except ValueError:
        return "(a certificate that is damaged)"
    return f"certificate sha256:{hashlib.sha256(der).hexdigest()}"
