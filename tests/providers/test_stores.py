"""Sources of secrets: who may offer one, what it is given, and how long what it read is remembered."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ocibroker import Basic, Bearer, Broker
from ocibroker.errors import (
    ConfigurationError,
    ConnectionFailed,
    ContractViolation,
    CredentialUnavailable,
    IdentityRefused,
    NoIdentity,
    OcibrokerError,
)
from ocibroker.provider import (
    Caller,
    Credential,
    FetchRequest,
    Identity,
    Leased,
    Options,
    Secret,
    SecretOptions,
    SecretRef,
    SecretSource,
    secret_sources,
)
from ocibroker.providers import BUILT_IN, load
from ocibroker.providers.stores import STORES
from tests.providers.site import Site
from tests.providers.stub import Stub, plugin
from tests.transport.hand_clock import HandClock

TARGET = "charts.example.com"
CANARY = "c4n4ry-of-the-drawer"
PAST, ZONELESS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1)  # noqa: DTZ001  # what no lease may say


class DrawerOptions(SecretOptions, frozen=True, kw_only=True):
    slot: str
    label: Path | None = None
    key: SecretRef | None = None


def password(request: FetchRequest[DrawerOptions]) -> Secret:
    return Secret("wonder")


@dataclass
class Drawer:
    """Reads as it is told, and remembers what it was asked."""

    reads: Callable[[FetchRequest[DrawerOptions]], Any] = password
    name: str = "drawer"
    options: type[Any] = DrawerOptions
    files: tuple[Path, ...] = ()
    asked: list[FetchRequest[DrawerOptions]] = field(default_factory=list)

    def place(self, options: DrawerOptions) -> str:
        return f"slot {options.slot}"

    def watch(self, options: DrawerOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        return (*self.files, *filter(None, (options.label,)))

    def read(self, request: FetchRequest[DrawerOptions]) -> Any:  # noqa: ANN401  # whatever a test tells it
        self.asked.append(request)
        return self.reads(request)


class Jobs(Drawer):
    """Reads what is the job's, whose name is in a variable."""

    def variables(self, options: DrawerOptions) -> tuple[str, ...]:
        return ("JOB",)


class OfThisMachine(Drawer):
    """Reads what another machine would read otherwise."""

    reach = "local"


def offering(*sources: Any) -> object:  # noqa: ANN401  # a plugin may offer anything
    """Return what a plugin's module is to a broker."""

    @secret_sources
    def offer() -> Sequence[SecretSource[Any]]:
        return sources

    return SimpleNamespace(ocibroker_secret_sources=offer)


def rule(reference: str = '{ drawer = { slot = "top" } }', match: str = TARGET) -> str:
    options = f'{{ username = "alice", password = {reference} }}'
    return f'[[registry]]\nmatch = "{match}"\nprovider = "basic"\noptions = {options}\n'


def made(
    folder: Path, text: str, plugins: Iterable[object], *, clock: HandClock | None = None, **environ: str
) -> Broker:
    path = folder / "config.toml"
    path.touch(mode=0o600)
    path.write_text(text)
    return Broker.from_config(path, environ=environ, clock=clock, plugins=plugins)


def revealed(broker: Broker, **asked: Any) -> str:  # noqa: ANN401
    found = broker.access(TARGET, **asked).credential
    assert isinstance(found, Basic)
    return found.secret.reveal()


def failure(folder: Path, drawer: Drawer) -> OcibrokerError:
    with made(folder, rule(), [offering(drawer)]) as broker, pytest.raises(OcibrokerError) as caught:
        broker.access(TARGET)
    assert CANARY not in str(caught.value)
    return caught.value


class TestWhoOffers:
    def test_the_built_in_sources_are_those_that_our_plugins_offer(self) -> None:
        offered = {
            source.name: name
            for name, module in BUILT_IN.items()
            for source in getattr(import_module(module), "ocibroker_secret_sources", list)()
        }
        assert offered == STORES

    def test_a_plugin_of_others_is_used_once_the_configuration_names_it(self, site: Site, tmp_path: Path) -> None:
        touched = site.install("drawer-broker", PLUGIN, plugin="drawer")
        config = tmp_path / "config.toml"
        config.write_text(rule())
        with pytest.raises(AssertionError, match=r"drawer: is no source of secrets.*\[plugins\] enable"):
            site.ask(config, TARGET)
        assert not touched.exists()
        config.write_text(rule() + '[plugins]\nenable = ["drawer"]\n')
        (answer,) = site.ask(config, TARGET)
        assert answer.startswith("Basic(secret=Secret('**********')")
        assert touched.exists()

    @pytest.mark.parametrize("name", sorted(STORES))
    def test_nobody_else_can_offer_a_built_in_source(self, name: str) -> None:
        with pytest.raises(ConfigurationError, match="two plugins offer it"):
            load(given=[offering(Drawer(name=name))])

    @pytest.mark.parametrize(
        ("source", "why"),
        [
            (object(), "without name"),
            (Drawer(name="Drawer"), "with a bad name"),
            (Drawer(name="a-b"), "with a bad name"),
            (Drawer(options=dict), "whose options are no Options"),
            (Drawer(options=Options), "whose options have no ttl"),
        ],
    )
    def test_what_is_no_source_is_refused(self, source: object, why: str) -> None:
        with pytest.raises(CredentialUnavailable, match=why):
            load(given=[offering(source)])

    def test_what_no_reference_names_is_not_imported(self, tmp_path: Path) -> None:
        code = (
            "import json, sys; from ocibroker import Broker\n"
            f"Broker.from_config({str(configured(tmp_path))!r}, environ={{}}).close()\n"
            "print(json.dumps([*sys.modules]))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        parts = {"secrets_manager", "secret_manager", "key_vault", "secret_source", "reading", "session"}
        ours = [name for name in json.loads(done.stdout) if name.startswith("ocibroker_")]
        assert [name for name in ours if name.partition(".")[2] in parts] == []
        assert {"hvac", "requests", "keyring"}.isdisjoint(json.loads(done.stdout))


class TestReading:
    def test_it_is_given_its_options_the_environment_and_no_caller(self, tmp_path: Path) -> None:
        drawer = Drawer()
        caller = Caller(token=Secret("of-the-pod"))
        with made(tmp_path, rule(), [offering(drawer)], SLOT="1") as broker:
            assert revealed(broker, caller=caller) == "wonder"
        (asked,) = drawer.asked
        assert (asked.options.slot, asked.caller, asked.environ["SLOT"]) == ("top", None, "1")

    def test_what_it_is_entered_by_may_be_a_reference_too(self, tmp_path: Path) -> None:
        def by_key(request: FetchRequest[DrawerOptions]) -> Secret:
            assert request.options.key
            return Secret(f"opened by {request.secret(request.options.key).reveal()}")

        (tmp_path / "key").write_text("a key\n")
        within = '{ drawer = { slot = "lower", key = { file = "key" } } }'
        for reference, found in (
            ('{ drawer = { slot = "top", key = { file = "key" } } }', "opened by a key"),
            (f'{{ drawer = {{ slot = "top", key = {within} }} }}', "opened by opened by a key"),
        ):
            with made(tmp_path, rule(reference), [offering(Drawer(by_key))]) as broker:
                assert revealed(broker) == found

    @pytest.mark.parametrize("named", ["the-label", "the-key", "the-source"])
    def test_the_files_that_decide_are_watched(self, named: str, tmp_path: Path, clock: HandClock) -> None:
        drawer = Drawer(files=(tmp_path / "the-source",))
        reference = '{ drawer = { slot = "top", label = "the-label", key = { file = "the-key" } } }'
        with made(tmp_path, rule(reference), [offering(drawer)], clock=clock) as broker:
            revealed(broker)
            (tmp_path / named).write_text("new")
            clock.move(1)
            revealed(broker)
        assert len(drawer.asked) == 2

    @pytest.mark.parametrize(
        ("raised", "kind", "message"),
        [
            (CredentialUnavailable("is locked", hint="unlock it"), CredentialUnavailable, "is locked"),
            (IdentityRefused("is gone", hint="x"), IdentityRefused, "is gone"),
            (NoIdentity("nobody is here", hint="x"), CredentialUnavailable, "nobody is here"),
            (ConnectionFailed("refused", culprit="h:1", hint="x"), ConnectionFailed, "h:1: refused"),
            (RuntimeError(CANARY), ContractViolation, "read() raised RuntimeError"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_an_error_names_the_place(
        self, raised: Exception, kind: type[OcibrokerError], message: str, tmp_path: Path
    ) -> None:
        def fail(request: FetchRequest[DrawerOptions]) -> Secret:
            raise raised

        error = failure(tmp_path, Drawer(fail))
        assert (type(error), error.culprit, error.message) == (kind, "drawer slot top", message)

    def test_what_is_no_secret_is_not_shown(self, tmp_path: Path) -> None:
        error = failure(tmp_path, Drawer(lambda _: CANARY))
        assert (type(error), error.message) == (ContractViolation, "read() gave a str")

    def test_a_rule_knows_what_it_needs_and_what_it_refers_to(self, tmp_path: Path) -> None:
        within = '{ vault = { url = "https://v.test", path = "x", token = { file = "/token" } } }'
        text = rule(f'{{ drawer = {{ slot = "top", key = {within} }} }}')
        with made(tmp_path, text, [offering(Drawer())]) as broker:
            (found,) = broker.config.rules
        assert found.needed == ("basic", "vault")
        places = ["a value in the configuration", "drawer slot top", "vault secret/x at https://v.test, password"]
        assert [str(one) for one in found.references] == [*places, "file /token"]

    def test_an_explanation_names_the_place(self, tmp_path: Path) -> None:
        with made(tmp_path, rule(), [offering(Drawer())]) as broker:
            assert "password from drawer slot top" in str(broker.explain(TARGET))


class TestLife:
    @pytest.mark.parametrize(("more", "seconds"), [("", 300), (", ttl = 7.0", 7)])
    def test_what_does_not_expire_is_remembered_for_its_ttl(
        self, more: str, seconds: int, tmp_path: Path, clock: HandClock
    ) -> None:
        drawer = Drawer()
        text = rule(f'{{ drawer = {{ slot = "top"{more} }} }}')
        with made(tmp_path, text, [offering(drawer)], clock=clock) as broker:
            revealed(broker)
            clock.move(seconds - 1)
            revealed(broker)
            assert len(drawer.asked) == 1
            clock.move(1)
            revealed(broker)
            assert len(drawer.asked) == 2

    def test_a_reference_in_a_table_counts_as_any_other(self, tmp_path: Path, clock: HandClock) -> None:
        def login(request: FetchRequest[TableOptions]) -> Credential:
            return Basic(username="alice", secret=request.secret(request.options.variables["KEY"]))

        drawer, stub = Drawer(), Stub("tables", fetches=login, options=TableOptions)
        options = 'options = { variables = { KEY = { drawer = { slot = "top" } } } }\n'
        text = f'[[registry]]\nmatch = "{TARGET}"\nprovider = "tables"\n{options}'
        with made(tmp_path, text, [offering(drawer), plugin(stub)], clock=clock) as broker:
            assert [str(one) for one in broker.config.rules[0].references] == ["drawer slot top"]
            revealed(broker)
            clock.move(300)
            revealed(broker)
        assert len(drawer.asked) == 2

    @pytest.mark.parametrize(
        ("reference", "reach"),
        [
            ('{ drawer = { slot = "top" } }', "global"),
            ('{ machine = { slot = "top" } }', "local"),
            ('{ drawer = { slot = "top", key = { machine = { slot = "keys" } } } }', "local"),
        ],
        ids=["another-source", "by-itself", "to-enter-a-store"],
    )
    def test_what_is_made_of_a_secret_of_one_machine_is_of_that_machine(
        self, reference: str, reach: str, tmp_path: Path
    ) -> None:
        def role(_: object) -> Identity:
            return Identity(("a role",), reach="global")

        stub = Stub("tables", identifies=role, options=TableOptions)
        options = f"options = {{ variables = {{ KEY = {reference} }} }}\n"
        text = f'[[registry]]\nmatch = "{TARGET}"\nprovider = "tables"\n{options}'
        sources = offering(Drawer(), OfThisMachine(name="machine"))
        with made(tmp_path, text, [sources, plugin(stub)]) as broker:
            assert broker.explain(TARGET).reach == reach

    def test_what_was_got_with_it_and_expires_is_remembered_as_long_as_it_lives(
        self, tmp_path: Path, clock: HandClock
    ) -> None:
        def token(request: FetchRequest[TokenOptions]) -> Credential:
            request.secret(request.options.key)
            now = request.clock.now()
            return Bearer(secret=Secret("t0ken"), issued_at=now, expires_at=now + timedelta(hours=2))

        drawer, stub = Drawer(), Stub("tokens", fetches=token, options=TokenOptions)
        options = 'provider = "tokens"\noptions = { key = { drawer = { slot = "top" } } }\n'
        text = f'[[registry]]\nmatch = "{TARGET}"\n{options}'
        with made(tmp_path, text, [offering(drawer), plugin(stub)], clock=clock) as broker:
            broker.access(TARGET)
            clock.move(3000)
            broker.access(TARGET)
        assert len(drawer.asked) == 1

    @pytest.mark.parametrize(("ttl", "seconds"), [(300, 60), (20, 20)], ids=["it-ends-first", "its-ttl-is-shorter"])
    def test_what_ends_by_itself_is_no_longer_used_then(
        self, ttl: int, seconds: int, tmp_path: Path, clock: HandClock
    ) -> None:
        def lent(request: FetchRequest[DrawerOptions]) -> Leased:
            return Leased(Secret("passing"), request.clock.now() + timedelta(seconds=60))

        drawer = Drawer(lent)
        text = rule(f'{{ drawer = {{ slot = "top", ttl = {ttl}.0 }} }}')
        with made(tmp_path, text, [offering(drawer)], clock=clock) as broker:
            found = broker.access(TARGET).credential
            assert isinstance(found, Basic)
            assert found.expires_at == clock.now() + timedelta(seconds=seconds)
            clock.move(seconds)
            assert revealed(broker) == "passing"
        assert len(drawer.asked) == 2

    def test_what_lies_beside_it_is_read_anew_after_its_own_ttl(self, tmp_path: Path, clock: HandClock) -> None:
        def lent(request: FetchRequest[DrawerOptions]) -> Leased:
            return Leased(Secret("passing"), request.clock.now() + timedelta(seconds=60))

        kept, passing = Drawer(lambda _: Secret("alice")), Drawer(lent, name="passing")
        text = rule('{ passing = { slot = "top" } }').replace(
            '"alice"', '{ drawer = { slot = "name", ttl = 7.0 } }'
        )
        with made(tmp_path, text, [offering(kept, passing)], clock=clock) as broker:
            found = broker.access(TARGET).credential
        assert isinstance(found, Basic)
        assert found.expires_at == clock.now() + timedelta(seconds=7)

    @pytest.mark.parametrize(("ttl", "seconds"), [(300, 60), (20, 20)], ids=["it-ends-first", "its-ttl-is-shorter"])
    def test_what_ends_by_itself_makes_no_static_password_one_that_expires(
        self, ttl: int, seconds: int, tmp_path: Path, clock: HandClock
    ) -> None:
        def lent(request: FetchRequest[DrawerOptions]) -> Leased:
            return Leased(Secret("alice"), request.clock.now() + timedelta(seconds=60))

        drawer = Drawer(lent)
        named = f'username = {{ drawer = {{ slot = "name", ttl = {ttl}.0 }} }}'
        text = rule('"wonder"').replace('username = "alice"', named) + '[cache]\nstore = "file"\n'
        environ = {"XDG_RUNTIME_DIR": str(tmp_path / "runtime")}
        (tmp_path / "runtime").mkdir(mode=0o700)
        with made(tmp_path, text, [offering(drawer)], clock=clock, **environ) as broker:
            found = broker.access(TARGET).credential
            assert isinstance(found, Basic)
            assert (found.username, found.secret.reveal(), found.expires_at) == ("alice", "wonder", None)
            clock.move(seconds - 1)
            revealed(broker)
            assert len(drawer.asked) == 1
            clock.move(1)
            revealed(broker)
        assert len(drawer.asked) == 2
        assert b"wonder" not in b"".join(
            path.read_bytes() for path in (tmp_path / "runtime").rglob("*") if path.is_file()
        )

    def test_that_by_which_a_store_is_entered_ends_nothing_that_lies_there(
        self, tmp_path: Path, clock: HandClock
    ) -> None:
        def by_key(request: FetchRequest[DrawerOptions]) -> Secret | Leased:
            if request.options.key is None:
                return Leased(Secret("a passing key"), request.clock.now() + timedelta(seconds=60))
            return Secret(f"opened by {request.secret(request.options.key).reveal()}")

        text = rule('{ drawer = { slot = "top", key = { drawer = { slot = "keys" } } } }')
        with made(tmp_path, text, [offering(Drawer(by_key))], clock=clock) as broker:
            found = broker.access(TARGET).credential
        assert isinstance(found, Basic)
        assert (found.secret.reveal(), found.expires_at) == ("opened by a passing key", None)

    @pytest.mark.parametrize(("ends", "why"), [(ZONELESS, "no time zone"), (PAST, "expired")])
    def test_what_has_ended_or_ends_nobody_knows_when_is_never_sent(
        self, ends: datetime, why: str, tmp_path: Path
    ) -> None:
        error = failure(tmp_path, Drawer(lambda _: Leased(Secret(CANARY), ends)))
        assert why in error.message

    @pytest.mark.parametrize("reference", ['{ env = "JOB" }', '{ drawer = { slot = "top" } }'])
    def test_two_jobs_of_one_machine_never_share_what_was_got(
        self, reference: str, tmp_path: Path, clock: HandClock
    ) -> None:
        def token(request: FetchRequest[TokenOptions]) -> Credential:
            now, key = request.clock.now(), request.secret(request.options.key)
            fetched.append(key.reveal().removeprefix("of-"))
            return Bearer(secret=key, issued_at=now, expires_at=now + timedelta(hours=2))

        fetched: list[str] = []
        drawer = Jobs(lambda request: Secret(f"of-{request.environ['JOB']}"))
        stub = Stub("tokens", fetches=token, options=TokenOptions)
        options = f'provider = "tokens"\noptions = {{ key = {reference} }}\n'
        text = f'[[registry]]\nmatch = "{TARGET}"\n{options}[cache]\nstore = "file"\n'
        found = []
        for job in ("one", "one", "two"):
            environ = {"XDG_RUNTIME_DIR": str(tmp_path), "JOB": job}
            with made(tmp_path, text, [offering(drawer), plugin(stub)], clock=clock, **environ) as broker:
                answer = broker.access(TARGET).credential
                assert isinstance(answer, Bearer)
                found.append(answer.secret.reveal().removeprefix("of-"))
        assert (found, fetched) == (["one", "one", "two"], ["one", "two"])

    def test_two_references_that_differ_never_share_an_answer(self, tmp_path: Path) -> None:
        drawer = Drawer(lambda request: Secret(str(request.options.label)))
        texts = (rule(f'{{ drawer = {{ slot = "top", label = "/{one}" }} }}', f"{one}.test") for one in "ab")
        with made(tmp_path, "".join(texts), [offering(drawer)]) as broker:
            found = [broker.access(f"{one}.test").credential for one in "ab"]
        assert [one.secret.reveal() for one in found if isinstance(one, Basic)] == ["/a", "/b"]


class TokenOptions(Options, frozen=True, kw_only=True):
    key: SecretRef


class TableOptions(Options, frozen=True, kw_only=True):
    variables: dict[str, SecretRef]


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ('{ drawer = { slto = "top" } }', "drawer.slto: unknown key .did you mean slot"),
        ('{ drawer = { slot = "top", ttl = 0.0 } }', "drawer.ttl"),
        ('{ drawer = { slot = "top", ttl = 1e9 } }', "drawer.ttl"),
        ('{ drawer = { slot = "top", key = { nowhere = { x = 1 } } } }', "key.nowhere: is no source of secrets"),
        ('{ drawer = "top" }', "neither text nor a reference"),
        ('{ drawer = { slot = "top" }, file = "x" }', "neither text nor a reference"),
        ('{ Drawer = { slot = "top" } }', "neither text nor a reference"),
        ('{ file = { slot = "top" } }', "neither text nor a reference"),
        ('{ nowhere = { slot = "top" } }', r"nowhere: is no source of secrets \(choose from aws_secretsmanager,"),
    ],
)
def test_a_reference_that_cannot_work_is_refused_when_it_is_read(reference: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        made(tmp_path, rule(reference), [offering(Drawer())])
    assert caught.value.culprit == f"{tmp_path / 'config.toml'}:4"


FLEET = '[cache]\nstore = "rediss://cache.example.com/0"\nusername = "u"\n'


@pytest.mark.parametrize(
    "text",
    [
        '[[tls]]\nmatch = "a.test"\nclient_cert = "c"\nclient_key = "k"\nclient_key_password = {}\n',
        f'{FLEET}encryption_key = {{ env = "K" }}\npassword = {{}}\n',
        f"{FLEET}encryption_key = {{}}\n",
        f'{FLEET}encryption_key = {{ env = "K" }}\nprevious_encryption_key = {{}}\n',
        '[sidecar]\naudit = "trail"\naudit_key = {}\n',
    ],
    ids=["client_key_password", "password", "encryption_key", "previous_encryption_key", "audit_key"],
)
def test_what_is_needed_before_anybody_can_be_asked_lies_in_no_store(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be kept in a store \(drawer\).*write \{ file = … \}"):
        made(tmp_path, text.replace("{}", '{ drawer = { slot = "top" } }'), [offering(Drawer())])


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def configured(folder: Path) -> Path:
    path = folder / "config.toml"
    path.write_text(rule('{ env = "X" }'))
    return path


PLUGIN = """
from ocibroker.provider import Secret, SecretOptions, secret_sources


class DrawerOptions(SecretOptions, frozen=True, kw_only=True):
    slot: str


class Drawer:
    name = "drawer"
    options = DrawerOptions

    def place(self, options):
        return f"slot {options.slot}"

    def watch(self, options, environ):
        return ()

    def read(self, request):
        return Secret("wonder")


@secret_sources
def ocibroker_secret_sources():
    return [Drawer()]
"""
