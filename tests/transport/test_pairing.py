"""There is no access without a transport, whoever asks and whatever a provider gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Access, Anonymous, Basic, Bearer, Caller, CallerTransport, IdentityToken, Secret
from ocibroker.errors import (
    ConfigurationError,
    ConnectionFailed,
    ContractViolation,
    CredentialUnavailable,
    DeadlineExceeded,
    InvalidTarget,
    InvalidValue,
    OcibrokerError,
    RegistryRefused,
    TransportRefused,
    UsageError,
    WrongScheme,
)
from ocibroker.provider import Claim, FetchRequest, Identity, Options, Strength, Target
from ocibroker.testing import Authority, EmbeddedRegistry
from ocibroker.transport import PairedTransport
from tests.transport.answering_server import OK, answering
from tests.transport.brokers import MODES, Desk, Mode, ask, exchange, made_rule, rule
from tests.transport.canary import outcome
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, NoOptions, giving

TARGET = "registry.test/app"
NOW = datetime.now(UTC)


@pytest.fixture
def access(desk: Desk) -> Access:
    return desk.broker(rule("registry.test")).access(TARGET)


@pytest.mark.acceptance(14)
@pytest.mark.parametrize(
    "given_one",
    [None, httpx.HTTPTransport(), CallerTransport(httpx.HTTPTransport()), object(), "transport", PairedTransport],
    ids=["none", "httpx", "marked", "object", "text", "class"],
)
def test_an_access_with_another_transport_cannot_be_made(access: Access, given_one: object) -> None:
    with pytest.raises(TransportRefused, match=f"cannot hold a {type(given_one).__name__}"):
        dataclasses.replace(access, transport=given_one)  # type: ignore[arg-type]


def test_an_access_cannot_lose_its_transport(access: Access) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        access.transport = None  # type: ignore[assignment, misc]


@pytest.mark.acceptance(1, 2)
@pytest.mark.parametrize("mode", MODES)
def test_anonymous_access_has_the_same_transport_and_policy_as_any_other(
    desk: Desk, authority: Authority, mode: Mode
) -> None:
    with EmbeddedRegistry(tls=authority.server_context("registry.test"), host="registry.test") as registry:
        known = ask(desk.broker(rule(registry.address)), mode, f"{registry.address}/app")
        anonymous = ask(desk.broker(), mode, f"{registry.address}/app")
        assert type(known.transport) is type(anonymous.transport) is PairedTransport
        assert known.tls.load().digest == anonymous.tls.load().digest
        assert [exchange(one, mode, "GET", "/v2/").status_code for one in (known, anonymous)] == [200, 200]


def moments() -> st.SearchStrategy[datetime | None]:
    aware = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
    return st.none() | aware


def credentials() -> st.SearchStrategy[object]:
    texts = st.text(st.characters(codec="ascii", min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)

    def made(kind: type[Basic], secret: str, issued: datetime | None, expires: datetime | None) -> object:
        name = {"username": "alice"} if kind is Basic else {}
        try:
            return kind(secret=Secret(secret), issued_at=issued, expires_at=expires, **name)
        except InvalidValue:
            return Anonymous("it was not one")

    return st.builds(made, st.sampled_from([Basic, Bearer, IdentityToken]), texts, moments(), moments())


def anything() -> st.SearchStrategy[object]:
    plain = st.none() | st.integers() | st.text() | st.binary() | st.dictionaries(st.text(), st.text())
    pairs = st.tuples(credentials(), st.none() | st.just(httpx.HTTPTransport()))
    errors = st.sampled_from([ValueError("x"), SystemExit(1), KeyboardInterrupt(), CredentialUnavailable("x")])
    return st.one_of(credentials(), st.builds(Anonymous, st.just("nobody")), plain, pairs, errors)


@pytest.fixture(scope="module")
def shared_desk(roots: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("pairing"), roots)
    yield made
    made.close()


@pytest.mark.acceptance(14)
@given(result=anything(), fallback=st.sampled_from(["true", "false"]))
def test_whatever_a_provider_gives_there_is_an_access_with_transport_or_a_typed_error(
    shared_desk: Desk, result: object, fallback: str
) -> None:
    def fetch(_: object) -> Basic:
        if isinstance(result, BaseException):
            raise result
        return result  # type: ignore[return-value]

    text = made_rule("registry.test", more=f"anonymous_fallback = {fallback}")
    broker = shared_desk.broker(text, offered=[MadeProvider(fetch)])
    got = outcome(lambda: broker.access(TARGET))
    if isinstance(got, OcibrokerError):
        assert (got.culprit, fallback) == ("provider made", "false")
    else:
        assert isinstance(got, Access)
        assert isinstance(got.transport, PairedTransport)
        assert isinstance(got.credential, Basic | Bearer | IdentityToken | Anonymous)


@pytest.mark.acceptance(29)
@pytest.mark.parametrize("seconds", [-3600, -1, 0])
def test_a_credential_that_has_expired_already_is_never_handed_out(desk: Desk, seconds: int) -> None:
    clock = HandClock()
    expired = Bearer(secret=Secret("x"), expires_at=clock.now() + timedelta(seconds=seconds))
    broker = desk.broker(made_rule("registry.test"), offered=[giving(expired)], clock=clock)
    with pytest.raises(ContractViolation, match="provider made: gave a credential that has already expired"):
        broker.access(TARGET)


@pytest.mark.acceptance(29)
@pytest.mark.parametrize("mode", MODES)
def test_a_credential_is_fetched_anew_before_it_expires(desk: Desk, clock: HandClock, mode: Mode) -> None:
    def fetch(_: object) -> Bearer:
        return Bearer(secret=Secret("x"), expires_at=clock.now() + timedelta(hours=12))

    provider = MadeProvider(fetch)
    broker = desk.broker(made_rule("registry.test"), offered=[provider], clock=clock)
    fetched = []
    for seconds in (0, 6 * 3600 - 1, 6 * 3600 - 58):
        clock.move(seconds)
        ask(broker, mode, TARGET)
        fetched.append(provider.fetched)
    assert fetched == [1, 1, 2]


class TestWhenAnonymousAccessReplacesAFailure:
    @pytest.mark.parametrize(
        "error",
        [
            CredentialUnavailable("x"),
            ConnectionFailed("x"),
            RegistryRefused("x"),
            DeadlineExceeded("x"),
            ValueError("x"),
        ],
        ids=lambda error: type(error).__name__,
    )
    @pytest.mark.parametrize("mode", MODES)
    def test_where_its_rule_says_so(self, desk: Desk, error: Exception, mode: Mode) -> None:
        def fetch(_: object) -> Basic:
            raise error

        text = made_rule("registry.test", more="anonymous_fallback = true")
        got = ask(desk.broker(text, offered=[MadeProvider(fetch)]), mode, TARGET)
        assert isinstance(got.credential, Anonymous)
        assert "its rule sets anonymous_fallback" in got.credential.reason

    @pytest.mark.acceptance(36)
    @pytest.mark.parametrize("mode", MODES)
    def test_never_otherwise(self, desk: Desk, mode: Mode) -> None:
        def fetch(_: object) -> Basic:
            raise CredentialUnavailable("the profile has expired")

        broker = desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch)])
        with pytest.raises(CredentialUnavailable, match="provider made: the profile has expired"):
            ask(broker, mode, TARGET)

    def test_never_for_what_the_user_must_mend(self, desk: Desk) -> None:
        def fetch(_: object) -> Basic:
            raise ConfigurationError("the profile is misspelt")

        text = made_rule("registry.test", more="anonymous_fallback = true")
        with pytest.raises(ConfigurationError):
            desk.broker(text, offered=[MadeProvider(fetch)]).access(TARGET)


class TestSelection:
    def claiming(self, strength: Strength, name: str) -> MadeProvider:
        secret = Basic(username=name, secret=Secret("x"))
        return MadeProvider(
            lambda _: secret, name=name, claim=lambda target: Claim(strength, "it is mine") if target.path else None
        )

    def test_a_rule_wins_over_every_claim(self, desk: Desk) -> None:
        broker = desk.broker(rule("registry.test"), offered=[self.claiming(Strength.EXACT, "exact")])
        assert broker.access(TARGET).provider == "basic"

    @pytest.mark.acceptance(36)
    def test_the_strongest_claim_wins(self, desk: Desk) -> None:
        kinds = [(strength, strength.name.lower()) for strength in Strength]
        broker = desk.broker(offered=[self.claiming(*kind) for kind in kinds])
        got = broker.access(TARGET)
        assert (got.provider, got.why) == ("exact", "claim: it is mine")
        assert broker.explain(TARGET).shadowed == ("provider pattern (pattern: it is mine)",)

    @pytest.mark.acceptance(36)
    def test_two_equal_claims_are_an_error_that_names_both(self, desk: Desk) -> None:
        both = [self.claiming(Strength.PATTERN, name) for name in ("one", "two")]
        with pytest.raises(ConfigurationError, match=r"provider one .* and provider two .*claim it equally"):
            desk.broker(offered=both).access(TARGET)

    @pytest.mark.acceptance(35, 36)
    def test_who_does_not_claim_is_not_asked(self, desk: Desk) -> None:
        silent = self.claiming(Strength.EXACT, "silent")
        assert isinstance(desk.broker(offered=[silent]).access("registry.test").credential, Anonymous)
        assert silent.fetched == 0

    @pytest.mark.acceptance(22)
    def test_the_longest_path_wins(self, desk: Desk) -> None:
        def got(broker_target: str) -> str:
            credential = broker.access(broker_target).credential
            assert isinstance(credential, Basic)
            return credential.secret.reveal()

        texts = [rule("registry.test", password="host"), rule("registry.test/team", password="team")]
        broker = desk.broker("".join(texts))
        places = ["registry.test/app", "registry.test/team", "registry.test/team/app", "registry.test/team2/app"]
        assert [got(place) for place in places] == ["host", "team", "team", "host"]

    @pytest.mark.parametrize(
        "outcome", [ValueError("x"), SystemExit(), GeneratorExit(), "mine", 7], ids=lambda one: type(one).__name__
    )
    def test_a_claim_that_breaks_is_an_error_that_names_its_provider(self, desk: Desk, outcome: object) -> None:
        def claim(_: Target) -> Claim | None:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome  # type: ignore[return-value]

        broken = MadeProvider(lambda _: Anonymous("x"), name="broken", claim=claim)
        with pytest.raises(ContractViolation, match=r"provider broken: claim\(\)"):
            desk.broker(offered=[broken]).access(TARGET)

    def test_a_typed_error_of_a_claim_is_told(self, desk: Desk) -> None:
        def claim(_: Target) -> Claim | None:
            raise CredentialUnavailable("mine, but not today")

        broken = MadeProvider(lambda _: Anonymous("x"), name="broken", claim=claim)
        with pytest.raises(ContractViolation, match=r"provider broken: claim\(\) failed: mine, but not today"):
            desk.broker(offered=[broken]).access(TARGET)

    def test_a_claim_that_breaks_does_not_matter_where_a_rule_decides(self, desk: Desk) -> None:
        def claim(_: Target) -> Claim | None:
            raise ValueError

        broken = MadeProvider(lambda _: Anonymous("x"), name="broken", claim=claim)
        broker = desk.broker(rule("registry.test"), offered=[broken])
        assert broker.access(TARGET).provider == "basic"
        assert "provider broken: claim() raised ValueError" in broker.explain(TARGET).shadowed[0]

    def test_ctrl_c_in_a_claim_is_not_swallowed(self, desk: Desk) -> None:
        def claim(_: Target) -> Claim | None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            desk.broker(offered=[MadeProvider(lambda _: Anonymous("x"), claim=claim)]).access(TARGET)

    def test_who_claims_unasked_needs_no_options(self, desk: Desk) -> None:
        class Demanding(Options, frozen=True, kw_only=True):
            """One that must be given."""

            user: str

        provider = self.claiming(Strength.EXACT, "demanding")
        provider.options = Demanding  # type: ignore[assignment]
        with pytest.raises(ContractViolation, match=r"provider demanding: .*its options are not optional"):
            desk.broker(offered=[provider]).access(TARGET)


class TestIdentity:
    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (CredentialUnavailable("no profile"), CredentialUnavailable),
            (InvalidValue("no text"), ContractViolation),
        ],
        ids=["typed", "malformed"],
    )
    def test_what_it_says_went_wrong_is_told_with_its_provider(
        self, desk: Desk, error: OcibrokerError, kind: type[OcibrokerError]
    ) -> None:
        def identity() -> Identity:
            raise error

        broken = MadeProvider(lambda _: Anonymous("x"), identity=identity)
        with pytest.raises(kind, match=f"provider made: .*{error.message}"):
            desk.broker(made_rule("registry.test"), offered=[broken]).access(TARGET)

    @pytest.mark.parametrize(
        "outcome",
        [
            *(
                pytest.param(error, id=type(error).__name__)
                for error in (ValueError("x"), SystemExit(), GeneratorExit())
            ),
            pytest.param(None, id="none"),
            pytest.param("alice", id="text"),
        ],
    )
    def test_one_that_breaks_is_an_error_that_names_its_provider(self, desk: Desk, outcome: object) -> None:
        def identity() -> Identity:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome  # type: ignore[return-value]

        broken = MadeProvider(lambda _: Anonymous("x"), identity=identity)
        with pytest.raises(ContractViolation, match=r"provider made: identity\(\)"):
            desk.broker(made_rule("registry.test"), offered=[broken]).access(TARGET)

    def test_ctrl_c_is_not_swallowed(self, desk: Desk) -> None:
        def identity() -> Identity:
            raise KeyboardInterrupt

        broken = MadeProvider(lambda _: Anonymous("x"), identity=identity)
        with pytest.raises(KeyboardInterrupt):
            desk.broker(made_rule("registry.test"), offered=[broken]).access(TARGET)

    @pytest.mark.acceptance(31)
    def test_another_one_never_gets_the_same_answer(self, desk: Desk) -> None:
        parts = ["one"]
        provider = MadeProvider(
            lambda _: Basic(username=parts[0], secret=Secret("x")), identity=lambda: Identity((parts[0],))
        )
        broker = desk.broker(made_rule("registry.test"), offered=[provider])
        users = []
        for name in ("one", "two", "one"):
            parts[0] = name
            credential = broker.access(TARGET, caller=Caller(annotations={"who": name})).credential
            assert isinstance(credential, Basic)
            users.append(credential.username)
        assert (users, provider.fetched) == (["one", "two", "one"], 2)

    @pytest.mark.acceptance(31)
    def test_a_watched_file_that_changes_makes_another_one(self, desk: Desk, clock: HandClock) -> None:
        file = desk.folder / "profile"
        file.write_text("one")
        provider = MadeProvider(
            lambda _: Basic(username=file.read_text(), secret=Secret("x")),
            identity=lambda: Identity(("profile",), watch=(file,)),
        )
        broker = desk.broker(made_rule("registry.test"), offered=[provider], clock=clock)
        broker.access(TARGET)
        file.write_text("another")
        clock.move(1)
        assert broker.access(TARGET).headers() == {"Authorization": "Basic YW5vdGhlcjp4"}

    @pytest.mark.acceptance(31)
    def test_other_trust_never_gets_the_same_answer(self, desk: Desk, clock: HandClock) -> None:
        provider = giving(Basic(username="alice", secret=Secret("x")))
        file = Authority().write(desk.folder / "ca")
        entry = f'[[tls]]\nmatch = "registry.test"\nca = ["{file}"]\n'
        broker = desk.broker(made_rule("registry.test") + entry, offered=[provider], clock=clock)
        broker.access(TARGET)
        file.write_text(Authority().pem)
        clock.move(1)
        broker.access(TARGET)
        assert provider.fetched == 2


class TestWhatIsRefusedAtOnce:
    @pytest.mark.parametrize(
        "target", ["", "app", "https://registry.test/app", "registry.test/app:1", "a@b.test/app"]
    )
    @pytest.mark.parametrize("mode", MODES)
    def test_a_target_that_is_none(self, desk: Desk, target: str, mode: Mode) -> None:
        with pytest.raises(InvalidTarget):
            ask(desk.broker(), mode, target)

    @pytest.mark.acceptance(12)
    def test_plain_http_that_no_entry_allows(self, desk: Desk) -> None:
        broker = desk.broker(rule("registry.test"))
        with pytest.raises(WrongScheme, match="plain HTTP is not allowed"):
            broker.access(Target.from_url("http://registry.test/app"))

    @pytest.mark.acceptance(11)
    def test_plain_http_that_an_entry_allows_is_taken(self, desk: Desk) -> None:
        with answering(OK) as server:
            entry = f'[[tls]]\nmatch = "registry.test:{server.port}"\nplain_http = true\n'
            got = desk.broker(entry).access(f"registry.test:{server.port}/app")
            assert exchange(got, "sync", "GET", "/v2/").status_code == 200

    @pytest.mark.parametrize("mode", MODES)
    def test_a_broker_that_is_closed(self, desk: Desk, access: Access, mode: Mode) -> None:
        desk.opened[-1].close()
        with pytest.raises(UsageError, match="the broker is closed"):
            ask(desk.opened[-1], mode, TARGET)
        with pytest.raises(UsageError, match="the broker is closed"):
            exchange(access, mode, "GET", "/v2/")


def test_a_provider_runs_a_program_within_its_request(desk: Desk) -> None:
    def fetch(request: FetchRequest[NoOptions]) -> Basic:
        done = request.run(["/bin/cat"], stdin=b"wonder")
        return Basic(username="alice", secret=Secret(done.stdout.decode()))

    broker = desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch)])
    assert broker.access(TARGET).headers() == {"Authorization": "Basic YWxpY2U6d29uZGVy"}


@pytest.mark.acceptance(10)
def test_weakened_hosts_are_warned_of(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.broker('[[tls]]\nmatch = "a.test"\ninsecure = true\n[[tls]]\nmatch = "b.test"\nplain_http = true\n')
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        "insecure is set for a.test",
        "plain_http is set for b.test",
    ]
