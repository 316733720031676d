"""A registry with something in it, and who may have it."""

from dataclasses import dataclass

from tests.e2e.account import Account
from tests.e2e.stock import Stock
from tests.e2e.token_server import TokenServer


@dataclass(frozen=True)
class StockedRegistry(Stock):
    """A running registry that gives ``image`` and ``chart`` to ``account`` only."""

    account: Account
    tokens: TokenServer | None = None
