"""``docs/matrix.md``, made of what each plugin declares and of what each front end does.

``python -m tests.docs.matrix`` writes it anew.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType, ModuleType
from typing import Final

from ocibroker import Broker
from ocibroker.errors import CannotCarry
from ocibroker.frontends.keyring import credential_for
from ocibroker.frontends.kubernetes_secret import kubernetes_secret
from ocibroker.frontends.table import FRONT_ENDS
from ocibroker.providers import BUILT_IN
from tests.docs.manual import ROOT
from tests.frontends.neighbours import Tokens
from tests.transport.made_provider import Plugin

PAGE: Final = ROOT / "docs" / "matrix.md"

BROUGHT: Final = "the caller's own token, from the kubelet"
"""The source of which other front ends know nothing."""

HOSTS: Final = MappingProxyType(
    {
        "Basic": "basic.token.example",
        "IdentityToken": "identity.token.example",
        "Bearer": "bearer.token.example",
    }
)
"""A host of ``Tokens`` for each kind of credential."""

QUESTIONS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "docker": lambda host: host,
        "git": lambda host: f"capability[]=authtype\nprotocol=https\nhost={host}\n\n",
        "bazel": lambda host: json.dumps({"uri": f"https://{host}/"}),
        "kubelet": lambda host: json.dumps(
            {
                "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
                "kind": "CredentialProviderRequest",
                "image": f"{host}/app",
            }
        ),
    }
)
"""What each front end is asked."""


def _served(front_end: str, host: str, broker: Broker) -> bool:
    if front_end == "keyring":
        return credential_for(f"https://{host}/", broker) is not None
    if front_end == "pull secret":
        return bool(kubernetes_secret([broker.access(host)], "pull"))
    stdin = QUESTIONS[front_end](host).encode()
    return FRONT_ENDS[front_end].answer("get", stdin, broker).status == 0


def carried() -> dict[str, set[str]]:
    """Return which kinds of credentials each front end carries, by asking it for one of each."""
    rules = "".join(f'[[registry]]\nmatch = "{host}"\nprovider = "tokens"\n' for host in HOSTS.values())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(rules)
        with Broker.from_config(path, environ={}, plugins=[Plugin(Tokens())]) as broker:
            return {one: {*_kinds(one, broker)} for one in (*FRONT_ENDS, "keyring", "pull secret")}


def _kinds(front_end: str, broker: Broker) -> Iterator[str]:
    for kind, host in HOSTS.items():
        try:
            if _served(front_end, host, broker):
                yield kind
        except CannotCarry:
            pass


def given(plugin: ModuleType) -> set[str]:
    """Return the kinds of credentials that a plugin's provider gives, by what its ``fetch`` says."""
    (provider,) = plugin.ocibroker_providers()
    kinds = {*provider.fetch.__annotations__["return"].split(" | ")} - {"Anonymous"}
    return {*HOSTS} if "Credential" in kinds else kinds


def matrix() -> str:
    """Return the page."""
    front_ends = carried()
    heading = ["provider", "identity source", "tested against", *front_ends]
    rows = [heading, ["---"] * len(heading)]
    for name, module in sorted(BUILT_IN.items()):
        plugin = importlib.import_module(module)
        for source, proof in plugin.TESTED:
            served = (_cell(given(plugin), kinds, source, one) for one, kinds in front_ends.items())
            rows.append([f"`{name}`", source, proof, *served])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{_TEXT}\n{table}\n"


def _cell(kinds: set[str], taken: set[str], source: str, front_end: str) -> str:
    if source == BROUGHT and front_end != "kubelet":
        return "no"
    if not kinds:
        return "anonymous"
    return "yes" if kinds <= taken else ", ".join(kind for kind in HOSTS if kind in kinds & taken) or "no"


_TEXT: Final = """\
# What is tested, and against what

One row for each identity source of each provider. The tests make this page from what each plugin declares of itself
(`TESTED` in its module), and from what each front end answers to each kind of credential.

- *real* is the service or the program itself, on the machine that tests. *emulator* is a server or a program of the
  tests', written from the vendor's documentation: it checks what it is sent and answers as documented, but it is
  not the vendor. No test asks a cloud.
- *yes*: the front end carries whatever the provider gives. Where it carries some kinds of credentials only, they
  are named; any other is an error that says so. A *Bearer* is a token that the registry itself takes, an
  *IdentityToken* one that its token endpoint exchanges. *no*: the front end never has such an identity to give.
- *keyring* is that of pip and uv; *pull secret* is `ocibroker export`. The library, `ocibroker get` and
  `ocibroker run` carry all kinds.
"""


if __name__ == "__main__":
    PAGE.write_text(matrix())
