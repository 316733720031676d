"""What a secret says of TLS holds for the accesses of its rule, and for nobody else's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ocibroker import Access
from ocibroker.errors import ConfigurationError, TLSFailed
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.kubernetes.mounts import USER, mounted, rule
from tests.kubernetes.private import registry
from tests.transport.brokers import MODES, Desk, Mode, exchange

WEAKENED = {"ca": {"cacerts": "{ca}"}, "insecure": {"insecureSkipVerify": "true"}}


@pytest.mark.acceptance(7, 31)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("weakened", WEAKENED)
def test_what_a_secret_says_holds_for_its_own_rule_on_the_same_host(
    weakened: str, mode: Mode, desk: Desk, tmp_path: Path, private: Authority
) -> None:
    trust = {key: value.format(ca=private.pem) for key, value in WEAKENED[weakened].items()}
    with registry(private) as running:
        own = mounted(tmp_path / "own", {**USER, **trust})
        other = mounted(tmp_path / "other", USER)
        broker = desk.broker(
            rule(f"{running.address}/charts", f'fleet_secret = "{own}"')
            + rule(running.address, f'fleet_secret = "{other}"')
        )
        for _ in range(2):
            good = broker.access(f"{running.address}/charts/app")
            assert exchange(good, mode, "GET", "/v2/").status_code == 200
            with pytest.raises(TLSFailed):
                exchange(broker.access(f"{running.address}/elsewhere/app"), mode, "GET", "/v2/")
        assert len({request.path for request in running.requests}) == 1


@pytest.mark.acceptance(7, 16)
def test_the_authority_of_one_host_is_never_trusted_for_another(
    desk: Desk, tmp_path: Path, private: Authority
) -> None:
    with registry(private) as first, EmbeddedRegistry(tls=private.server_context("localhost")) as second:
        secret = mounted(tmp_path / "helm", {**USER, "cacerts": private.pem})
        text = rule(first.address, f'fleet_secret = "{secret}"')
        text += f'[[registry]]\nmatch = "{second.address}"\nprovider = "anonymous"\n'
        broker = desk.broker(text)
        access = broker.access(f"{first.address}/charts/app")
        with access.client() as http:
            assert http.get("/v2/").status_code == 200
        with broker.access(second.address).client() as http, pytest.raises(TLSFailed):
            http.get("/v2/")
        first.redirects["/v2/charts/app/blobs"] = f"https://{second.address}/v2/other/blobs"
        with access.client() as http, pytest.raises(TLSFailed):
            http.get(f"/v2/charts/app/blobs/sha256:{'0' * 64}")
        assert list(second.requests) == []


def test_two_secrets_on_one_host_keep_their_own_trust(
    desk: Desk, tmp_path: Path, private: Authority, authority: Authority
) -> None:
    with registry(private) as running:
        right = mounted(tmp_path / "right", {**USER, "cacerts": private.pem})
        wrong = mounted(tmp_path / "wrong", {**USER, "cacerts": authority.pem})
        broker = desk.broker(
            rule(f"{running.address}/right", f'fleet_secret = "{right}"')
            + rule(f"{running.address}/wrong", f'fleet_secret = "{wrong}"')
        )
        assert broker.access(f"{running.address}/right").client().get("/v2/").status_code == 200
        with pytest.raises(TLSFailed):
            broker.access(f"{running.address}/wrong").client().get("/v2/")


def test_an_entry_for_the_host_wins_whole_and_explain_says_so(
    desk: Desk, tmp_path: Path, private: Authority
) -> None:
    with registry(private) as running:
        secret = mounted(tmp_path / "helm", {**USER, "cacerts": private.pem, "insecureSkipVerify": "yes?"})
        text = rule(running.address, f'fleet_secret = "{secret}"')
        broker = desk.broker(f'{text}[[tls]]\nmatch = "{running.address}"\n')
        with pytest.raises(TLSFailed):
            broker.access(f"{running.address}/app").client().get("/v2/")
        (note,) = broker.explain(f"{running.address}/app").tls["notes"]
        assert note.startswith("what provider kubernetes says of TLS: shadowed by ")
        assert note.endswith("tls[0]")


def test_what_is_wrong_with_one_secret_is_nothing_to_another_rule_on_the_host(desk: Desk, tmp_path: Path) -> None:
    wrong, right = mounted(tmp_path / "wrong", {"basicHTTP": "yes"}), mounted(tmp_path / "right", USER)
    broker = desk.broker(
        rule("registry.test/wrong", f'fleet_secret = "{wrong}"')
        + rule("registry.test/right", f'fleet_secret = "{right}"')
    )

    async def both() -> list[object]:
        targets = [f"registry.test/{path}" for path in ("wrong", "right") * 10]
        return await asyncio.gather(*map(broker.access_async, targets), return_exceptions=True)

    found = asyncio.run(both())
    assert {type(one) for one in found[::2]} == {ConfigurationError}
    assert {type(one) for one in found[1::2]} == {Access}
