"""A service account's token, for whoever may act for it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ocibroker_gar.asking import Asking
from ocibroker_gar.endpoints import generate_url, is_account
from ocibroker_gar.faults import GENERATED
from ocibroker_gar.token import SCOPE, Token, generated


def impersonate(asking: Asking, token: Token, accounts: Sequence[str], url: str = "") -> Token:
    """Return the token of the last of ``accounts``; those before it are the delegates in between.

    https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
    """
    for account in accounts:
        if not is_account(account):
            raise asking.failed(f"{account!r} is no service account's e-mail", "correct impersonate in the rule")
        asking.tried.append(f"service account {account}")
    delegates = [f"projects/-/serviceAccounts/{account}" for account in accounts[:-1]]
    body = {"scope": [SCOPE], **({"delegates": delegates} if delegates else {})}
    answer = asking.exchange(
        "POST",
        url or generate_url(accounts[-1], asking.universe),
        headers={"Authorization": f"Bearer {token.secret.reveal()}", "Content-Type": "application/json"},
        content=json.dumps(body).encode(),
    )
    return asking.token(GENERATED, answer, generated)
