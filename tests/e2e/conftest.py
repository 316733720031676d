"""Real registries, each started once for all the tests that want it."""

from collections.abc import Iterator

import pytest

from tests.e2e import docker_registry, github_job, registry_auth, token_server
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.docker_registry import DockerRegistry
from tests.e2e.github_job import Job
from tests.e2e.json_web_token import Signer
from tests.e2e.requirement import loopback
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.token_issuer import TokenIssuer
from tests.e2e.token_server import TokenServer


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def job(authority: Authority) -> Iterator[Job]:
    """A job of GitHub Actions."""
    with github_job.begun(authority) as running:
        yield running


@pytest.fixture(scope="session")
def account() -> Account:
    return Account("alice", "correct horse: battery staple")


@pytest.fixture(scope="session")
def registry_open(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """An empty registry that asks nobody for anything."""
    folder = tmp_path_factory.mktemp("registry-open")
    with docker_registry.serving(authority, folder, registry_auth.everyone()) as server:
        yield server


@pytest.fixture(scope="session")
def registry_htpasswd(
    authority: Authority, account: Account, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StockedRegistry]:
    """A registry with Basic authentication."""
    folder = tmp_path_factory.mktemp("registry-htpasswd")
    auth = registry_auth.htpasswd(folder / "htpasswd", account)
    with docker_registry.serving(authority, folder, auth) as server:
        registry = StockedRegistry(server, authority, account)
        yield registry.stock(folder, ["--dest-creds", account.pair])


@pytest.fixture(scope="session")
def token_issuer(authority: Authority, account: Account) -> TokenIssuer:
    signer = Signer.of(authority.issue("signer.test"))
    return TokenIssuer("tokens of ocibroker", "registry.test", account.is_, signer)


@pytest.fixture(scope="session")
def tokens(authority: Authority, token_issuer: TokenIssuer) -> Iterator[TokenServer]:
    with token_server.serving(authority, token_issuer) as server:
        yield server


@pytest.fixture(scope="session")
def registry_token(
    authority: Authority, account: Account, tokens: TokenServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StockedRegistry]:
    """A registry that sends its clients to ``tokens``, on another host, for a Bearer token."""
    folder, issuer = tmp_path_factory.mktemp("registry-token"), tokens.issuer
    auth = registry_auth.token(
        realm=tokens.realm, service=issuer.service, issuer=issuer.name, bundle=authority.bundle
    )
    with docker_registry.serving(authority, folder, auth) as server:
        registry = StockedRegistry(server, authority, account, tokens)
        yield registry.stock(folder, ["--dest-registry-token", issuer.token(*registry.scopes)])


@pytest.fixture(scope="module", params=["htpasswd", "token"])
def registry(request: pytest.FixtureRequest) -> StockedRegistry:
    """Each of the registries that want a credential, under the names that real clients need."""
    for name in (docker_registry.NAMES[0], token_server.NAMES[0]):
        loopback(name)
    found = request.getfixturevalue(f"registry_{request.param}")
    assert isinstance(found, StockedRegistry)
    return found
