"""Whose identity it is: what Application Default Credentials find, and what a rule says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocibroker import Anonymous, Basic
from ocibroker.provider import Caller, Secret
from ocibroker.testing import CannedResponse
from tests.google.accounts import CLIENT_ID, CLIENT_SECRET, federated, generate_url, written
from tests.google.assertion import signer
from tests.google.emulator import IAM, ISSUER, OAUTH, STS, Google
from tests.google.metadata import TOKEN, UNIVERSE
from tests.google.registries import SOVEREIGN
from tests.google.sts import AWS4, AWS_SOURCE
from tests.plugins.gar.asking import ALONE, HOST, failure, logged_in, named, rule, whose
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


class TestKey:
    @pytest.mark.parametrize(
        "uri", ["https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token", ""]
    )
    def test_its_assertion_is_exchanged(self, uri: str, google: Google, desk: Desk) -> None:
        key = google.accounts.key("ci", token_uri=uri)
        assert whose(google, desk.broker(environ=named(desk, key), route=google.route)) == key["client_email"]
        assert google.asked == [OAUTH]

    def test_in_another_universe_its_assertion_is_the_token(self, google: Google, desk: Desk) -> None:
        key = google.accounts.key("ci", universe_domain="s3nsapis.fr")
        broker = desk.broker(environ=named(desk, key), route=google.route)
        found = broker.access(f"{SOVEREIGN}/acme/app").credential
        assert isinstance(found, Basic)
        assert signer(found.secret.reveal(), google.accounts, None) == key["client_email"]
        assert google.asked == []

    def test_it_is_sent_to_google_only(self, google: Google, desk: Desk) -> None:
        key = google.accounts.key("ci", token_uri="https://oauth2.googleapis.com.evil.example/token")
        error = failure(desk.broker(environ=named(desk, key), route=google.route))
        assert ("token_uri of the key is no address" in error.message, google.asked) == (True, [])

    def test_a_broken_one_is_named(self, google: Google, desk: Desk) -> None:
        broken = "-----BEGIN PRIVATE KEY-----\nc4n4ry\n-----END PRIVATE KEY-----"
        key = google.accounts.key("ci", private_key=broken)
        error = failure(desk.broker(environ=named(desk, key), route=google.route))
        assert "private_key cannot be used; tried GOOGLE_APPLICATION_CREDENTIALS" in error.message
        assert "c4n4ry" not in str(error)


class TestLogin:
    def test_of_gcloud(self, google: Google, desk: Desk) -> None:
        environ = logged_in(desk, google.accounts.login("alice"))
        assert whose(google, desk.broker(environ=environ, route=google.route)) == "user/alice"

    def test_of_gcloud_elsewhere(self, google: Google, desk: Desk) -> None:
        folder = desk.folder / "elsewhere"
        written(folder / "application_default_credentials.json", google.accounts.login("alice"))
        environ = {**ALONE, "CLOUDSDK_CONFIG": str(folder)}
        assert whose(google, desk.broker(environ=environ, route=google.route)) == "user/alice"

    def test_of_a_workforce(self, google: Google, desk: Desk) -> None:
        login = google.accounts.login("bob", type="external_account_authorized_user")
        environ = logged_in(desk, {**login, "token_url": "https://sts.googleapis.com/v1/oauthtoken"})
        assert whose(google, desk.broker(environ=environ, route=google.route)) == "user/bob"
        assert google.asked == [STS]

    def test_of_a_workforce_is_sent_to_google_only(self, google: Google, desk: Desk) -> None:
        login = google.accounts.login("bob", type="external_account_authorized_user")
        environ = logged_in(desk, {**login, "token_url": "https://evil.example/v1/oauthtoken"})
        error = failure(desk.broker(environ=environ, route=google.route))
        assert ("is no address of Google's" in error.message, google.asked) == (True, [])

    def test_that_impersonates(self, google: Google, desk: Desk) -> None:
        first = google.accounts.account("first", "user/alice")
        pull = google.accounts.account("pull", first)
        document = {
            "type": "impersonated_service_account",
            "service_account_impersonation_url": generate_url(pull),
            "delegates": [f"projects/-/serviceAccounts/{first}"],
            "source_credentials": google.accounts.login("alice"),
        }
        assert whose(google, desk.broker(environ=logged_in(desk, document), route=google.route)) == pull
        assert google.iam.calls == [("user/alice", first, pull)]
        nested = {**document, "source_credentials": document}
        assert "is not supported" in failure(desk.broker(environ=named(desk, nested), route=google.route)).message
        elsewhere = {**document, "service_account_impersonation_url": "https://evil.example/x:generateAccessToken"}
        assert "no address" in failure(desk.broker(environ=named(desk, elsewhere), route=google.route)).message

    def test_the_variable_comes_first(self, google: Google, desk: Desk) -> None:
        key = google.accounts.key("ci")
        environ = {**logged_in(desk, google.accounts.login("alice")), **named(desk, key)}
        assert whose(google, desk.broker(environ=environ, route=google.route)) == key["client_email"]

    def test_it_comes_before_the_machines_account(self, google: Google, desk: Desk) -> None:
        google.metadata.principal = "machine"
        logged_in(desk, google.accounts.login("alice"))
        broker = desk.broker(environ={"HOME": str(desk.folder)}, route=google.route)
        assert (whose(google, broker), google.looked_up) == ("user/alice", [])


class TestMetadataServer:
    @pytest.mark.parametrize(
        "said",
        [
            {},
            {"GCE_METADATA_HOST": "metadata.google.internal"},
            {"GCE_METADATA_IP": "169.254.169.254"},
            {"GCE_METADATA_HOST": "metadata.corp.test", "NO_PROXY": "corp.test"},
        ],
    )
    def test_gives_the_machines_account_never_through_a_proxy(
        self, said: dict[str, str], google: Google, desk: Desk
    ) -> None:
        google.metadata.principal = "machine"
        environ = {"HOME": str(desk.folder), "HTTP_PROXY": "http://proxy.test:1", **said}
        assert whose(google, desk.broker(environ=environ, route=google.route)) == "machine"
        assert google.looked_up == [UNIVERSE, TOKEN]

    def test_a_name_that_would_go_through_a_proxy_is_refused(self, google: Google, desk: Desk) -> None:
        environ = {"HTTP_PROXY": "http://proxy.test:1", "GCE_METADATA_HOST": "metadata.corp.test"}
        error = failure(desk.broker(environ={**environ, "HOME": str(desk.folder)}, route=google.route))
        assert ("NO_PROXY" in error.hint, google.looked_up) == (True, [])

    def test_what_is_not_googles_is_no_identity(self, google: Google, desk: Desk) -> None:
        google.metadata.principal, google.metadata.flavor = "machine", ""
        broker = desk.broker(environ={"HOME": str(desk.folder)}, route=google.route)
        assert isinstance(broker.access(HOST).credential, Anonymous)
        assert google.looked_up == [UNIVERSE]

    def test_a_machine_without_an_account_has_no_identity(self, google: Google, desk: Desk) -> None:
        broker = desk.broker(environ={"HOME": str(desk.folder)}, route=google.route)
        found = broker.access(HOST).credential
        assert isinstance(found, Anonymous)
        assert found.reason.endswith("the metadata server")

    @pytest.mark.parametrize("path", [UNIVERSE, TOKEN])
    @pytest.mark.parametrize("status", [403, 429, 500, 503])
    def test_a_server_that_fails_is_no_missing_identity(
        self, status: int, path: str, google: Google, desk: Desk
    ) -> None:
        google.metadata.principal, google.metadata.failing = "machine", {path: status}
        error = failure(desk.broker(environ={"HOME": str(desk.folder)}, route=google.route))
        assert f"the request to the metadata server was refused: status {status}" in error.message
        assert google.looked_up[-1] == path

    def test_one_that_is_named_and_not_there_is_an_error(self, google: Google, desk: Desk) -> None:
        environ = {"HOME": str(desk.folder), "GCE_METADATA_HOST": "127.0.0.1:1"}
        assert "127.0.0.1:1" in str(failure(desk.broker(environ=environ)))

    def test_one_that_must_not_be_asked_is_not(self, google: Google, desk: Desk) -> None:
        google.metadata.principal = "machine"
        broker = desk.broker(environ={"HOME": str(desk.folder), **ALONE}, route=google.route)
        assert isinstance(broker.access(HOST).credential, Anonymous)
        assert google.looked_up == []


class TestFederation:
    @pytest.fixture
    def source(self, google: Google, desk: Desk) -> dict[str, Any]:
        """A file with a token that a provider trusts."""
        (desk.folder / "token").write_text("of-the-job\n")
        google.accounts.trust("github", "of-the-job", "job")
        return {"file": str(desk.folder / "token")}

    def test_a_token_in_a_file(self, source: dict[str, Any], google: Google, desk: Desk) -> None:
        assert whose(google, desk.broker(environ=named(desk, federated(source)), route=google.route)) == "job"
        assert google.asked == [STS]

    def test_a_token_in_a_json_file(self, google: Google, desk: Desk) -> None:
        google.accounts.trust("github", "of-the-job", "job")
        (desk.folder / "token").write_text(json.dumps({"id_token": "of-the-job"}))
        form = {"type": "json", "subject_token_field_name": "id_token"}
        document = federated({"file": str(desk.folder / "token"), "format": form})
        assert whose(google, desk.broker(environ=named(desk, document), route=google.route)) == "job"

    def test_a_token_of_a_url(self, google: Google, desk: Desk) -> None:
        google.accounts.trust("github", "of-the-job", "job")
        google.issuer = CannedResponse.of_json({"value": "of-the-job"})
        form = {"type": "json", "subject_token_field_name": "value"}
        headers = {"Authorization": "Bearer of-the-runner"}
        document = federated({"url": f"https://{ISSUER}/token?audience=x", "headers": headers, "format": form})
        assert whose(google, desk.broker(environ=named(desk, document), route=google.route)) == "job"
        assert google.asked == [ISSUER, STS]
        assert google.tls.saw("authorization") == ["Bearer of-the-runner"]

    @pytest.mark.parametrize(
        "url",
        [
            "http://token.issuer.test/",
            "http://169.254.169.254.evil.example/",
            "http://169.254.169.254\n.evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://10.0.0.1/",
            "http://[::1",
            "file:///etc/passwd",
            "ftp://127.0.0.1/",
            "//127.0.0.1/",
        ],
    )
    def test_a_url_in_the_clear_is_for_this_machine_and_its_link(
        self, url: str, google: Google, desk: Desk
    ) -> None:
        broker = desk.broker(environ=named(desk, federated({"url": url})), route=google.route)
        assert "the URL of credential_source is not safe" in failure(broker).message
        assert (google.asked, google.looked_up) == ([], [])

    def test_a_url_on_the_link(self, google: Google, desk: Desk) -> None:
        google.accounts.trust("github", "of-azure", "job")
        google.imds = {("GET", "/metadata/identity/oauth2/token"): "of-azure"}
        document = federated({"url": "http://169.254.169.254/metadata/identity/oauth2/token?resource=x"})
        assert whose(google, desk.broker(environ=named(desk, document), route=google.route)) == "job"

    def test_a_header_that_is_none_is_not_shown(self, google: Google, desk: Desk) -> None:
        document = federated({"url": f"https://{ISSUER}/token", "headers": {"Authorization": "c4n4ry\u2713"}})
        error = failure(desk.broker(environ=named(desk, document), route=google.route))
        assert ("was raised; tried" in error.message, "c4n4ry" in str(error)) == (True, False)

    def test_a_url_that_refuses(self, google: Google, desk: Desk) -> None:
        document = federated({"url": f"https://{ISSUER}/token"})
        error = failure(desk.broker(environ=named(desk, document), route=google.route))
        assert "the request for the subject token was refused: status 404" in error.message

    @pytest.mark.parametrize(
        ("content", "form"),
        [
            ("", {}),
            ("{", {"type": "json", "subject_token_field_name": "token"}),
            ("{}", {"type": "json", "subject_token_field_name": "token"}),
            ("[1]", {"type": "json", "subject_token_field_name": "token"}),
            ('{"token": 1}', {"type": "json", "subject_token_field_name": "token"}),
            ('{"token": "t"}', {"type": "json"}),
        ],
    )
    def test_content_without_a_token(self, content: str, form: dict[str, str], google: Google, desk: Desk) -> None:
        (desk.folder / "token").write_text(content)
        document = federated({"file": str(desk.folder / "token"), "format": form})
        error = failure(desk.broker(environ=named(desk, document), route=google.route))
        assert ("there is no token where credential_source says" in error.message, google.asked) == (True, [])

    def test_by_way_of_a_service_account(self, source: dict[str, Any], google: Google, desk: Desk) -> None:
        pull = google.accounts.account("pull", "job")
        document = federated(source, service_account_impersonation_url=generate_url(pull))
        assert whose(google, desk.broker(environ=named(desk, document), route=google.route)) == pull
        assert google.asked == [STS, IAM]

    def test_of_a_workforce(self, source: dict[str, Any], google: Google, desk: Desk) -> None:
        document = federated(source, workforce_pool_user_project="acme-prod")
        assert whose(google, desk.broker(environ=named(desk, document), route=google.route)) == "job"
        assert google.sts.forms[0]["options"] == "%7B%22userProject%22%3A%20%22acme-prod%22%7D"
        mine = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        assert whose(google, desk.broker(environ=named(desk, {**document, **mine}), route=google.route)) == "job"
        assert "options" not in google.sts.forms[1]

    def test_at_a_regional_endpoint(self, source: dict[str, Any], google: Google, desk: Desk) -> None:
        document = federated(source, token_url="https://sts.us-east1.rep.googleapis.com/v1/token")
        assert whose(google, desk.broker(environ=named(desk, document), route=google.route)) == "job"

    @pytest.mark.parametrize(
        "changed",
        [
            {"token_url": "https://evil.example/v1/token"},
            {"token_url": "https://sts.googleapis.com.evil.example/v1/token"},
            {"token_url": "https://stsxgoogleapis.com/v1/token"},
            {"token_url": "http://sts.googleapis.com/v1/token"},
            {"token_url": "https://sts.googleapis.com/v1/token?x=y"},
            {"token_url": "https://sts.googleapis.com@evil.example/v1/token"},
            {"token_url": "https://storage.googleapis.com/v1/token"},
            {"service_account_impersonation_url": "https://evil.example/a:generateAccessToken"},
            {"service_account_impersonation_url": f"{generate_url('a')}?x"},
            {"service_account_impersonation_url": generate_url("a/../b")},
        ],
    )
    def test_tokens_are_sent_to_google_only(
        self, changed: dict[str, str], source: dict[str, Any], google: Google, desk: Desk
    ) -> None:
        error = failure(desk.broker(environ=named(desk, federated(source, **changed)), route=google.route))
        assert ("is no address of Google's" in error.message, google.asked) == (True, [])

    @pytest.mark.parametrize(
        ("source", "why"),
        [
            ({"executable": {"command": "/bin/true"}}, "of the kind executable is not supported"),
            ({"certificate": {"use_default_certificate_config": True}}, "of the kind certificate is not supported"),
            ({}, "does not say where the token is"),
            ({"file": "/a", "url": "https://b.example"}, "does not say where the token is"),
            ({"file": "/a", "environment_id": "aws1"}, "does not say where the token is"),
            ({"environment_id": "aws2"}, "no AWS one of version 1"),
        ],
    )
    def test_what_is_not_supported_says_so(
        self, source: dict[str, Any], why: str, google: Google, desk: Desk
    ) -> None:
        error = failure(desk.broker(environ=named(desk, federated(source)), route=google.route))
        assert (why in error.message, google.asked) == (True, [])


class TestFederationWithAws:
    def test_keys_in_the_environment(self, google: Google, desk: Desk) -> None:
        key = google.sts.iam.session("arn:aws:sts::1:assumed-role/pull/me")
        google.accounts.trust("github", key.principal, "job")
        keys = {"AWS_ACCESS_KEY_ID": key.ident, "AWS_SECRET_ACCESS_KEY": key.secret, "AWS_SESSION_TOKEN": key.token}
        environ = {**named(desk, self.document()), **keys, "AWS_REGION": "eu-west-1"}
        assert whose(google, desk.broker(environ=environ, route=google.route)) == "job"

    @pytest.mark.parametrize("session", ["", "http://169.254.169.254/latest/api/token"])
    def test_the_role_of_an_instance(self, session: str, google: Google, desk: Desk) -> None:
        key = google.sts.iam.session("arn:aws:sts::1:assumed-role/pull/i-1")
        google.accounts.trust("github", key.principal, "job")
        said = {"AccessKeyId": key.ident, "SecretAccessKey": key.secret, "Token": key.token}
        google.imds = {
            ("PUT", "/latest/api/token"): "of-the-session",
            ("GET", "/latest/meta-data/placement/availability-zone"): "eu-west-1b",
            ("GET", "/latest/meta-data/iam/security-credentials"): "pull",
            ("GET", "/latest/meta-data/iam/security-credentials/pull"): json.dumps(said),
        }
        environ = named(desk, self.document(**({"imdsv2_session_token_url": session} if session else {})))
        assert whose(google, desk.broker(environ=environ, route=google.route)) == "job"
        sent = google.plain.saw("x-aws-ec2-metadata-token")
        assert sent == (["of-the-session"] * 3 if session else [])

    def test_an_instance_that_says_nothing_usable(self, google: Google, desk: Desk) -> None:
        error = failure(desk.broker(environ=named(desk, self.document()), route=google.route))
        assert "the request for the subject token was refused: status 403" in error.message
        elsewhere = self.document(url="http://evil.example/", region_url="")
        environ = {**named(desk, elsewhere), "AWS_REGION": "eu-west-1"}
        error = failure(desk.broker(environ=environ, route=google.route))
        assert "does not say safely" in error.message
        google.imds = {("GET", path): "garbage" for path in ("/latest/keys", "/latest/keys/garbage")}
        garbled = {**environ, **named(desk, self.document(url="http://169.254.169.254/latest/keys"))}
        assert "has no AWS keys" in failure(desk.broker(environ=garbled, route=google.route)).message

    def document(self, **changes: str) -> dict[str, Any]:
        return federated({**AWS_SOURCE, **changes}, subject_token_type=AWS4)


class TestRule:
    def test_credentials_in_a_file_beside_the_configuration(self, google: Google, desk: Desk) -> None:
        key = google.accounts.key("ci")
        written(desk.folder / "key.json", key)
        broker = desk.broker(rule(credentials={"file": "key.json"}), environ=ALONE, route=google.route)
        assert whose(google, broker) == key["client_email"]

    def test_credentials_in_a_variable(self, google: Google, desk: Desk) -> None:
        key = google.accounts.key("ci")
        environ = {**ALONE, "KEY": json.dumps(key)}
        broker = desk.broker(rule(credentials={"env": "KEY"}), environ=environ, route=google.route)
        assert whose(google, broker) == key["client_email"]

    def test_credentials_of_a_rule_are_never_replaced_by_the_machines(self, google: Google, desk: Desk) -> None:
        google.metadata.principal = "machine"
        text = rule(credentials={"file": "missing.json"})
        error = failure(desk.broker(text, environ={"HOME": str(desk.folder)}, route=google.route))
        assert ("missing.json" in str(error), google.looked_up) == (True, [])

    @pytest.mark.parametrize("prefix", ["", "//iam.googleapis.com/"])
    def test_a_token_of_another_issuer(self, prefix: str, google: Google, desk: Desk) -> None:
        provider = prefix + google.accounts.trust("gitlab", "of-the-job", "job")
        environ = {**ALONE, "ID_TOKEN": "of-the-job"}
        text = rule(identity_token={"env": "ID_TOKEN"}, workload_identity_provider=provider)
        assert whose(google, desk.broker(text, environ=environ, route=google.route)) == "job"

    def test_impersonation_by_the_machines_account(self, google: Google, desk: Desk) -> None:
        google.metadata.principal = "machine"
        pull = google.accounts.account("pull", "machine")
        environ = {"HOME": str(desk.folder)}
        assert whose(google, desk.broker(rule(impersonate=pull), environ=environ, route=google.route)) == pull

    def test_impersonation_by_way_of_others(self, google: Google, desk: Desk) -> None:
        first = google.accounts.account("first", "user/alice")
        pull = google.accounts.account("pull", first)
        environ = logged_in(desk, google.accounts.login("alice"))
        text = rule(impersonate=[first, pull])
        assert whose(google, desk.broker(text, environ=environ, route=google.route)) == pull

    @pytest.mark.parametrize("name", ["a/b", "a:b", "a?b", "a b", "..", "@"])
    def test_what_is_no_service_account_is_named(self, name: str, google: Google, desk: Desk) -> None:
        environ = logged_in(desk, google.accounts.login("alice"))
        error = failure(desk.broker(rule(impersonate=name), environ=environ, route=google.route))
        assert ("is no service account's e-mail" in error.message, google.asked) == (True, [OAUTH])

    def test_who_shall_impersonate_and_has_no_identity_is_not_anonymous(self, google: Google, desk: Desk) -> None:
        text = rule(impersonate=google.accounts.account("pull"))
        error = failure(desk.broker(text, environ={**ALONE, "HOME": str(desk.folder)}))
        assert "no Google identity was found; tried gcloud's login" in error.message

    @pytest.mark.parametrize("provider", ["", "github", "projects/1/locations/global/workloadIdentityPools/a"])
    def test_a_token_without_a_provider_is_an_error(self, provider: str, google: Google, desk: Desk) -> None:
        google.metadata.principal = "node"
        text = rule(workload_identity_provider=provider)
        broker = desk.broker(text, environ={"HOME": str(desk.folder)}, route=google.route)
        error = failure(broker, caller=Caller(token=Secret("of-the-pod")))
        assert ("workload" in error.message, google.asked, google.looked_up) == (True, [], [])


def test_without_any_identity_access_is_anonymous_and_says_what_was_tried(google: Google, desk: Desk) -> None:
    broker = desk.broker(environ={**ALONE, "HOME": str(desk.folder)}, route=google.route)
    found = broker.access(f"{HOST}/acme/app").credential
    assert isinstance(found, Anonymous)
    assert f"also serves the public, and no Google identity was found; tried gcloud's login ({desk.folder}" in (
        found.reason
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "no JSON document"),
        ("[]", "no JSON document"),
        ("{}", "of the type that it says is not supported"),
        ('{"type": "gdch_service_account"}', "of the type gdch_service_account is not supported"),
        ('{"type": "service_account"}', "or not whole"),
        ('{"type": "authorized_user", "client_id": 7}', "or not whole"),
        (" " * 1_100_000, "is longer than"),
    ],
)
def test_a_file_that_is_wrong_is_no_missing_identity(content: str, why: str, google: Google, desk: Desk) -> None:
    google.metadata.principal = "machine"
    path = desk.folder / "named.json"
    path.write_text(content)
    environ = {"HOME": str(desk.folder), "GOOGLE_APPLICATION_CREDENTIALS": str(path)}
    assert why in failure(desk.broker(environ=environ, route=google.route)).message
    assert google.looked_up == []


def test_a_login_that_cannot_be_looked_at_is_no_missing_identity(google: Google, desk: Desk) -> None:
    google.metadata.principal = "machine"
    error = failure(desk.broker(environ={"HOME": str(desk.folder / ("x" * 300))}, route=google.route))
    assert ("cannot be read" in error.message, google.looked_up) == (True, [])


@pytest.mark.parametrize("name", ["missing.json", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_named(name: str, desk: Desk) -> None:
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": str(desk.folder / name)}
    assert "cannot be read" in failure(desk.broker(environ=environ)).message
