"""Helpers of others as a provider: the suite, and what is believed of their answers."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Access, Basic, Broker
from ocibroker.credential import Anonymous, Bearer, IdentityToken
from ocibroker.errors import ConfigurationError, CredentialUnavailable, DeadlineExceeded, NoIdentity, OcibrokerError
from ocibroker.provider import Caller, Secret, Target
from ocibroker.testing import ProviderContract
from ocibroker_exec import ExecProvider
from ocibroker_exec.duration import read_duration
from ocibroker_exec.match_image import MatchImage
from tests.plugins.laptop import Clock

PASSWORD = "wonder-of-the-helper"
TARGET = "registry.example.com/team/app"
V1 = "credentialprovider.kubelet.k8s.io/v1"
PROGRAM = """#!{python} -IS
import json, os, sys, time
question = sys.stdin.read()
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv[1:], question, dict(os.environ)]) + "\\n")
{code}
"""


def printing(answer: object) -> str:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return f"sys.stdout.write({text!r})"


def installed(folder: Path, code: str, name: str = "helper") -> Path:
    """Write a helper that notes how it is run and then runs ``code``."""
    path = folder / name
    path.write_text(PROGRAM.format(python=sys.executable, log=str(folder / "asked"), code=code))
    path.chmod(0o755)
    return path


def login(username: str = "alice", secret: str = PASSWORD) -> dict[str, str]:
    return {"ServerURL": "registry.example.com", "Username": username, "Secret": secret}


def response(**changed: object) -> dict[str, object]:
    auth = {"registry.example.com": {"username": "alice", "password": PASSWORD}}
    answer = {"apiVersion": V1, "kind": "CredentialProviderResponse", "cacheKeyType": "Image", "auth": auth}
    return {**answer, "cacheDuration": "1h", **changed}


def header(value: str, **more: object) -> dict[str, object]:
    return {"headers": {"Authorization": [value]}, **more}


BASIC = f"Basic {base64.b64encode(f'alice:{PASSWORD}'.encode()).decode()}"


class _Helper(ProviderContract):
    provider = ExecProvider()
    look_alikes = ("registry.example.com", "docker.io/library/alpine", "localhost:5000")
    secrets = (PASSWORD,)
    protocol = "docker"
    answered: object = MappingProxyType(login())

    @pytest.fixture(autouse=True)
    def _rule(self, tmp_path: Path) -> None:
        self.options = {
            "command": [str(tmp_path / "helper")],
            "protocol": self.protocol,
            "environment": {"HELPER_TOKEN": {"file": "token"}},
        }

    def prepare(self, folder: Path) -> Mapping[str, str]:
        answered = self.answered
        installed(folder, printing(dict(answered) if isinstance(answered, Mapping) else answered))
        (folder / "token").write_text("t0ken-of-the-helper")
        return {}


class TestOfDocker(_Helper):
    pass


class TestOfTheKubelet(_Helper):
    protocol = "kubelet"
    answered: object = MappingProxyType(response())


class TestOfBazel(_Helper):
    protocol = "bazel"
    answered: object = MappingProxyType(header(f"Bearer {PASSWORD}"))


@dataclass(frozen=True)
class Bench:
    """A rule for everything, whose program is in ``folder``."""

    folder: Path
    clock: Clock

    def broker(self, code: str, *more: str, environ: Mapping[str, str] = MappingProxyType({})) -> Broker:
        return self.running([str(installed(self.folder, code))], *more, environ=environ)

    def running(self, command: list[str], *more: str, environ: Mapping[str, str] = MappingProxyType({})) -> Broker:
        return Broker.from_config(self.configured(command, *more), environ=environ, clock=self.clock)

    def configured(self, command: list[str], *more: str) -> Path:
        config, options = self.folder / "config.toml", ", ".join([f"command = {json.dumps(command)}", *more])
        rule = f'match = "registry.example.com"\nprovider = "exec"\noptions = {{ {options} }}\n'
        config.write_text(f"[[registry]]\n{rule}")
        return config

    def access(self, code: str, *more: str, target: str = TARGET, caller: Caller | None = None) -> Access:
        with self.broker(code, *more) as broker:
            return broker.access(target, caller=caller)

    @property
    def asked(self) -> list[Any]:
        return [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, Clock())


def refusal(bench: Bench, code: str, *more: str) -> OcibrokerError:
    with pytest.raises(OcibrokerError) as caught:
        bench.access(code, *more)
    assert PASSWORD not in f"{caught.value!r} {caught.value}"
    return caught.value


class TestDocker:
    def test_it_is_asked_for_the_host_only(self, bench: Bench) -> None:
        found = bench.access(printing(login())).credential
        assert isinstance(found, Basic)
        assert (found.username, found.secret.reveal(), found.expires_at) == ("alice", PASSWORD, None)
        assert bench.asked[0][:2] == [["get"], "registry.example.com"]

    def test_an_identity_token_is_one(self, bench: Bench) -> None:
        assert isinstance(bench.access(printing(login("<token>"))).credential, IdentityToken)

    def test_arguments_of_the_rule_come_before_the_verb(self, bench: Bench) -> None:
        command = [str(installed(bench.folder, printing(login()))), "--profile", "a b;c"]
        with bench.running(command) as broker:
            broker.access(TARGET)
        assert bench.asked[0][0] == ["--profile", "a b;c", "get"]

    def test_a_login_is_asked_for_again_after_five_minutes(self, bench: Bench) -> None:
        with bench.broker(printing(login())) as broker:
            for seconds in (0, 299, 2):
                bench.clock.seconds += seconds
                broker.access(TARGET)
                broker.access("registry.example.com/another")
        assert len(bench.asked) == 2

    def test_nothing_found_is_an_error_and_never_a_guess(self, bench: Bench) -> None:
        error = refusal(bench, "print('credentials not found in native keychain'); sys.exit(1)")
        assert isinstance(error, NoIdentity)
        assert (error.culprit, TARGET in error.message) == (str(bench.folder / "helper"), True)

    @pytest.mark.parametrize(
        ("code", "why"),
        [
            (f"print({PASSWORD!r}); sys.exit(3)", "status 3"),
            (f"print({PASSWORD!r})", "something else than the object"),
            (printing(login(secret=f"{PASSWORD}\n")), "control character"),
            ("sys.stdout.write('x' * 2_000_000)", "more than 1048576 bytes"),
        ],
        ids=["status", "garbage", "control", "flood"],
    )
    def test_any_other_answer_is_an_error(self, bench: Bench, code: str, why: str) -> None:
        error = refusal(bench, code)
        assert why in error.message
        assert isinstance(error, CredentialUnavailable)


class TestTheChild:
    def test_it_gets_few_variables_and_those_of_the_rule(self, bench: Bench) -> None:
        environ = {"HOME": "/home/alice", "AWS_PROFILE": "prod", "TOKEN": "t0ken"}
        more = 'environment = { HELPER_TOKEN = { env = "TOKEN" }, REGION = "eu" }'
        with bench.broker(printing(login()), more, environ=environ) as broker:
            broker.access(TARGET)
        given = {name: value for name, value in bench.asked[0][2].items() if not name.startswith(("LC_", "__"))}
        assert given == {"HOME": "/home/alice", "HELPER_TOKEN": "t0ken", "REGION": "eu", "OCIBROKER_NESTED": "1"}

    def test_it_gets_all_variables_if_the_rule_says_so(self, bench: Bench) -> None:
        with bench.broker(printing(login()), "inherit = true", environ={"AWS_PROFILE": "prod"}) as broker:
            broker.access(TARGET)
        assert bench.asked[0][2]["AWS_PROFILE"] == "prod"

    def test_a_variable_that_has_no_value_is_named(self, bench: Bench) -> None:
        error = refusal(bench, printing(login()), 'environment = { TOKEN = { env = "NOWHERE" } }')
        assert error.culprit == "variable NOWHERE"

    def test_a_file_with_a_variables_value_is_watched(self, bench: Bench) -> None:
        token = bench.folder / "token"
        token.write_text("first")
        with bench.broker(printing(login()), 'environment = { TOKEN = { file = "token" } }') as broker:
            broker.access(TARGET)
            token.write_text("another")
            bench.clock.seconds += 1
            broker.access(TARGET)
        assert [one[2]["TOKEN"] for one in bench.asked] == ["first", "another"]

    def test_one_that_hangs_ends_with_the_deadline(self, bench: Bench) -> None:
        config = bench.configured([str(installed(bench.folder, "time.sleep(60)"))])
        with Broker.from_config(config, environ={}) as broker, pytest.raises(DeadlineExceeded):
            broker.access(TARGET, deadline=0.3)

    @pytest.mark.parametrize(
        ("command", "why"),
        [
            ("helper", "not an absolute path"),
            ("../helper", "not an absolute path"),
            ("{folder}/nowhere", "cannot be looked at"),
            ("{folder}/everybodys", "can be written by everybody"),
            ("{folder}/ocibroker", "is ocibroker itself"),
            ("{folder}/link", "is ocibroker itself"),
        ],
    )
    def test_what_must_not_be_run_is_not(self, bench: Bench, command: str, why: str) -> None:
        installed(bench.folder, "", "everybodys").chmod(0o757)
        installed(bench.folder, "", "ocibroker")
        (bench.folder / "link").symlink_to(bench.folder / "ocibroker")
        with (
            bench.running([command.format(folder=bench.folder)]) as broker,
            pytest.raises(ConfigurationError, match=why),
        ):
            broker.access(TARGET)
        assert not (bench.folder / "asked").exists()

    def test_a_program_that_asks_us_in_turn_ends_there(self, bench: Bench) -> None:
        with (
            bench.broker(printing(login()), environ={"OCIBROKER_NESTED": "1"}) as broker,
            pytest.raises(ConfigurationError, match="OCIBROKER_NESTED"),
        ):
            broker.access(TARGET)
        assert not (bench.folder / "asked").exists()

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            ("command = []", "command is empty"),
            ('command = ["/a"], protocol = "git"', "protocol"),
            ('command = ["/a"], cache_key_type = "Registry"', "for the protocol kubelet only"),
            ('command = ["/a"], inherits = true', "did you mean inherit"),
        ],
    )
    def test_a_rule_that_cannot_work_is_refused_when_it_is_read(
        self, options: str, why: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "config.toml"
        path.write_text(f'[[registry]]\nmatch = "a.example"\nprovider = "exec"\noptions = {{ {options} }}\n')
        with pytest.raises(ConfigurationError, match=why):
            Broker.from_config(path, environ={})


KUBELET = 'protocol = "kubelet"'
POD = Caller(token=Secret("the.pods.token"), annotations={"role": "pull"})


class TestKubelet:
    def test_it_is_asked_as_the_kubelet_asks(self, bench: Bench) -> None:
        bench.access(printing(response()), KUBELET, caller=POD)
        assert bench.asked[0][0] == []
        assert json.loads(bench.asked[0][1]) == {
            "apiVersion": V1,
            "kind": "CredentialProviderRequest",
            "image": TARGET,
            "serviceAccountToken": "the.pods.token",
            "serviceAccountAnnotations": {"role": "pull"},
        }

    @pytest.mark.parametrize(
        ("said", "seconds"),
        [
            ("6h0m0s", 21_600),
            ("90s", 90),
            ("1m30.5s", 90.5),
            (None, 300),
            ("0s", 1),
            ("21.6µs", 1),
            ("999h", 86_400),
        ],
    )
    def test_its_duration_becomes_the_expiry(self, bench: Bench, said: str | None, seconds: float) -> None:
        found = bench.access(printing(response(cacheDuration=said)), KUBELET).credential
        assert isinstance(found, Basic)
        assert found.expires_at == bench.clock.now() + timedelta(seconds=seconds)

    def test_each_image_and_each_caller_is_asked_for(self, bench: Bench) -> None:
        other = Caller(token=Secret("another.pods.token"))
        with bench.broker(printing(response()), KUBELET) as broker:
            for target in (TARGET, TARGET, "registry.example.com/other"):
                for caller in (None, POD, other):
                    broker.access(target, caller=caller)
        assert len(bench.asked) == 6

    def test_all_images_of_a_registry_share_one_answer_where_the_rule_says_so(self, bench: Bench) -> None:
        code = printing(response(cacheKeyType="Registry"))
        with bench.broker(code, f'{KUBELET}, cache_key_type = "Registry"') as broker:
            for path in ("team/app", "other"):
                broker.access(f"registry.example.com/{path}")
        assert len(bench.asked) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            response(),
            response(
                cacheKeyType="Global", auth={"registry.example.com/team": {"username": "a", "password": PASSWORD}}
            ),
        ],
        ids=["image", "path"],
    )
    def test_an_answer_for_one_image_is_not_shared(self, bench: Bench, answer: object) -> None:
        error = refusal(bench, printing(answer), f'{KUBELET}, cache_key_type = "Registry"')
        assert "one image only" in error.message

    def test_an_empty_user_is_anonymous(self, bench: Bench) -> None:
        nobody = response(auth={"*.example.com": {"username": "", "password": ""}})
        assert isinstance(bench.access(printing(nobody), KUBELET).credential, Anonymous)

    @pytest.mark.parametrize("auth", [None, {}, {"other.example.com": {"username": "a", "password": "b"}}])
    def test_nothing_for_the_image_is_an_error(self, bench: Bench, auth: object) -> None:
        assert isinstance(refusal(bench, printing(response(auth=auth)), KUBELET), NoIdentity)

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            (PASSWORD, "something else than"),
            (response(apiVersion=f"{V1}beta1"), "something else than"),
            (response(kind="CredentialProviderRequest"), "something else than"),
            (response(cacheKeyType="Host"), "cacheKeyType"),
            (response(cacheDuration="-1h"), "cacheDuration"),
            (response(cacheDuration="soon"), "cacheDuration"),
            (response(auth={"*.example.com": {"username": "", "password": PASSWORD}}), "user name"),
            (response(auth={"*.example.com": {"username": "a", "password": f"{PASSWORD}\n"}}), "control character"),
        ],
    )
    def test_a_malformed_answer_is_an_error(self, bench: Bench, answer: object, why: str) -> None:
        assert why in refusal(bench, printing(answer), KUBELET).message


BAZEL = 'protocol = "bazel"'


class TestBazel:
    def test_it_is_asked_for_the_repository(self, bench: Bench) -> None:
        bench.access(printing(header(f"Bearer {PASSWORD}")), BAZEL)
        assert bench.asked[0][0] == ["get"]
        assert json.loads(bench.asked[0][1]) == {"uri": "https://registry.example.com/v2/team/app/manifests/latest"}

    def test_both_schemes_are_understood(self, bench: Bench) -> None:
        bearer = bench.access(printing(header(f"Bearer {PASSWORD}")), BAZEL).credential
        basic = bench.access(printing(header(BASIC, expires="2026-01-01T01:00:00Z")), BAZEL).credential
        assert isinstance(bearer, Bearer)
        assert bearer.expires_at == bench.clock.now() + timedelta(minutes=5)
        assert isinstance(basic, Basic)
        assert (basic.username, basic.secret.reveal()) == ("alice", PASSWORD)
        assert basic.expires_at == bench.clock.now() + timedelta(hours=1)

    def test_no_header_is_no_credential(self, bench: Bench) -> None:
        assert isinstance(refusal(bench, printing({}), BAZEL), NoIdentity)

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            (PASSWORD, "something else than"),
            ({"headers": {"X-JFrog-Art-Api": [PASSWORD]}}, "other headers"),
            ({"headers": {"Authorization": [BASIC, BASIC]}}, "other headers"),
            ({"headers": {"Authorization": [BASIC], "X-More": ["a"]}}, "other headers"),
            (header(f"Digest {PASSWORD}"), "neither Basic nor Bearer"),
            (header(f"Basic {PASSWORD}"), "neither Basic nor Bearer"),
            (header("Bearer a b"), "header cannot carry"),
            (header("Bearer "), "empty"),
            (header(BASIC, expires="tomorrow"), "RFC 3339"),
            (header(BASIC, expires="2026-01-01T01:00:00"), "RFC 3339"),
            (header(BASIC, expires="2025-12-31T23:59:59Z"), "has expired"),
        ],
    )
    def test_any_other_answer_is_an_error(self, bench: Bench, answer: object, why: str) -> None:
        assert why in refusal(bench, printing(answer), BAZEL).message


@pytest.mark.parametrize(
    ("key", "image", "fits"),
    [
        ("registry.example.com", TARGET, True),
        ("https://registry.example.com", TARGET, True),
        ("REGISTRY.example.com", TARGET, True),
        ("registry.example.com/team", TARGET, True),
        ("registry.example.com/team/app/", TARGET, True),
        ("registry.example.com:443", TARGET, True),
        ("*.example.com", TARGET, True),
        ("reg?stry.[e]xample.com", TARGET, True),
        ("index.docker.io", "docker.io/library/alpine", True),
        ("registry.example.com:5000", "registry.example.com:5000/app", True),
        ("registry.example.com/tea", TARGET, False),
        ("registry.example.com:5000", TARGET, False),
        ("*.com", TARGET, False),
        ("*", TARGET, False),
        ("registry.example.com.evil.test", TARGET, False),
        ("", TARGET, False),
    ],
)
def test_a_key_is_for_what_the_kubelet_takes_it_for(key: str, image: str, *, fits: bool) -> None:
    target = Target.parse(image)
    assert MatchImage.parse(key).covers(target.registry, target.path) is fits


def test_the_most_specific_key_wins(bench: Bench) -> None:
    keys = ("*.example.com", "registry.example.com", "registry.example.com/team", "registry.example.com/other")
    auth = {key: {"username": key.replace("/", "-"), "password": PASSWORD} for key in keys}
    found = bench.access(printing(response(auth=auth)), KUBELET).credential
    assert isinstance(found, Basic)
    assert found.username == "registry.example.com-team"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("1h", 3600), ("1.5h", 5400), (".5s", 0.5), ("1h2m3s4ms", 3723.004), ("1μs1µs1us", 3e-6)],
)
def test_a_duration_is_what_go_takes_it_for(text: str, seconds: float) -> None:
    assert read_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "1", "h", "-1s", "+1s", "1 s", "1d", "1s\n", "\u0661s"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert read_duration(text) is None


def test_what_is_too_long_to_count_is_the_longest() -> None:
    assert read_duration(f"{'9' * 30}h") == timedelta.max


@given(st.text())
def test_any_text_is_a_duration_or_none(text: str) -> None:
    found = read_duration(text)
    assert found is None or found >= timedelta()


@given(st.text(), st.sampled_from([TARGET, "localhost:5000/app", "docker.io/library/alpine"]))
def test_any_text_is_a_key(text: str, image: str) -> None:
    target = Target.parse(image)
    assert MatchImage.parse(text).covers(target.registry, target.path) in {True, False}
