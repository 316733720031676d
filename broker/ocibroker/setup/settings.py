"""What there is to tell a tool: hosts, whom to ask for their credentials, and whom to trust."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ocibroker.errors import UsageError
from ocibroker.folders import home, settings
from ocibroker.origin import DEFAULT_PORT
from ocibroker.target import Target


@dataclass(frozen=True, slots=True)
class ClientPair:
    """A client's certificate and its key: the files, and what is in them."""

    certificate: Path
    key: Path
    certificates: str
    private: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom to trust at one host, beside the system's roots unless ``ca_only``; each authority in PEM."""

    files: tuple[Path, ...] = ()
    authorities: tuple[str, ...] = ()
    ca_only: bool = False
    client: ClientPair | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host. ``asks`` is whether a rule is for all of it, ``paths`` the parts of it that have their own."""

    name: str
    asks: bool = False
    paths: tuple[str, ...] = ()
    trust: Trust = field(default_factory=Trust)

    @property
    def bare(self) -> str:
        """The host without its port."""
        return Target(self.name).host

    @property
    def url(self) -> str:
        """The host's origin."""
        target = Target(self.name)
        return f"https://{target.host}" + (f":{target.port}" if target.port != DEFAULT_PORT["https"] else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that a plan is made from.

    ``globs`` are the rules for many hosts at once, ``config`` the configuration's path, ``file`` the place that
    replaces a tool's usual one, ``etc`` the system's folder. ``notes`` hold for every tool.
    """

    environ: Mapping[str, str] = field(repr=False)
    hosts: tuple[Host, ...] = ()
    globs: tuple[str, ...] = ()
    config: Path | None = None
    file: Path | None = None
    system: bool = False
    etc: Path = Path("/etc")
    notes: tuple[str, ...] = ()

    @property
    def asking(self) -> tuple[Host, ...]:
        """The hosts that a tool asks us for."""
        return tuple(host for host in self.hosts if host.asks)

    @property
    def trusting(self) -> tuple[Host, ...]:
        """The hosts of which there is more to say than that the system's roots are trusted."""
        return tuple(host for host in self.hosts if host.trust.authorities or host.trust.client)

    @property
    def home(self) -> Path:
        """The user's home; raises :class:`~ocibroker.errors.UsageError` where the environment names none."""
        found = home(self.environ)
        if found == Path("/"):
            raise UsageError("there is no home to write to", culprit="HOME", hint="set it, or use --system")
        return found

    @property
    def xdg(self) -> Path:
        """The folder of the user's settings."""
        return settings(self.environ).parent if self.environ.get("XDG_CONFIG_HOME") else self.home / ".config"

    @property
    def authorities(self) -> tuple[str, ...]:
        """The authorities of all hosts, each in PEM."""
        return tuple(dict.fromkeys(pem for host in self.hosts for pem in host.trust.authorities))

    @property
    def clients(self) -> tuple[Host, ...]:
        """The hosts that want a client certificate."""
        return tuple(host for host in self.hosts if host.trust.client)

    def named(self, variable: str) -> Path | None:
        """Return the path that a variable names, or none."""
        value = self.environ.get(variable)
        return Path(value).absolute() if value else None
