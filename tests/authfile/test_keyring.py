"""The keyring: what counts as one, and that whatever it does is an error of ours."""

from collections.abc import Callable

import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as Fail
from keyring.backends.null import Keyring as Null

from ocibroker.authfile import Keyring
from ocibroker.errors import CredentialUnavailable
from ocibroker.secret import Secret

CANARY = "canary-Vd63"


class Held(KeyringBackend):
    """A keyring in memory; ``failure`` is raised by whatever is asked of it."""

    priority = 1.0

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.failure, self.held = failure, dict[tuple[str, str], str]()

    def get_password(self, service: str, username: str) -> str | None:
        self._fail()
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._fail()
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._fail()
        del self.held[service, username]

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


class Plaintext(Held):
    """What ``keyrings.alt`` is to us: known by its module."""

    __module__ = "keyrings.alt.file"


class Chain(ChainerBackend):
    priority = 1.0
    backends: tuple[KeyringBackend, ...] = ()

    def __init__(self, *backends: KeyringBackend) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.backends = backends


@pytest.fixture
def backend() -> Held:
    return Held()


def test_what_is_put_is_got_and_removed(backend: Held) -> None:
    keyring = Keyring.of(backend)
    keyring.put("r.test/team", "alice", Secret(CANARY))
    assert backend.held == {("ocibroker:r.test/team", "alice"): CANARY}
    assert keyring.get("r.test/team", "alice") == Secret(CANARY)
    keyring.remove("r.test/team", "alice")
    keyring.remove("r.test/team", "alice")
    assert backend.held == {}


@pytest.mark.parametrize("held", [None, ""])
def test_a_secret_that_is_not_there_is_an_error_with_the_next_step(backend: Held, held: str | None) -> None:
    if held is not None:
        backend.held["ocibroker:r.test", "alice"] = held
    with pytest.raises(
        CredentialUnavailable, match=r"keyring: has no secret for r.test \(run `ocibroker login r.test`"
    ):
        Keyring.of(backend).get("r.test", "alice")


def test_a_secret_that_cannot_be_one_is_an_error_that_does_not_show_it(backend: Held) -> None:
    backend.held["ocibroker:r.test", "alice"] = f"{CANARY}\n"
    with pytest.raises(CredentialUnavailable, match="a secret holds a control character") as caught:
        Keyring.of(backend).get("r.test", "alice")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "act",
    [
        lambda keyring: keyring.get("r.test", "alice"),
        lambda keyring: keyring.put("r.test", "alice", Secret("wonder")),
        lambda keyring: keyring.remove("r.test", "alice"),
    ],
    ids=["get", "put", "remove"],
)
@pytest.mark.parametrize("failure", [RuntimeError(CANARY), OSError(5, CANARY), KeyError(CANARY)], ids=repr)
def test_whatever_it_raises_is_an_error_of_ours_that_shows_nothing(
    act: Callable[[Keyring], object], failure: Exception
) -> None:
    with pytest.raises(CredentialUnavailable, match=f"cannot be .*: {type(failure).__name__} ") as caught:
        act(Keyring.of(Held(failure)))
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "none",
    [Fail(), Null(), Plaintext(), Chain(), Chain(Null(), Plaintext(), Chain(Fail()))],  # type: ignore[no-untyped-call]
    ids=["fail", "null", "plaintext", "empty chain", "chain of them"],
)
def test_what_keeps_no_secret_is_no_keyring(none: KeyringBackend) -> None:
    with pytest.raises(CredentialUnavailable, match=r"there is no keyring here \(.*`ocibroker login --file`\)"):
        Keyring.of(none)


def test_of_a_chain_the_first_that_keeps_a_secret_is_taken(backend: Held) -> None:
    Keyring.of(Chain(Null(), Plaintext(), backend)).put("r.test", "alice", Secret("wonder"))  # type: ignore[no-untyped-call]
    assert len(backend.held) == 1


def test_its_name_is_its_modules(backend: Held) -> None:
    assert Keyring.of(backend).name == "test_keyring"
