"""What must be installed: google-auth, and nothing that it or another cloud would bring besides."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping

import pytest

from tests.google.accounts import federated
from tests.google.emulator import Google
from tests.google.sts import AWS4, AWS_SOURCE
from tests.plugins.gar.asking import HOST, named
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)

OTHERS = ("azure", "boto3", "botocore", "jwt", "msal", "requests", "urllib3")

FETCH = """
import json, sys
missing, environ, port, host = json.loads(sys.argv[1])
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing: raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
from ocibroker import Broker, OcibrokerError
with Broker.from_config(environ=environ, route=lambda *_: ("127.0.0.1", port)) as broker:
    try: print(broker.access(host).credential.secret.reveal())
    except OcibrokerError as error: print(error)
"""


def fetched(missing: Iterable[str], environ: Mapping[str, str], google: Google, desk: Desk) -> str:
    """Return the token, or the error, in a process that can import nothing of ``missing``."""
    said = json.dumps([[*missing], {"SSL_CERT_FILE": str(desk.roots), **environ}, google.tls.port, HOST])
    done = subprocess.run([sys.executable, "-c", FETCH, said], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_key_needs_no_other_extra(google: Google, desk: Desk) -> None:
    key = google.accounts.key("ci")
    assert google.accounts.issued[fetched(OTHERS, named(desk, key), google, desk)] == key["client_email"]


def test_an_identity_of_aws_needs_no_other_extra(google: Google, desk: Desk) -> None:
    key = google.sts.iam.user("alice")
    google.accounts.trust("github", key.principal, "job")
    keys = {"AWS_ACCESS_KEY_ID": key.ident, "AWS_SECRET_ACCESS_KEY": key.secret, "AWS_REGION": "eu-west-1"}
    environ = {**named(desk, federated(AWS_SOURCE, subject_token_type=AWS4)), **keys}
    assert google.accounts.issued[fetched(OTHERS, environ, google, desk)] == "job"


def test_where_a_key_cannot_sign_without_google_auth_the_error_says_what_to_install(
    google: Google, desk: Desk
) -> None:
    expected = "provider gar: google-auth is not installed (pip install 'ocibroker[gar]')"
    assert fetched(["google"], named(desk, google.accounts.key("ci")), google, desk) == expected
    assert google.asked == []


def test_what_needs_no_signature_needs_no_google_auth(google: Google, desk: Desk) -> None:
    environ = named(desk, google.accounts.login("alice"))
    assert google.accounts.issued[fetched(["google"], environ, google, desk)] == "user/alice"


def test_a_login_does_not_wait_for_it_to_be_imported(google: Google, desk: Desk) -> None:
    # Its parent is there, and whatever is in it would fail.
    environ = named(desk, google.accounts.login("alice"))
    assert google.accounts.issued[fetched(["cryptography", *OTHERS], environ, google, desk)] == "user/alice"
