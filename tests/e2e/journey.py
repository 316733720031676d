"""The whole way to a cloud's registry, of `ocibroker` and of skopeo, on a machine without any configuration."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocibroker.transport import Route
from tests.e2e import clients
from tests.e2e.clients import Completed
from tests.e2e.cloud_registry import NOTHING, CloudRegistry
from tests.e2e.token_issuer import Accepts
from tests.e2e.workstation import Workstation
from tests.transport.answering_server import Answer
from tests.transport.connect_proxy import ConnectProxy, proxying


@dataclass(frozen=True)
class Journey:
    """A machine that has an identity in a cloud, and the cloud.

    ``proxy`` is the way to everything, under the real names: the connect map of programs that have none.
    ``accepts`` is whose credentials the registry takes.
    """

    registry: CloudRegistry
    workstation: Workstation
    proxy: ConnectProxy
    accepts: Accepts

    @classmethod
    @contextmanager
    def begun(
        cls,
        registry: CloudRegistry,
        folder: Path,
        environ: Mapping[str, str],
        *,
        accepts: Accepts,
        elsewhere: Route,
        answers: Mapping[str, Answer] = NOTHING,
    ) -> Iterator["Journey"]:
        """Furnish a home in ``folder``.

        ``environ`` is what makes the identity; ``accepts`` takes exactly what the cloud has issued; ``elsewhere``
        leads to every host but the registry's; ``answers`` are what the cloud has at paths of the registry's host.
        """
        clients.find("docker-credential-ocibroker")
        with registry.fronted(accepts, answers) as front:

            def route(host: str, port: int) -> tuple[str, int]:
                return ("127.0.0.1", front.port) if host == registry.host else elsewhere(host, port)

            with proxying(route=route) as proxy:
                ways = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
                settings = {**ways, "SSL_CERT_FILE": str(registry.authority.bundle), **environ}
                home = Workstation.create(folder / "home", settings, helpers={registry.host: "ocibroker"})
                yield cls(registry, home, proxy, accepts)

    @property
    def target(self) -> str:
        return f"{self.registry.host}/{self.registry.image.repository}"

    @property
    def dialled(self) -> set[str]:
        """The hosts to which somebody wanted to go."""
        return {line.split()[1].removesuffix(":443") for line in self.proxy.lines}

    def inspect(self, workstation: Workstation, *options: str) -> Completed:
        """Have skopeo look at the image."""
        image = f"docker://{self.registry.host}/{self.registry.image.name}"
        return workstation.run("skopeo", "inspect", *options, image)


class WholeWay:
    """What each cloud shows; a subclass's module has a fixture ``journey``.

    ``because`` is why the provider answers, ``asked`` what it dials for a credential, ``user`` whose that is.
    """

    because: str
    asked: frozenset[str]
    user: str

    def test_get_answers_what_the_registry_takes(self, journey: Journey) -> None:
        got = journey.workstation.run("ocibroker", "get", journey.target, "--output", "docker")
        assert (got.returncode, got.stderr) == (0, "")
        answer = json.loads(got.stdout)
        assert journey.accepts(answer["Username"], answer["Secret"])
        assert journey.dialled == self.asked

    def test_explain_needs_no_network(self, journey: Journey) -> None:
        told = journey.workstation.run("ocibroker", "explain", journey.target)
        assert (told.returncode, told.stderr) == (0, "")
        assert (self.because in told.stdout, "ERROR" in told.stdout) == (True, False)
        assert journey.dialled == set()

    def test_pull_gets_a_chart(self, journey: Journey, tmp_path: Path) -> None:
        chart = f"{journey.registry.host}/{journey.registry.chart.name}"
        done = journey.workstation.run("ocibroker", "pull", "--output", str(tmp_path), chart)
        assert (done.returncode, done.stderr) == (0, done.stderr)
        assert [path.read_bytes() for path in tmp_path.glob("*.tgz")] == [journey.registry.chart.layer.content]
        assert journey.dialled == {*self.asked, journey.registry.host}

    def test_skopeo_is_served_through_the_helper(self, journey: Journey) -> None:
        served = journey.inspect(journey.workstation)
        assert (served.returncode, served.stderr) == (0, "")
        assert json.loads(served.stdout)["Digest"] == journey.registry.image.digest
        assert journey.dialled == {*self.asked, journey.registry.host}

    @pytest.mark.parametrize("guess", [None, "guessed"])
    def test_skopeo_is_refused_without(self, guess: str | None, journey: Journey) -> None:
        home = journey.workstation.home.with_name("stranger")
        stranger = Workstation.create(home, journey.workstation.settings, helpers={})
        refused = journey.inspect(stranger, *(("--creds", f"{self.user}:{guess}") if guess else ()))
        assert (refused.returncode, "authentication required" in refused.stderr) == (1, True)
