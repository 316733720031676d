"""What a process that ends at once does not import: it would cost more than the answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.aws.warmed import HOST, Warmed, warm, with_authority

NOT_TO_CONNECT: Mapping[str, str] = MappingProxyType(
    {
        "httpx": "requests are made by who connects; 60 ms",
        "httpcore": "as httpx, whose connections it makes",
        "anyio": "connections on an event loop",
        "asyncio": "as anyio",
        "ssl": "who connects trusts, and what was verified when an answer was kept need not be verified again",
        "ocibroker.transport.paired": "the transport of an access is made when somebody wants to connect",
        "ocibroker.auth.distribution": "only who connects is challenged",
        "ocibroker.tls.material": "contexts are for connections",
        "email": "the headers of answers",
        "http": "as email",
    }
)
NOT_TO_FETCH: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("boto3", "botocore", "google", "azure", "msal", "keyring"), "an SDK is for fetching"),
        "ocibroker_ecr.asking": "a provider's own parts too",
        "ocibroker.authfile": "the logins of other tools are for who has no other credential",
        "subprocess": "a child is run for fetching only; 4 ms",
        "importlib.metadata": "plugins of others are looked for where one is named; 25 ms",
    }
)
NOT_WITHOUT_NEED: Mapping[str, str] = MappingProxyType(
    {
        "difflib": "nobody has misspelt a key",
        "tempfile": "no library takes only a file",
        "ocibroker.explanation": "nobody has asked why",
    }
)
OF_TYPER = frozenset({"subprocess", "tempfile", "difflib"})
"""What the command line itself stands on imports these."""
NEVER: Mapping[str, str] = MappingProxyType({**NOT_TO_CONNECT, **NOT_TO_FETCH, **NOT_WITHOUT_NEED})
HELPER = "from ocibroker.frontends.docker import main"
PROGRAMS: Mapping[str, str] = MappingProxyType(
    {
        "docker-credential-ocibroker get": f"{HELPER}; sys.argv[1:] = ['get']",
        "ocibroker get": f"from ocibroker.cli import main; sys.argv[1:] = ['get', '{HOST}', '-o', 'docker']",
        "the library": (
            "import ocibroker, os\n"
            "def main():\n"
            "    with ocibroker.Broker.from_config(environ=os.environ, store='file') as broker:\n"
            f"        print(broker.access('{HOST}').credential.secret.reveal())\n"
        ),
    }
)
"""What gives the cached answer; each is followed by ``main()``."""


def run(program: str, warmed: Warmed) -> set[str]:
    """Run ``program``, which answers from the cache, and return what it has imported."""
    told = "print(json.dumps([*sys.modules]), file=sys.stderr)"
    code = f"import json, sys\n{program}\ntry:\n    main()\nfinally:\n    {told}"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=warmed.environ, input=HOST, capture_output=True, text=True, check=True)
    assert warmed.secret in done.stdout
    return set(json.loads(done.stderr))


@pytest.fixture(
    scope="module",
    params=[lambda _: "", with_authority],
    ids=["without-configuration", "with-an-authority"],
)
def warmed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Warmed:
    folder, text = tmp_path_factory.mktemp("home"), request.param
    configured: Callable[[Path], str] = text
    return warm(folder, configured(folder))


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_answer_from_the_cache_imports_only_what_it_needs(name: str, warmed: Warmed) -> None:
    imported = run(PROGRAMS[name], warmed) - (OF_TYPER if name == "ocibroker get" else set())
    assert {module: why for module, why in NEVER.items() if module in imported} == {}


def test_a_helper_imports_no_command_line(warmed: Warmed) -> None:
    assert not run(PROGRAMS["docker-credential-ocibroker get"], warmed) & {"typer", "click", "rich"}


@pytest.mark.parametrize("argument", ["version", "--help"])
def test_what_needs_no_broker_imports_none(argument: str) -> None:
    code = f"import sys; sys.argv[1:] = ['{argument}']; {HELPER}\ntry: main()\n"
    code += "finally: assert 'ocibroker.broker' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_all_that_is_listed_is_there_to_be_imported(warmed: Warmed) -> None:
    """A misspelt name would never be found."""
    everything = {"boto3", "google", "azure", "msal", "keyring"}
    code = "import importlib\n"
    code += "".join(f"importlib.import_module('{name}')\n" for name in NEVER if name not in everything)
    subprocess.run([sys.executable, "-c", code], check=True)
