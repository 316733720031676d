"""How the process ends: one table of exit codes."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from ocibroker.errors import (
    ConnectionFailed,
    CredentialUnavailable,
    IntegrityError,
    NoProvider,
    OcibrokerError,
    PairingViolation,
    RegistryRefused,
    UsageError,
)


class ExitCode(IntEnum):
    """The exit codes. They are documented in ``docs/cli.md``; scripts rely on them."""

    OK = 0
    UNEXPECTED = 1
    """A failure that nobody foresaw, or what could not be written."""
    USAGE = 2
    """The command line, the target, the configuration, or a file that it names."""
    NO_PROVIDER = 3
    """No rule and no provider's claim fits the target."""
    UNAVAILABLE = 4
    """A provider failed, or the registry refused."""
    CONNECTION = 5
    """TLS, connection or deadline; or a credential would have left its origin."""
    INTEGRITY = 6
    """An answer is malformed, or not what was promised."""
    CHANGES = 7
    """`setup` shows something that is to be changed."""
    INTERRUPTED = 130
    """Ctrl-C."""
    BROKEN_PIPE = 141
    """Nobody reads the output any more: what a shell reports of a program that SIGPIPE ended."""


_OF: Final[tuple[tuple[type[OcibrokerError], ExitCode], ...]] = (
    (UsageError, ExitCode.USAGE),
    (NoProvider, ExitCode.NO_PROVIDER),
    (CredentialUnavailable, ExitCode.UNAVAILABLE),
    (RegistryRefused, ExitCode.UNAVAILABLE),
    (ConnectionFailed, ExitCode.CONNECTION),
    (PairingViolation, ExitCode.CONNECTION),
    (IntegrityError, ExitCode.INTEGRITY),
)


def exit_code(error: OcibrokerError) -> ExitCode:
    """Return the exit code of ``error``; a subclass has its parent's."""
    return next((code for kind, code in _OF if isinstance(error, kind)), ExitCode.UNEXPECTED)
