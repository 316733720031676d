"""Amazon ECR: whose registries, whose identity, and over whose transport."""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Anonymous, Basic, Broker
from ocibroker.clock import SystemClock
from ocibroker.errors import CredentialUnavailable, DeadlineExceeded, IntegrityError, OcibrokerError, TLSFailed
from ocibroker.provider import Caller, Deadline, Identity, Request, Secret, SecretRef, Target
from ocibroker.testing import Authority, ProviderContract
from ocibroker.testing.staged import Staged
from ocibroker_ecr import EcrOptions, EcrProvider
from ocibroker_ecr.registry import Registry
from tests.aws import metadata
from tests.aws.emulator import NAMES, Aws, serving
from tests.aws.iam import Key
from tests.aws.refusal import BODY, REQUEST_ID, Refusal
from tests.aws.registries import LOOK_ALIKES, REGISTRIES
from tests.transport.brokers import Desk
from tests.transport.connect_proxy import proxying
from tests.transport.hand_clock import HandClock
from tests.transport.raw_server import raw, silent

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
NEIGHBOUR = "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
PUBLIC = "public.ecr.aws"
API = "api.ecr.eu-west-1.amazonaws.com"
STS = "sts.eu-west-1.amazonaws.com"
KEY_ID, SECRET_KEY, SESSION = "AKIAEXAMPLEOFTHETESTS", "s3cret-key-of-the-tests", "s3ssion-token-of-the-tests"
TOKEN = "QVdTOnQwa2VuLW9mLWVjcg=="  # AWS:t0ken-of-ecr
ALONE = MappingProxyType({"AWS_EC2_METADATA_DISABLED": "true"})

pytestmark = pytest.mark.acceptance(34)


def told(request: httpx.Request) -> httpx.Response:
    """Answer as AWS does, to the contract suite."""
    expires = (datetime.now(UTC) + timedelta(hours=12)).timestamp()
    one = {"authorizationToken": TOKEN, "expiresAt": expires}
    if request.url.host.startswith("sts."):
        until = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        keys = f"<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>"
        keys += f"<SessionToken>{SESSION}</SessionToken><Expiration>{until}</Expiration>"
        action = "AssumeRoleWithWebIdentity" if b"WithWebIdentity" in request.content else "AssumeRole"
        result = f"<{action}Result><Credentials>{keys}</Credentials></{action}Result>"
        return httpx.Response(200, text=f"<{action}Response>{result}</{action}Response>")
    return httpx.Response(200, json={"authorizationData": one if "public" in request.url.host else [one]})


class _Contract(ProviderContract):
    provider = EcrProvider()
    recognised = (HOST, *(f"{host}/team/app" for host in REGISTRIES))
    look_alikes = LOOK_ALIKES
    secrets: Sequence[str] = (SECRET_KEY, SESSION, TOKEN)

    def prepare(self, folder: Path) -> Mapping[str, str]:
        return {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_SESSION_TOKEN": SESSION}

    def answer(self, request: httpx.Request) -> httpx.Response:
        return told(request)


class TestKeysInTheEnvironment(_Contract):
    pass


class TestPublic(_Contract):
    recognised = (PUBLIC, *REGISTRIES)


class TestProfile(_Contract):
    options = MappingProxyType({"profile": "prod"})

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / ".aws").mkdir(exist_ok=True)
        keys = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
        (folder / ".aws" / "credentials").write_text(f"[prod]\n{keys}")
        return {"HOME": str(folder)}


class TestRoles(_Contract):
    options = MappingProxyType(
        {"role_arn": ["arn:aws:iam::1:role/a", "arn:aws:iam::2:role/b"], "external_id": "ext"}
    )


class TestWebIdentity(_Contract):
    options = MappingProxyType({"role_arn": "arn:aws:iam::1:role/a", "web_identity_token": {"file": "token"}})
    secrets = (SECRET_KEY, SESSION, TOKEN, "a-signed-identity-token")

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "token").write_text("a-signed-identity-token")
        return {}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def aws(authority: Authority) -> Iterator[Aws]:
    with serving(authority.server_context(*NAMES)) as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, authority: Authority) -> Iterator[Desk]:
    made = Desk(tmp_path, authority.write(tmp_path / "roots"))
    yield made
    made.close()


def keys(key: Key) -> dict[str, str]:
    named = {"AWS_ACCESS_KEY_ID": key.ident, "AWS_SECRET_ACCESS_KEY": key.secret}
    return {**named, **({"AWS_SESSION_TOKEN": key.token} if key.token else {})}


def section(title: str, *held: Key, **more: str) -> str:
    said = {name.lower(): value for key in held for name, value in keys(key).items()}
    return f"[{title}]\n" + "".join(f"{name} = {value}\n" for name, value in {**said, **more}.items())


def kept(folder: Path, *, credentials: str = "", config: str = "") -> dict[str, str]:
    """Write the shared files, and return an environment without anything else."""
    (folder / ".aws").mkdir(exist_ok=True)
    (folder / ".aws" / "credentials").write_text(credentials)
    (folder / ".aws" / "config").write_text(config)
    return {"HOME": str(folder), **ALONE}


def rule(match: str = HOST, **options: object) -> str:
    table = ", ".join(f"{name} = {json.dumps(value)}" for name, value in options.items())
    return f'[[registry]]\nmatch = "{match}"\nprovider = "ecr"\noptions = {{ {table} }}\n'


def whose(aws: Aws, broker: Broker, target: str = HOST, **asked: Any) -> str:  # noqa: ANN401
    """Return whose token the broker gets."""
    found = broker.access(f"{target}/app", **asked).credential
    assert isinstance(found, Basic)
    assert found.username == "AWS"
    return aws.registry.issued[found.secret.reveal()]


def failure(broker: Broker, target: str = HOST, **asked: Any) -> OcibrokerError:  # noqa: ANN401
    with pytest.raises(OcibrokerError) as caught:
        broker.access(f"{target}/app", **asked)
    assert BODY not in str(caught.value)
    return caught.value


class TestHosts:
    def test_there_are_many_of_both_kinds(self) -> None:
        assert min(len(REGISTRIES), len(LOOK_ALIKES)) >= 40

    @pytest.mark.parametrize(("host", "endpoint"), REGISTRIES.items())
    def test_the_host_says_which_endpoint_gives_its_token(self, host: str, endpoint: str, tmp_path: Path) -> None:
        asked: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(str(request.url))
            return told(request)

        environ = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": "xx-nowhere-1"}
        clock = SystemClock()
        staged = Staged.of(EcrProvider(), Target.parse(host), {}, folder=tmp_path, environ=environ, clock=clock)
        assert isinstance(staged.fetch(answer, Deadline.after(20)), Basic)
        assert asked == [endpoint]

    @pytest.mark.acceptance(35)
    @pytest.mark.parametrize("name", LOOK_ALIKES)
    def test_a_look_alike_opens_no_socket(self, name: str, aws: Aws, desk: Desk) -> None:
        dialled: list[str] = []

        def route(host: str, port: int) -> tuple[str, int]:
            dialled.append(host)
            return aws.route(host, port)

        broker = desk.broker(environ=keys(aws.iam.user("alice")), route=route)
        assert isinstance(broker.access(f"{name}/app").credential, Anonymous)
        assert (dialled, aws.asked) == ([], [])

    def test_plain_http_is_somebody_elses(self) -> None:
        assert EcrProvider().claim(Target.from_url(f"http://{HOST}/app")) is None

    @given(st.text(st.characters(codec="ascii", exclude_characters="/"), max_size=3), st.integers(0, len(HOST)))
    def test_no_other_text_is_a_host(self, inserted: str, at: int) -> None:
        changed = HOST[:at] + inserted + HOST[at:]
        found = Registry.of(changed)
        # Only the region has no fixed length: what is inserted there makes another region of AWS.
        assert found is None or (changed.startswith("123456789012.dkr.ecr") and changed.endswith(".amazonaws.com"))

    def test_a_host_of_ones_own_needs_a_region(self, aws: Aws, desk: Desk) -> None:
        environ = keys(aws.iam.user("alice"))
        error = failure(desk.broker(rule("registry.corp.test"), environ=environ), "registry.corp.test")
        assert "set region" in str(error)
        wrong = desk.broker(rule("registry.corp.test", region="eu/../west"), environ=environ)
        assert "no region" in str(failure(wrong, "registry.corp.test"))
        named = desk.broker(rule("registry.corp.test", region="eu-west-1"), environ=environ, route=aws.route)
        assert whose(aws, named, "registry.corp.test") == "user/alice"

    @pytest.mark.parametrize(
        ("region", "why"), [("us-east-1", "the host is in eu-west-1"), ("x", "the host is in")]
    )
    def test_a_region_that_is_not_the_hosts_is_an_error(self, region: str, why: str, aws: Aws, desk: Desk) -> None:
        assert why in str(failure(desk.broker(rule(region=region), route=aws.route)))
        assert aws.asked == []

    def test_a_region_of_a_partition_that_the_sdk_does_not_know_is_an_error(self, aws: Aws, desk: Desk) -> None:
        host = "123456789012.dkr.ecr.zz-middle-1.amazonaws.com"
        error = failure(desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route), host)
        assert ("upgrade boto3" in error.hint, aws.asked) == (True, [])

    def test_an_endpoint_of_ones_own_is_asked(self, aws: Aws, desk: Desk) -> None:
        text = rule(endpoint_url="https://ecr.endpoint.test")
        broker = desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route)
        assert whose(aws, broker) == "user/alice"
        assert aws.asked == ["ecr.endpoint.test"]

    def test_an_endpoint_in_the_clear_is_refused(self, aws: Aws, desk: Desk) -> None:
        text = rule(endpoint_url="http://ecr.endpoint.test")
        error = failure(desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route))
        assert ("no https://" in str(error), aws.asked) == (True, [])


class TestToken:
    def test_it_lives_as_long_as_ecr_says(self, aws: Aws, desk: Desk) -> None:
        clock = HandClock()
        aws.registry.life = timedelta(hours=3)
        broker = desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route, clock=clock)
        found = broker.access(HOST).credential
        assert isinstance(found, Basic)
        assert found.issued_at == clock.now()
        assert found.expires_at is not None
        assert abs(found.expires_at - clock.now() - timedelta(hours=3)) < timedelta(minutes=1)

    def test_it_never_lives_longer_than_ecrs_do(self, aws: Aws, desk: Desk) -> None:
        clock = HandClock()
        aws.registry.life = timedelta(days=4000)
        broker = desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route, clock=clock)
        found = broker.access(HOST).credential
        assert isinstance(found, Basic)
        assert found.expires_at == clock.now() + timedelta(hours=12)

    def test_public_ecr_has_its_own_shape_and_region(self, aws: Aws, desk: Desk) -> None:
        broker = desk.broker(environ={**keys(aws.iam.user("alice")), "AWS_REGION": "eu-west-1"}, route=aws.route)
        assert whose(aws, broker, PUBLIC) == "user/alice"
        assert aws.asked == ["api.ecr-public.us-east-1.amazonaws.com"]

    @pytest.mark.parametrize(
        "data",
        [
            None,
            [],
            {},
            [[]],
            [{"authorizationToken": TOKEN}],
            [{"expiresAt": 4e9}],
            [{"authorizationToken": TOKEN, "expiresAt": True}],
            [{"authorizationToken": TOKEN, "expiresAt": "4000000000"}],
            [{"authorizationToken": TOKEN, "expiresAt": float("nan")}],
            [{"authorizationToken": TOKEN, "expiresAt": 1e300}],
            [{"authorizationToken": "no base64!", "expiresAt": 4e9}],
            [{"authorizationToken": "QVdTOg==", "expiresAt": 4e9}],
            [{"authorizationToken": "cm9vdDp4", "expiresAt": 4e9}],
            [{"authorizationToken": "QVdTOngKeQ==", "expiresAt": 4e9}],
            [{"authorizationToken": 7, "expiresAt": 4e9}],
        ],
    )
    def test_an_answer_without_one_is_an_error(self, data: object, tmp_path: Path) -> None:
        environ = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        staged = Staged.of(
            EcrProvider(), Target.parse(HOST), {}, folder=tmp_path, environ=environ, clock=SystemClock()
        )
        body = json.dumps({"authorizationData": data})
        with pytest.raises(CredentialUnavailable, match="without a token"):
            staged.fetch(lambda _: httpx.Response(200, text=body), Deadline.after(20))


class TestDefaultChain:
    def test_keys_in_the_environment(self, aws: Aws, desk: Desk) -> None:
        assert whose(aws, desk.broker(environ=keys(aws.iam.session("me")), route=aws.route)) == "me"

    @pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", ""])
    @pytest.mark.parametrize("file", ["credentials", "config"])
    def test_a_profile_of_the_shared_files(self, variable: str, file: str, aws: Aws, desk: Desk) -> None:
        name = "prod" if variable else "default"
        title = f"profile {name}" if file == "config" and variable else name
        environ = kept(desk.folder, **{file: section(title, aws.iam.user("alice"))})
        broker = desk.broker(environ={**environ, **({variable: name} if variable else {})}, route=aws.route)
        assert whose(aws, broker) == "user/alice"

    def test_shared_files_elsewhere(self, aws: Aws, desk: Desk) -> None:
        (desk.folder / "elsewhere").write_text(section("default", aws.iam.user("alice")))
        environ = {"HOME": str(desk.folder), "AWS_SHARED_CREDENTIALS_FILE": "~/elsewhere", **ALONE}
        assert whose(aws, desk.broker(environ=environ, route=aws.route)) == "user/alice"

    def test_a_profile_that_assumes_roles_one_after_the_other(self, aws: Aws, desk: Desk) -> None:
        first = aws.iam.role("first", "user/alice")
        second = aws.iam.role("second", first, external_id="ext")
        config = section("profile a", role_arn=first, source_profile="base")
        config += section("profile b", role_arn=second, source_profile="a", external_id="ext")
        environ = kept(desk.folder, credentials=section("base", aws.iam.user("alice")), config=config)
        assert whose(aws, desk.broker(rule(profile="b"), environ=environ, route=aws.route)) == second
        assert aws.asked == [STS, STS, API]

    def test_a_service_account_of_kubernetes(self, aws: Aws, desk: Desk) -> None:
        arn = aws.iam.role("pod", "token of-the-pod")
        (desk.folder / "token").write_text("of-the-pod")
        said = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(desk.folder / "token"), "AWS_ROLE_ARN": arn}
        environ = {**kept(desk.folder), **said, "AWS_ROLE_SESSION_NAME": "pod-7"}
        assert whose(aws, desk.broker(environ=environ, route=aws.route)) == arn
        assert aws.sts.calls == [("AssumeRoleWithWebIdentity", arn, "pod-7")]

    def test_a_login_of_the_identity_center(self, aws: Aws, desk: Desk) -> None:
        aws.sso.tokens["sso-access-token"] = "sso/alice"
        said = {"sso_session": "corp", "sso_account_id": "123456789012", "sso_role_name": "Pull"}
        session = section("sso-session corp", sso_start_url="https://corp.example", sso_region="eu-west-1")
        environ = kept(desk.folder, config=section("default", **said) + session)
        cache = desk.folder / ".aws" / "sso" / "cache"
        cache.mkdir(parents=True)
        login = {"accessToken": "sso-access-token", "expiresAt": f"{datetime.now(UTC) + timedelta(hours=8):%FT%TZ}"}
        # The AWS CLI names the file by the SHA-1 of the session's name.
        name = hashlib.sha1(b"corp", usedforsecurity=False).hexdigest()
        (cache / f"{name}.json").write_text(json.dumps({**login, "startUrl": "https://corp.example"}))
        assert whose(aws, desk.broker(environ=environ, route=aws.route)) == "sso/alice"
        assert aws.asked == ["portal.sso.eu-west-1.amazonaws.com", API]

    def test_an_ended_login_says_which_command_begins_another(self, aws: Aws, desk: Desk) -> None:
        said = {"sso_session": "corp", "sso_account_id": "123456789012", "sso_role_name": "Pull"}
        session = section("sso-session corp", sso_start_url="https://corp.example", sso_region="eu-west-1")
        environ = kept(desk.folder, config=section("default", **said) + session)
        assert "aws sso login" in failure(desk.broker(environ=environ, route=aws.route)).hint

    @pytest.mark.parametrize(
        "said",
        [
            {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": metadata.ECS},
            {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://169.254.170.23{metadata.EKS}",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "token",
            },
            {},
        ],
        ids=["ecs", "eks-pod-identity", "instance"],
    )
    def test_what_is_on_the_link_never_through_a_proxy(self, said: dict[str, str], aws: Aws, desk: Desk) -> None:
        aws.metadata.principal = "role/of-the-workload"
        (desk.folder / "token").write_text(aws.metadata.authorization)
        said = {name: str(desk.folder / value) if value == "token" else value for name, value in said.items()}
        environ = {"HOME": str(desk.folder), "HTTP_PROXY": "http://proxy.test:1", **said}
        assert whose(aws, desk.broker(environ=environ, route=aws.route)) == "role/of-the-workload"

    @pytest.mark.parametrize("said", [{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": metadata.ECS}, {}])
    @pytest.mark.parametrize("status", [429, 500])
    def test_a_metadata_service_that_fails_is_no_missing_identity(
        self, status: int, said: dict[str, str], aws: Aws, desk: Desk
    ) -> None:
        aws.metadata.status = status
        error = failure(desk.broker(environ={"HOME": str(desk.folder), **said}, route=aws.route), PUBLIC)
        assert f"status {status}" in str(error)
        assert len(aws.asked) == 1

    def test_a_container_may_not_send_its_token_anywhere(self, aws: Aws, desk: Desk) -> None:
        said = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.example/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "x",
        }
        failure(desk.broker(environ={"HOME": str(desk.folder), **said}, route=aws.route))
        assert aws.asked == []

    def test_a_program_named_by_the_profile(self, aws: Aws, desk: Desk) -> None:
        key = aws.iam.user("alice")
        said = {"Version": 1, "AccessKeyId": key.ident, "SecretAccessKey": key.secret}
        (desk.folder / "said").write_text(json.dumps(said))
        config = section(
            "default", credential_process=f"{sys.executable} -c 'print(open(\"{desk.folder}/said\").read())'"
        )
        assert whose(aws, desk.broker(environ=kept(desk.folder, config=config), route=aws.route)) == "user/alice"

    def test_nobody_is_ever_prompted(self, aws: Aws, desk: Desk) -> None:
        arn = aws.iam.role("mfa", "user/alice")
        config = section("profile mfa", role_arn=arn, source_profile="base", mfa_serial="arn:aws:iam::1:mfa/alice")
        environ = kept(desk.folder, credentials=section("base", aws.iam.user("alice")), config=config)
        error = failure(desk.broker(rule(profile="mfa"), environ=environ, route=aws.route))
        assert ("nobody is prompted" in error.message, aws.asked) == (True, [])

    def test_without_any_identity_the_error_says_what_was_tried(self, aws: Aws, desk: Desk) -> None:
        error = failure(desk.broker(environ=kept(desk.folder), route=aws.route))
        assert "keys in the environment, the role of profile default, the web identity, SSO" in error.message
        assert "the instance's metadata" in error.message
        assert "aws sso login" in error.hint

    def test_without_any_identity_the_public_registry_is_anonymous(self, aws: Aws, desk: Desk) -> None:
        found = desk.broker(environ=kept(desk.folder), route=aws.route).access(PUBLIC).credential
        assert isinstance(found, Anonymous)
        assert "no AWS identity was found" in found.reason

    def test_an_identity_that_fails_is_no_anonymous_access(self, aws: Aws, desk: Desk) -> None:
        aws.iam.denied.add("user/alice")
        error = failure(desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route), PUBLIC)
        assert "AccessDeniedException" in error.message

    def test_a_named_profile_is_never_replaced_by_the_machines_identity(self, aws: Aws, desk: Desk) -> None:
        aws.metadata.principal = "role/of-the-node"
        environ = {"HOME": kept(desk.folder, config=section("profile prod", region="eu-west-1"))["HOME"]}
        error = failure(desk.broker(rule(profile="prod"), environ=environ, route=aws.route))
        assert ("no AWS identity was found" in error.message, aws.asked) == (True, [])


class TestRolesOfARule:
    def test_a_role(self, aws: Aws, desk: Desk) -> None:
        arn = aws.iam.role("pull", "user/alice", external_id="ext")
        text = rule(role_arn=arn, external_id="ext", session_name="ci-7")
        assert whose(aws, desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route)) == arn
        assert aws.sts.calls == [("AssumeRole", arn, "ci-7")]

    def test_roles_one_after_the_other(self, aws: Aws, desk: Desk) -> None:
        first = aws.iam.role("first", "user/alice")
        second = aws.iam.role("second", first, external_id="ext")
        text = rule(role_arn=[first, second], external_id="ext")
        assert whose(aws, desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route)) == second

    def test_a_role_for_a_token_in_a_file(self, aws: Aws, desk: Desk) -> None:
        arn = aws.iam.role("ci", "token of-the-job")
        (desk.folder / "token").write_text("of-the-job\n")
        text = rule(role_arn=arn).replace(" }", ', web_identity_token = { file = "token" } }')
        assert whose(aws, desk.broker(text, environ=ALONE, route=aws.route)) == arn

    def test_a_token_without_a_role_is_an_error(self, aws: Aws, desk: Desk) -> None:
        broker = desk.broker(environ=keys(aws.iam.user("node")), route=aws.route)
        error = failure(broker, caller=Caller(token=Secret("of-the-pod")))
        assert ("no role is named" in error.message, aws.asked) == (True, [])

    @pytest.mark.parametrize(
        "host", [HOST.replace("ecr.eu-west-1", "ecr-fips.us-east-1"), "123456789012.dkr-ecr.us-west-2.on.aws"]
    )
    def test_sts_is_asked_at_the_same_kind_of_endpoint(self, host: str, aws: Aws, desk: Desk) -> None:
        arn = aws.iam.role("pull", "user/alice")
        broker = desk.broker(rule(host, role_arn=arn), environ=keys(aws.iam.user("alice")), route=aws.route)
        assert whose(aws, broker, host) == arn
        assert aws.asked[0] == ("sts-fips.us-east-1.amazonaws.com" if "fips" in host else "sts.us-west-2.api.aws")


class TestTransport:
    @pytest.fixture
    def private(self) -> Authority:
        """An authority that no store of the system's has."""
        return Authority()

    def entries(self, folder: Path, private: Authority, *hosts: str, more: str = "") -> str:
        ca = private.write(folder / "private")
        return "".join(f'[[tls]]\nmatch = "{host}"\nca = ["{ca}"]\n{more}\n' for host in hosts)

    @pytest.mark.parametrize("known", [(STS, API), (STS,), ()], ids=["both", "sts", "none"])
    def test_each_host_is_trusted_by_its_own_entry(
        self, known: tuple[str, ...], private: Authority, desk: Desk
    ) -> None:
        with serving(private.server_context(*NAMES)) as aws:
            arn = aws.iam.role("pull", "user/alice")
            text = rule(role_arn=arn) + self.entries(desk.folder, private, *known)
            broker = desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route)
            if known == (STS, API):
                assert whose(aws, broker) == arn
            else:
                assert isinstance(failure(broker), TLSFailed)
            assert aws.asked == list(known)

    def test_a_client_certificate_goes_to_its_host_only(self, private: Authority, desk: Desk) -> None:
        context = private.server_context(*NAMES, client_authority=private)
        certificate, key = private.issue("me@example.com").write(desk.folder / "me")
        mine = f'client_cert = "{certificate}"\nclient_key = "{key}"'
        with serving(context) as aws:
            text = self.entries(desk.folder, private, API, more=mine)
            environ = keys(aws.iam.user("alice"))
            assert whose(aws, desk.broker(text, environ=environ, route=aws.route)) == "user/alice"
            assert [one.client_certificate for one in aws.tls.requests] == [True]
            refused = desk.broker(self.entries(desk.folder, private, API), environ=environ, route=aws.route)
            assert isinstance(failure(refused), OcibrokerError)

    def test_a_proxy_is_used(self, aws: Aws, desk: Desk) -> None:
        place = f"{API}:{aws.tls.port}"
        with proxying() as proxy:
            environ = {**keys(aws.iam.user("alice")), "HTTPS_PROXY": f"http://proxy.test:{proxy.port}"}
            broker = desk.broker(rule(endpoint_url=f"https://{place}"), environ=environ)
            assert whose(aws, broker) == "user/alice"
            assert proxy.lines == [f"CONNECT {place} HTTP/1.1"]

    def test_the_environment_of_the_process_decides_nothing(
        self, aws: Aws, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        poison = {
            **keys(aws.iam.user("mallory")),
            "AWS_PROFILE": "nobody",
            "AWS_REGION": "xx-nowhere-1",
            "AWS_CONFIG_FILE": "/dev/null/config",
            "AWS_ENDPOINT_URL": "https://evil.example",
            "AWS_ENDPOINT_URL_STS": "https://evil.example",
            "AWS_CA_BUNDLE": "/dev/null",
            "AWS_ROLE_ARN": "arn:aws:iam::1:role/evil",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/dev/null",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
            "AWS_USE_FIPS_ENDPOINT": "true",
            "AWS_DEFAULTS_MODE": "auto",
            "AWS_MAX_ATTEMPTS": "9",
            "HTTPS_PROXY": "http://127.0.0.1:1",
            "HOME": "/nowhere",
        }
        for name, value in poison.items():
            monkeypatch.setenv(name, value)
        arn = aws.iam.role("pull", "user/alice")
        environ = kept(desk.folder, credentials=section("default", aws.iam.user("alice")))
        assert whose(aws, desk.broker(rule(role_arn=arn), environ=environ, route=aws.route)) == arn
        assert aws.asked == [STS, API]


class TestAccounts:
    """Two identities in one process, for one host: never each other's answer."""

    def test_by_profile(self, aws: Aws, desk: Desk) -> None:
        users = {name: aws.iam.user(name) for name in ("alice", "bob")}
        environ = kept(desk.folder, credentials="".join(section(name, key) for name, key in users.items()))
        text = rule(HOST, profile="alice") + rule(f"{HOST}/bobs", profile="bob")
        broker = desk.broker(text, environ=environ, route=aws.route)
        found = [whose(aws, broker, target) for target in (HOST, f"{HOST}/bobs", HOST, f"{HOST}/bobs")]
        assert found == ["user/alice", "user/bob", "user/alice", "user/bob"]
        assert len(aws.asked) == 2

    def test_by_environment_at_the_same_time(self, aws: Aws, desk: Desk) -> None:
        users = [aws.iam.user(f"user-{number}") for number in range(8)]
        brokers = [desk.broker(environ=keys(user), route=aws.route) for user in users]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(partial(whose, aws), brokers))
        assert found == [user.principal for user in users]

    def test_by_the_callers_token(self, aws: Aws, desk: Desk) -> None:
        broker = desk.broker(environ=keys(aws.iam.user("node")), route=aws.route)
        callers = {}
        for name in ("one", "two"):
            arn = aws.iam.role(name, f"token of-{name}")
            annotations = {"eks.amazonaws.com/ecr-role-arn": arn}
            callers[arn] = Caller(token=Secret(f"of-{name}"), annotations=annotations)
        for _ in range(2):
            assert [whose(aws, broker, caller=caller) for caller in callers.values()] == list(callers)
        stranger = Caller(token=Secret("of-three"), annotations=callers[arn].annotations)
        assert "AccessDenied" in failure(broker, caller=stranger).message
        assert whose(aws, broker) == "user/node"

    def test_an_annotation_without_a_token_is_no_role(self, aws: Aws, desk: Desk) -> None:
        arn = aws.iam.role("admin", "user/node")
        broker = desk.broker(environ=keys(aws.iam.user("node")), route=aws.route)
        assert whose(aws, broker, caller=Caller(annotations={"eks.amazonaws.com/role-arn": arn})) == "user/node"
        assert aws.sts.calls == []

    @pytest.mark.parametrize("file", ["credentials", "config"])
    def test_a_changed_shared_file_is_noticed_at_the_next_access(self, file: str, aws: Aws, desk: Desk) -> None:
        clock = HandClock()
        environ = kept(desk.folder, **{file: section("default", aws.iam.user("alice"))})
        broker = desk.broker(environ=environ, route=aws.route, clock=clock)
        assert whose(aws, broker) == "user/alice"
        kept(desk.folder, **{file: section("default", aws.iam.user("bob"), output="json")})
        assert whose(aws, broker) == "user/alice"
        clock.move(1)
        assert whose(aws, broker) == "user/bob"


def asked(
    environ: Mapping[str, str] = ALONE,
    caller: Caller | None = None,
    host: str = HOST,
    **options: Any,  # noqa: ANN401
) -> Identity:
    request = Request(target=Target.parse(host), options=EcrOptions(**options), environ=environ, caller=caller)
    return EcrProvider().identity(request)


def test_one_token_opens_every_registry_of_the_region(aws: Aws, desk: Desk) -> None:
    broker = desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route)
    first, second = (broker.access(f"{host}/app") for host in (HOST, NEIGHBOUR))
    assert first.credential is second.credential
    assert (first.origin.host, second.origin.host) == (HOST, NEIGHBOUR)
    assert aws.asked == [API]


class TestIdentity:
    def test_registries_of_one_region_share_it_and_regions_do_not(self) -> None:
        assert asked(host=HOST) == asked(host=NEIGHBOUR)
        hosts = (HOST, PUBLIC, *(host for host in REGISTRIES if "us-east-1" in host))
        assert len({asked(host=host) for host in hosts}) == 4

    def test_each_principal_has_its_own(self) -> None:
        role: dict[str, Any] = {"role_arn": "arn:aws:iam::1:role/a"}
        identities = {
            asked(),
            asked({"AWS_PROFILE": "prod"}),
            asked({"AWS_ACCESS_KEY_ID": "AKIA1"}),
            asked({"AWS_ACCESS_KEY_ID": "AKIA2"}),
            asked({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"}),
            asked({"AWS_ROLE_ARN": "arn:aws:iam::1:role/a", "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/token"}),
            asked({"HOME": "/home/alice"}),
            asked(profile="other"),
            asked(**role),
            asked(role_arn=("arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b")),
            asked(web_identity_token=SecretRef(file=Path("/run/token")), **role),
            asked(caller=Caller(token=Secret("one")), **role),
            asked(caller=Caller(token=Secret("two")), **role),
        }
        assert len(identities) == 13

    def test_keys_play_no_part_beside_a_named_profile(self) -> None:
        assert asked({"AWS_ACCESS_KEY_ID": "AKIA1"}, profile="prod") == asked({}, profile="prod")

    def test_only_a_role_means_the_same_everywhere(self) -> None:
        assert (asked().reach, asked(profile="prod").reach) == ("local", "local")
        assert asked(role_arn="arn:aws:iam::1:role/a").reach == "global"

    def test_the_files_that_decide_are_watched(self) -> None:
        environ = {"HOME": "/home/alice", "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/token"}
        folder = Path("/home/alice/.aws")
        assert asked(environ).watch == (folder / "config", folder / "credentials", Path("/run/token"))
        token = SecretRef(file=Path("/run/other"))
        assert asked(environ, role_arn="r", web_identity_token=token).watch == (Path("/run/other"),)

    @given(st.text(min_size=8, max_size=40))
    def test_it_holds_no_secret(self, secret: str) -> None:
        names = (
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        )
        uri = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": f"/v2/credentials/c4n4ry{secret}"}
        shown = repr(asked({**dict.fromkeys(names, f"c4n4ry{secret}"), **uri}))
        assert "c4n4ry" not in shown


class TestErrors:
    @pytest.mark.parametrize(
        ("code", "status", "cure"),
        [
            ("ExpiredTokenException", 400, "log in again"),
            ("AccessDeniedException", 400, "allow the action"),
            ("UnrecognizedClientException", 400, "check the access key"),
            ("InvalidSignatureException", 400, "check the secret key"),
            ("ThrottlingException", 400, "try again later"),
            ("TooManyRequestsException", 429, "try again later"),
            ("ServerException", 500, "try again later"),
            ("", 503, "try again later"),
            ("InvalidParameterException", 400, "docs/ecr.md"),
        ],
    )
    def test_ecr_refuses(self, code: str, status: int, cure: str, aws: Aws, desk: Desk) -> None:
        aws.registry.refusals.append(Refusal(code, status))
        error = failure(desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route))
        assert f"GetAuthorizationToken was refused: {code}" in error.message
        assert f"request id {REQUEST_ID}; tried keys in the environment" in error.message
        assert (cure in error.hint, len(aws.asked)) == (True, 1)

    @pytest.mark.parametrize(
        ("code", "status", "cure"),
        [
            ("AccessDenied", 403, "trust policy"),
            ("ExpiredToken", 403, "log in again"),
            ("InvalidClientTokenId", 403, "check the access key"),
            ("SignatureDoesNotMatch", 403, "check the secret key"),
            ("Throttling", 400, "try again later"),
            ("InternalFailure", 500, "try again later"),
        ],
    )
    def test_sts_refuses(self, code: str, status: int, cure: str, aws: Aws, desk: Desk) -> None:
        aws.sts.refusals.append(Refusal(code, status))
        text = rule(role_arn="arn:aws:iam::1:role/a")
        error = failure(desk.broker(text, environ=keys(aws.iam.user("alice")), route=aws.route))
        assert f"AssumeRole was refused: {code}, status {status}, request id {REQUEST_ID}" in error.message
        assert "tried keys in the environment, role arn:aws:iam::1:role/a" in error.message
        assert (cure in error.hint, len(aws.asked)) == (True, 1)

    def test_a_profile_that_is_missing_is_named(self, aws: Aws, desk: Desk) -> None:
        error = failure(desk.broker(rule(profile="nope"), environ=kept(desk.folder), route=aws.route))
        assert "there is no such profile" in error.message

    def test_a_role_that_is_none_is_named(self, aws: Aws, desk: Desk) -> None:
        broker = desk.broker(rule(role_arn="pull"), environ=keys(aws.iam.user("alice")), route=aws.route)
        assert "no such role" in failure(broker).message

    @pytest.mark.parametrize(
        ("config", "why"),
        [
            ("[default\n", "cannot be read"),
            ("[default]\naws_access_key_id = AKIA\n", "one half of a key"),
            ("[default]\nrole_arn = r\nsource_profile = missing\n", "names another that is missing"),
            (
                section("default", role_arn="r", source_profile="b")
                + section("profile b", role_arn="r", source_profile="default"),
                "circle",
            ),
        ],
    )
    def test_a_config_file_that_is_wrong(self, config: str, why: str, aws: Aws, desk: Desk) -> None:
        assert why in failure(desk.broker(environ=kept(desk.folder, config=config), route=aws.route)).message

    def test_keys_that_have_expired(self, aws: Aws, desk: Desk) -> None:
        environ = {**keys(aws.iam.session("me")), "AWS_CREDENTIAL_EXPIRATION": "2001-01-01T00:00:00Z"}
        assert "have expired" in failure(desk.broker(environ=environ, route=aws.route)).message

    def test_a_wrong_clock_is_called_one(self, aws: Aws, desk: Desk) -> None:
        clock, real = HandClock(), aws.iam.clock
        clock.move(-3600)
        aws.iam.clock = lambda: real() + timedelta(hours=1)
        error = failure(desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route, clock=clock))
        assert "set this machine's clock, which is -3600 seconds off" in error.hint.replace("-3599", "-3600")

    def test_a_token_that_has_expired_by_our_clock_is_refused(self, aws: Aws, desk: Desk) -> None:
        clock = HandClock()
        clock.move(13 * 3600)
        error = failure(desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route, clock=clock))
        assert "has expired by this machine's clock" in error.message

    def test_an_answer_without_end_is_cut(self, tmp_path: Path) -> None:
        environ = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        staged = Staged.of(
            EcrProvider(), Target.parse(HOST), {}, folder=tmp_path, environ=environ, clock=SystemClock()
        )
        endless = httpx.Response(200, content=(b" " * 65536 for _ in range(1000)))
        with pytest.raises(IntegrityError, match="longer than"):
            staged.fetch(lambda _: endless, Deadline.after(20))

    def test_nothing_of_it_is_logged(self, aws: Aws, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        arn = aws.iam.role("pull", "user/alice")
        environ = keys(aws.iam.user("alice"))
        assert whose(aws, desk.broker(rule(role_arn=arn), environ=environ, route=aws.route)) == arn
        aws.sts.refusals.append(Refusal("AccessDenied", 403))
        config = section("profile r", role_arn=arn, source_profile="base")
        shared = kept(desk.folder, credentials=section("base", aws.iam.user("alice")), config=config)
        failure(desk.broker(rule(profile="r"), environ=shared, route=aws.route))
        secrets = {secret for key in aws.iam.keys.values() for secret in (key.secret, key.token) if secret}
        seen = [one for one in (*secrets, *aws.registry.issued, BODY) if one in caplog.text]
        assert (seen, "botocore" in caplog.text) == ([], False)

    def test_what_others_do_with_the_sdk_is_logged_as_ever(
        self, aws: Aws, desk: Desk, caplog: pytest.LogCaptureFixture
    ) -> None:
        whose(aws, desk.broker(environ=keys(aws.iam.user("alice")), route=aws.route))
        logging.getLogger("botocore.credentials").warning("somebody else's")
        assert "somebody else's" in caplog.text

    def test_the_sdk_is_named_where_it_is_missing(self) -> None:
        code = (
            "import sys\n"
            "class Missing:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name.partition('.')[0] in {'boto3', 'botocore'}: raise ImportError(name)\n"
            "sys.meta_path.insert(0, Missing())\n"
            "from ocibroker import Broker, OcibrokerError\n"
            "try: Broker.from_config(environ={}).access(sys.argv[1])\n"
            "except OcibrokerError as error: print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", code, HOST], capture_output=True, text=True, check=True)
        expected = "provider ecr: the AWS SDK is not installed (pip install 'ocibroker[ecr]')\n"
        assert (done.stdout, done.stderr) == (expected, "")


class TestDeadline:
    PATIENCE = 5.0

    def ends(self, broker: Broker, target: str = HOST) -> None:
        begun = time.monotonic()
        assert isinstance(failure(broker, target, deadline=0.5), DeadlineExceeded)
        for thread in threading.enumerate():
            if thread.name.startswith("ocibroker-"):
                thread.join(self.PATIENCE)
                assert not thread.is_alive()
        assert time.monotonic() - begun < self.PATIENCE

    @pytest.mark.parametrize("silence", ["sts", "ecr"])
    def test_a_service_that_is_silent(self, silence: str, aws: Aws, desk: Desk) -> None:
        text = rule(role_arn=aws.iam.role("pull", "user/alice"))
        with raw(silent) as server:

            def route(host: str, port: int) -> tuple[str, int]:
                return ("127.0.0.1", server.port) if silence in host.split(".")[:2] else aws.route(host, port)

            self.ends(desk.broker(text, environ=keys(aws.iam.user("alice")), route=route))

    def test_a_program_that_hangs(self, aws: Aws, desk: Desk) -> None:
        hang = section("default", credential_process=f"{sys.executable} -c 'import time; time.sleep(60)'")
        self.ends(desk.broker(environ=kept(desk.folder, config=hang), route=aws.route))

    def test_a_metadata_service_that_is_silent(self, desk: Desk) -> None:
        with raw(silent) as server:
            self.ends(
                desk.broker(environ={"HOME": str(desk.folder)}, route=lambda *_: ("127.0.0.1", server.port)), PUBLIC
            )

    def test_who_had_no_time_to_look_for_an_identity_is_not_anonymous(self, tmp_path: Path) -> None:
        clock = HandClock()

        def answer(_: httpx.Request) -> httpx.Response:
            clock.move(2)
            raise DeadlineExceeded("did not answer in time")

        environ = {"HOME": str(tmp_path)}
        staged = Staged.of(EcrProvider(), Target.parse(PUBLIC), {}, folder=tmp_path, environ=environ, clock=clock)
        with pytest.raises(DeadlineExceeded):
            staged.fetch(answer, Deadline.after(1, clock.monotonic))

    def test_most_machines_have_no_metadata_service_and_go_on(self, desk: Desk) -> None:
        environ = {"HOME": str(desk.folder), "AWS_METADATA_SERVICE_TIMEOUT": "1"}
        with raw(silent) as server:
            broker = desk.broker(environ=environ, route=lambda *_: ("127.0.0.1", server.port))
            assert isinstance(broker.access(PUBLIC, deadline=20).credential, Anonymous)
