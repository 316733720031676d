"""What is remembered takes no more room than it is given, however much is asked for."""

from __future__ import annotations

import gc
import weakref

from ocibroker import Bearer, Secret
from ocibroker.api import CredentialQuestion
from ocibroker.config import Allowance
from ocibroker.sidecar.message import Reply
from ocibroker.sidecar.reach import Reach
from ocibroker.sidecar.remembered import Remembered, RememberedQuestions
from ocibroker.sidecar.shelf import Shelf
from tests.transport.brokers import Desk, made_rule, rule
from tests.transport.made_provider import giving


def kept(shelf: Shelf[str, int]) -> str:
    return "".join(name for name in "abcd" if shelf.get(name) is not None)


def test_the_oldest_goes_where_there_are_too_many() -> None:
    shelf = Shelf[str, int](3, 1000)
    for name in "abcd":
        shelf.put(name, 1, 1)
    assert kept(shelf) == "bcd"


def test_the_oldest_go_where_they_are_too_large() -> None:
    shelf = Shelf[str, int](10, 100)
    for name, size in (("a", 40), ("b", 40), ("c", 70)):
        shelf.put(name, 1, size)
    assert kept(shelf) == "c"


def test_what_is_put_again_counts_once_and_is_the_newest() -> None:
    shelf = Shelf[str, int](10, 100)
    for name, size in (("a", 40), ("b", 40), ("a", 50), ("d", 50)):
        shelf.put(name, size, size)
    assert (kept(shelf), shelf.get("a")) == ("ad", 50)


def test_what_has_no_room_at_all_is_not_kept() -> None:
    shelf = Shelf[str, int](10, 100)
    shelf.put("a", 1, 101)
    assert kept(shelf) == ""
    shelf.put("b", 1, 100)
    assert kept(shelf) == "b"


def test_replies_with_many_authorities_fill_no_more_than_their_share(desk: Desk) -> None:
    """A thousand repositories of one host had taken 230 MiB."""
    broker = desk.broker(made_rule("registry.test"), offered=[giving(Bearer(secret=Secret("t")))])
    reach = Reach(broker.config, Allowance())
    reached, reply = reach.target("registry.test", "", ("pull",)), Reply(body=bytes(1024 * 1024))
    question, access = CredentialQuestion(registry="registry.test"), broker.access("registry.test")
    remembered, bodies = RememberedQuestions(), [str(number).encode() for number in range(20)]
    for body in bodies:
        remembered.keep(body, Remembered(reach, question, reached, access, reply))
    assert [body for body in bodies if remembered.get(body, reach)] == bodies[-8:]


def test_nothing_of_a_generation_is_kept_once_another_is_asked(desk: Desk) -> None:
    """Each access would keep the whole broker that it came from."""
    remembered, question, left = RememberedQuestions(), CredentialQuestion(registry="registry.test"), []
    for password in ("first", "second"):
        broker = desk.broker(rule("registry.test", password=password))
        reach = Reach(broker.config, Allowance())
        reached, access = reach.target("registry.test", "", ("pull",)), broker.access("registry.test")
        assert remembered.get(password.encode(), reach) is None
        remembered.keep(password.encode(), Remembered(reach, question, reached, access, Reply()))
        left.append(weakref.ref(reach))
    gc.collect()
    assert [one() is None for one in left] == [True, False]
