"""Two identities in one process, for one host: never each other's answer; and what an identity is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.provider import Caller, Identity, Request, Secret, SecretRef, Target
from ocibroker_gar import GarOptions, GarProvider
from ocibroker_gar.principal import ANNOTATION
from tests.google.accounts import POOL, written
from tests.google.emulator import Google
from tests.google.registries import REGISTRIES, SOVEREIGN
from tests.plugins.gar.asking import HOST, failure, logged_in, named, rule, whose
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock

pytestmark = pytest.mark.acceptance(34)


def test_by_file(google: Google, desk: Desk) -> None:
    keys = {name: google.accounts.key(name) for name in ("alice", "bob")}
    for name, key in keys.items():
        written(desk.folder / f"{name}.json", key)
    text = rule(HOST, credentials={"file": "alice.json"}) + rule(f"{HOST}/bobs", credentials={"file": "bob.json"})
    broker = desk.broker(text, route=google.route)
    found = [whose(google, broker, target) for target in (HOST, f"{HOST}/bobs", HOST, f"{HOST}/bobs")]
    assert found == [keys[name]["client_email"] for name in ("alice", "bob", "alice", "bob")]
    assert len(google.asked) == 2


def test_by_environment_at_the_same_time(google: Google, desk: Desk) -> None:
    people = [f"user-{number}" for number in range(8)]
    environs = [named(desk, google.accounts.login(name), f"{name}.json") for name in people]
    brokers = [desk.broker(environ=environ, route=google.route) for environ in environs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(partial(whose, google), brokers)) == [f"user/{name}" for name in people]


def test_by_the_callers_token(google: Google, desk: Desk) -> None:
    google.metadata.principal = "node"
    callers = {}
    for name in ("one", "two"):
        provider = google.accounts.trust("cluster", f"of-{name}", f"pod-{name}")
        account = google.accounts.account(name, f"pod-{name}")
        callers[account] = Caller(token=Secret(f"of-{name}"), annotations={ANNOTATION: account})
    text = rule(workload_identity_provider=provider)
    broker = desk.broker(text, environ={"HOME": str(desk.folder)}, route=google.route)
    for _ in range(2):
        assert [whose(google, broker, caller=caller) for caller in callers.values()] == list(callers)
    assert whose(google, broker, caller=Caller(token=Secret("of-one"))) == "pod-one"
    stranger = Caller(token=Secret("of-three"), annotations=callers[account].annotations)
    assert "invalid_grant" in failure(broker, caller=stranger).message
    other = Caller(token=Secret("of-one"), annotations=callers[account].annotations)
    assert "PERMISSION_DENIED" in failure(broker, caller=other).message
    assert whose(google, broker) == "node"


def test_an_annotation_without_a_token_is_no_account(google: Google, desk: Desk) -> None:
    google.metadata.principal = "node"
    admin = google.accounts.account("admin", "node")
    broker = desk.broker(environ={"HOME": str(desk.folder)}, route=google.route)
    assert whose(google, broker, caller=Caller(annotations={ANNOTATION: admin})) == "node"
    assert google.iam.calls == []


@pytest.mark.parametrize("place", [named, logged_in])
def test_a_changed_credential_file_is_noticed_at_the_next_access(
    place: Callable[[Desk, dict[str, Any]], dict[str, str]], google: Google, desk: Desk
) -> None:
    clock = HandClock()
    broker = desk.broker(environ=place(desk, google.accounts.login("alice")), route=google.route, clock=clock)
    assert whose(google, broker) == "user/alice"
    place(desk, google.accounts.login("bob", comment="another"))
    assert whose(google, broker) == "user/alice"
    clock.move(1)
    assert whose(google, broker) == "user/bob"


def asked(
    environ: Mapping[str, str] | None = None,
    caller: Caller | None = None,
    host: str = HOST,
    **options: Any,  # noqa: ANN401
) -> Identity:
    request = Request(
        target=Target.parse(host), options=GarOptions(**options), environ=environ or {}, caller=caller
    )
    return GarProvider().identity(request)


class TestIdentity:
    def test_registries_of_one_universe_share_it_and_universes_do_not(self) -> None:
        assert len({asked(host=host) for host in REGISTRIES}) == 1
        assert asked(host=HOST) != asked(host=SOVEREIGN)
        assert asked(host="registry.corp.test", universe_domain="s3nsapis.fr") == asked(host=SOVEREIGN)

    def test_each_principal_has_its_own(self) -> None:
        ci: dict[str, Any] = {"identity_token": SecretRef(env="ID_TOKEN"), "workload_identity_provider": "ci"}
        identities = [
            asked(),
            asked({"HOME": "/home/alice"}),
            asked({"CLOUDSDK_CONFIG": "/home/bob/gcloud"}),
            asked({"GOOGLE_APPLICATION_CREDENTIALS": "/run/key.json"}),
            asked({"GOOGLE_APPLICATION_CREDENTIALS": "/run/other.json"}),
            asked({"GCE_METADATA_HOST": "metadata.corp.test"}),
            asked({"NO_GCE_CHECK": "true"}),
            asked({"AWS_ACCESS_KEY_ID": "AKIA1"}),
            asked({"AWS_ACCESS_KEY_ID": "AKIA2"}),
            asked(credentials=SecretRef(file=Path("/run/key.json"))),
            asked(credentials=SecretRef(env="KEY")),
            asked(impersonate="pull"),
            asked(impersonate=("first", "pull")),
            asked(**ci),
            asked(**ci, impersonate="pull"),
            asked(**{**ci, "workload_identity_provider": "other"}),
            asked(caller=Caller(token=Secret("one")), workload_identity_provider="ci"),
            asked(caller=Caller(token=Secret("two")), workload_identity_provider="ci"),
            asked(caller=Caller(token=Secret("two")), workload_identity_provider="other"),
            asked(caller=Caller(token=Secret("two"), annotations={ANNOTATION: "pull"})),
        ]
        assert len(set(identities)) == len(identities)

    def test_only_service_accounts_and_the_callers_token_mean_the_same_everywhere(self) -> None:
        kept = SecretRef(file=Path("/run/key.json"))
        assert {asked().reach, asked(credentials=kept).reach, asked(identity_token=kept).reach} == {"local"}
        assert asked(impersonate="pull").reach == "global"
        assert asked(caller=Caller(token=Secret("one")), workload_identity_provider=f"{POOL}a").reach == "global"

    def test_the_files_that_decide_are_watched(self) -> None:
        path = Path("/run/key.json")
        login = Path("/home/alice/.config/gcloud/application_default_credentials.json")
        assert asked({"HOME": "/home/alice"}).watch == (login,)
        environ = {"HOME": "/home/alice", "GOOGLE_APPLICATION_CREDENTIALS": str(path)}
        assert asked(environ).watch == (path,)
        assert asked(credentials=SecretRef(file=path)).watch == (path,)
        assert asked(identity_token=SecretRef(file=path)).watch == (path,)
        assert asked(caller=Caller(token=Secret("one"))).watch == ()

    @given(st.text(min_size=8, max_size=40))
    def test_it_holds_no_secret(self, secret: str) -> None:
        token = Caller(token=Secret(f"c4n4ry{secret.encode().hex()}"))
        kept = SecretRef(literal=Secret("c4n4ry"))
        environ = dict.fromkeys(("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), f"c4n4ry{secret}")
        identities = (
            asked(environ, token),
            asked(environ, credentials=kept),
            asked(environ, identity_token=kept),
            asked(environ),
        )
        assert "c4n4ry" not in repr(identities)
