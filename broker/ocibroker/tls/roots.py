"""The system's roots: where they are, and how a context comes to trust them.

``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are the system store where they are set, as for every Go and OpenSSL
tool. On Linux the distribution's hashed folder is read lazily by OpenSSL; truststore would read the whole
bundle again on every connection there. macOS and Windows keep their roots in the system, so truststore asks it.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocibroker.errors import TLSConfigurationError

if TYPE_CHECKING:
    import ssl

_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+", re.ASCII)
_FOLDERS: Final = ("/etc/ssl/certs", "/etc/pki/tls/certs", "/system/etc/security/cacerts")
_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",  # macOS, Alpine, BSD
)
_SYSTEM: Final = "operating system"
_DISTRIBUTION: Final = "distribution"
_LOG: Final = logging.getLogger("ocibroker.tls")


@dataclass(frozen=True, slots=True)
class Roots:
    """Files and folders of trusted roots, and what named them; neither means the system's own interface."""

    files: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    source: str = _SYSTEM

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Roots:
        """Return the roots that the environment names, else the distribution's."""
        file, folders = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
        if file and not Path(file).exists():
            _LOG.warning("SSL_CERT_FILE names %s, which does not exist: it is left out", file)
            file = ""
        if file or folders:
            named = [name for name, value in (("SSL_CERT_FILE", file), ("SSL_CERT_DIR", folders)) if value]
            paths = tuple(Path(part) for part in folders.split(":") if part)
            return cls((Path(file),) if file else (), paths, " and ".join(named))
        return _distribution() if sys.platform.startswith("linux") else cls()

    @property
    def watch(self) -> tuple[Path, ...]:
        """What changes when a root comes or goes: the files, and the folders as lists of files."""
        return (*self.files, *self.folders)

    @property
    def named(self) -> tuple[Path, ...]:
        """The files and folders that the environment names in place of the system's own."""
        return () if self.source in {_DISTRIBUTION, _SYSTEM} else self.watch

    @property
    def absent(self) -> bool:
        """Whether the system has no roots at all, as a small container may."""
        return sys.platform.startswith("linux") and not self.files and not self.folders

    def context(self) -> ssl.SSLContext:
        """Return a client context that trusts these roots.

        Raises :class:`~ocibroker.errors.TLSConfigurationError` for a store that cannot be read.
        """
        if not self.files and not self.folders:
            return _system_context(self)
        import ssl  # slow, and needed only by who connects

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for folder in self.folders:
            self._load_folder(context, folder)
        for file in self.files:
            self._load_file(context, file)
        return context

    def bundle(self) -> str:
        """Return the roots as one PEM text, for a library that takes only a file.

        Raises :class:`~ocibroker.errors.TLSConfigurationError` where the system has no such file.
        """
        files = [*self.files, *(file for folder in self.folders for file in _bundle_of(folder))]
        if not self.files and not self.folders:
            files = [Path(bundle) for bundle in _BUNDLES if Path(bundle).exists()][:1]
        if not files:
            raise TLSConfigurationError(
                "the system keeps its roots in no file", culprit=self.source, hint="set SSL_CERT_FILE"
            )
        return "\n".join(map(self._text, files))

    def _text(self, file: Path) -> str:
        try:
            return file.read_text("ascii", errors="replace")
        except OSError as error:
            raise TLSConfigurationError(
                f"cannot be read: {error.strerror}", culprit=str(file), hint=f"it is named by {self.source}"
            ) from None

    def _load_folder(self, context: ssl.SSLContext, folder: Path) -> None:
        if _is_hashed(folder):
            context.load_verify_locations(capath=folder)
            return
        for file in _certificates_in(folder):
            self._load_file(context, file)

    def _load_file(self, context: ssl.SSLContext, file: Path) -> None:
        import ssl

        try:
            context.load_verify_locations(cafile=file)
        except (OSError, ssl.SSLError):
            raise TLSConfigurationError(
                "cannot be read as PEM certificates", culprit=str(file), hint=f"it is named by {self.source}"
            ) from None


def _distribution() -> Roots:
    hashed = next((folder for folder in map(Path, _FOLDERS) if _is_hashed(folder)), None)
    if hashed:
        return Roots((), (hashed,), _DISTRIBUTION)
    return Roots(tuple(bundle for bundle in map(Path, _BUNDLES) if bundle.exists())[:1], (), _DISTRIBUTION)


def _system_context(roots: Roots) -> ssl.SSLContext:
    if roots.absent:
        raise TLSConfigurationError(
            "no root certificates found",
            culprit="system",
            hint="install ca-certificates, or set SSL_CERT_FILE",
        )
    import ssl

    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _is_hashed(folder: Path) -> bool:
    try:
        return any(_HASHED.fullmatch(entry.name) for entry in folder.iterdir())
    except OSError:
        return False


def _bundle_of(folder: Path) -> list[Path]:
    whole = [Path(bundle) for bundle in _BUNDLES if Path(bundle).parent == folder and Path(bundle).exists()]
    return whole or _certificates_in(folder)


def _certificates_in(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if _is_certificate(file.name) and file.is_file())
    except OSError:
        return []


def _is_certificate(name: str) -> bool:
    return name.endswith((".pem", ".crt")) or _HASHED.fullmatch(name) is not None
