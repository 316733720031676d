"""An answer that was kept is given again only under the trust under which it was got: the very same bytes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ocibroker import Bearer, Broker, Secret
from ocibroker.errors import TLSConfigurationError
from ocibroker.provider import FetchRequest, Identity
from ocibroker.testing import Authority
from tests.transport.brokers import made_rule
from tests.transport.made_provider import MadeProvider, NoOptions, Plugin

HOST = "registry.test"


def garbage(pem: str) -> str:
    """A certificate by its label, and no certificate."""
    first, *_, last = pem.strip().splitlines()
    return "\n".join([first, "bm8gY2VydGlmaWNhdGU=", last])


class Home:
    """A user whose commands come one after the other, each a process of its own."""

    def __init__(self, folder: Path, roots: Path, *, host_bound: bool) -> None:
        self.folder = folder
        self.ca = Authority().write(folder / "corp")
        self.environ = {"HOME": str(folder), "SSL_CERT_FILE": str(roots)}
        self.provider = MadeProvider(_token, identity=lambda: Identity(("me",), host_bound=host_bound))

    def configure(self, **authorities: Path) -> None:
        text = "".join(
            f"{made_rule(f'{host}.test')}[[tls]]\nmatch = '{host}.test'\nca = ['{path}']\n"
            for host, path in authorities.items()
        )
        path = self.folder / "config.toml"
        path.write_text(text)
        path.chmod(0o600)
        self.environ["OCIBROKER_CONFIG"] = str(path)

    def command(self, host: str = HOST, *, fresh: bool = False) -> None:
        plugins = [Plugin(self.provider)]
        with Broker.from_config(environ=self.environ, plugins=plugins, ahead=False, store="file") as broker:
            assert isinstance(broker.access(f"{host}/app", fresh=fresh).credential, Bearer)


def _token(request: FetchRequest[NoOptions]) -> Bearer:
    return Bearer(secret=Secret("t"), expires_at=request.clock.now() + timedelta(hours=1))


@pytest.fixture(params=[True, False], ids=["for-one-host", "for-many-hosts"])
def home(request: pytest.FixtureRequest, tmp_path: Path, roots: Path) -> Home:
    made = Home(tmp_path, roots, host_bound=request.param)
    made.configure(registry=made.ca)
    return made


def test_under_the_same_bytes_it_is_given_again(home: Home) -> None:
    home.command()
    home.ca.write_bytes(home.ca.read_bytes())
    home.command()
    assert home.provider.fetched == 1


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (garbage, "certificate 1 in it is damaged"),
        (lambda pem: pem + garbage(pem), "certificate 2 in it is damaged"),
        (lambda _: "", "is empty"),
        (lambda pem: pem[:100], "of which 0 are complete"),
    ],
    ids=["garbage", "garbage-behind", "empty", "cut-off"],
)
def test_an_authority_that_has_become_garbage_is_an_error_although_an_answer_is_kept(
    home: Home, broken: Callable[[str], str], why: str
) -> None:
    good = home.ca.read_text()
    home.command()
    home.ca.write_text(broken(good))
    for _ in range(2):
        with pytest.raises(TLSConfigurationError, match=why) as caught:
            home.command()
        assert caught.value.culprit == str(home.ca)
    home.ca.write_text(good)
    home.command()
    assert home.provider.fetched == 1


def test_nobody_is_asked_under_an_authority_that_is_garbage(home: Home) -> None:
    home.ca.write_text(garbage(home.ca.read_text()))
    for fresh in (False, True):
        with pytest.raises(TLSConfigurationError, match="certificate 1 in it is damaged"):
            home.command(fresh=fresh)
    assert home.provider.fetched == 0


def test_another_authority_has_it_got_again(home: Home) -> None:
    home.command()
    Authority().write(home.folder / "next").replace(home.ca)
    home.command()
    assert home.provider.fetched == 2


def test_a_root_of_the_system_that_has_become_garbage_is_an_error(home: Home, tmp_path: Path) -> None:
    roots = Authority().write(tmp_path / "roots")
    home.environ["SSL_CERT_FILE"] = str(roots)
    home.command()
    roots.write_text("garbage")
    with pytest.raises(TLSConfigurationError, match="cannot be read as PEM certificates"):
        home.command()


@pytest.mark.parametrize(("second", "fetched"), [("corp", 1), ("other", 2)], ids=["same", "another"])
def test_hosts_share_it_under_the_same_authority_only(
    tmp_path: Path, roots: Path, second: str, fetched: int
) -> None:
    home = Home(tmp_path, roots, host_bound=False)
    authorities = {"corp": home.ca, "other": Authority().write(tmp_path / "other")}
    home.configure(one=home.ca, two=authorities[second])
    home.command("one.test")
    home.command("two.test")
    assert home.provider.fetched == fetched
