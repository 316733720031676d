"""A job of GitHub Actions with the permission to get a token: GitHub's service for it, and the job's machine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ocibroker.transport import Route
from tests.e2e.authority import Authority
from tests.oidc import issuers
from tests.oidc.identity_provider import IdentityProvider
from tests.oidc.issuers import ACTIONS, GITHUB
from tests.oidc.world import World, serving
from tests.plugins.oidc.asking import HOSTS
from tests.plugins.oidc.references import GITHUB_ACTIONS

SERVICE = HOSTS["github"]


@dataclass(frozen=True)
class Job:
    """``issuer`` signs its tokens, each about ``subject``."""

    world: World
    subject: str = issuers.JOB

    @property
    def issuer(self) -> IdentityProvider:
        """Whom a cloud may trust."""
        return self.world.issuer(ACTIONS)

    def beside(self, elsewhere: Route) -> Route:
        """Return the way to GitHub's service, and to all others by ``elsewhere``."""
        return self.world.beside(elsewhere)

    def environ(self, folder: Path, rule: str) -> Mapping[str, str]:
        """Return the job's variables, with ``rule`` for all of its configuration."""
        path = folder / "config.toml"
        path.touch(mode=0o600)
        path.write_text(rule)
        return {**GITHUB, "OCIBROKER_CONFIG": str(path)}


@contextmanager
def begun(authority: Authority) -> Iterator[Job]:
    """Serve until the block ends."""
    context = authority.issue(SERVICE).server_context()
    with serving(World({SERVICE: issuers.github}), context) as world:
        yield Job(world)


def reference(audience: str) -> str:
    """Return a reference to the job's token, as TOML."""
    return GITHUB_ACTIONS.to(audience, "")
