"""Each pod pulls as its own service account, on every cloud, whatever the node itself is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from ocibroker import Broker
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.kubelet import KUBELET
from ocibroker.testing import Authority
from tests.aws import emulator as aws
from tests.aws.shared_files import keys
from tests.azure import emulator as azure
from tests.google import emulator as google
from tests.plugins.acr.asking import user
from tests.plugins.gar.asking import rule as gar_rule
from tests.transport.brokers import Desk

PODS = ("one", "two")


@dataclass(frozen=True)
class Pod:
    """What the kubelet knows of one: its service account's token and annotations."""

    token: str
    annotations: dict[str, str]


@dataclass(frozen=True)
class Cluster:
    """A node's broker on a cloud, and its pods by whom they are; ``whose`` says whose secret one is."""

    image: str
    broker: Broker
    pods: dict[str, Pod]
    stranger: str
    whose: Callable[[str], str]
    asked: Callable[[], int]
    node: str = field(default="node")

    def answer(self, pod: Pod | None) -> Answer:
        request = {"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderRequest"}
        more = {"serviceAccountToken": pod.token, "serviceAccountAnnotations": pod.annotations} if pod else {}
        return KUBELET.answer("get", json.dumps({**request, "image": self.image, **more}).encode(), self.broker)

    def pulls_as(self, pod: Pod | None) -> str:
        (auth,) = json.loads(self.answer(pod).stdout)["auth"].values()
        return self.whose(auth["password"])


@pytest.fixture
def on_aws(authority: Authority, desk: Desk) -> Iterator[Cluster]:
    with aws.serving(authority.server_context(*aws.NAMES)) as cloud:
        roles = {name: cloud.iam.role(name, f"token of-{name}") for name in PODS}
        pods = {arn: Pod(f"of-{name}", {"eks.amazonaws.com/ecr-role-arn": arn}) for name, arn in roles.items()}
        broker = desk.broker(environ=keys(cloud.iam.user("node")), route=cloud.route)
        image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1"
        issued = cloud.registry.issued
        yield Cluster(image, broker, pods, "of-three", issued.__getitem__, lambda: len(cloud.asked), "user/node")


@pytest.fixture
def on_google(authority: Authority, desk: Desk) -> Iterator[Cluster]:
    with google.serving(authority.server_context(*google.NAMES)) as cloud:
        cloud.metadata.principal = "node"
        pods = {}
        for name in PODS:
            pool = cloud.accounts.trust("cluster", f"of-{name}", f"pod-{name}")
            account = cloud.accounts.account(name, f"pod-{name}")
            pods[account] = Pod(f"of-{name}", {"iam.gke.io/gcp-service-account": account})
        text = gar_rule(workload_identity_provider=pool)
        broker = desk.broker(text, environ={"HOME": str(desk.folder)}, route=cloud.route)
        image = "europe-west1-docker.pkg.dev/acme/app:1"
        issued = cloud.accounts.issued
        yield Cluster(image, broker, pods, "of-three", issued.__getitem__, lambda: len(cloud.asked))


@pytest.fixture
def on_azure(authority: Authority, desk: Desk) -> Iterator[Cluster]:
    with azure.serving(authority.server_context(*azure.NAMES)) as cloud:
        provider, pods = cloud.directory.provider("https://oidc.cluster.test"), {}
        for name in PODS:
            application = cloud.directory.application(name, trusted={(provider.issuer, name)})
            named = {"client": application.client, "tenant": cloud.directory.tenant}
            annotations = {f"kubernetes.azure.com/acr-{key}-id": value for key, value in named.items()}
            pods[name] = Pod(provider.token(name), annotations)
        broker = desk.broker(environ=user(cloud, "node"), route=cloud.route)
        tokens, stranger = cloud.tokens[azure.CLOUDS["io"]].issued, provider.token("three")
        yield Cluster(
            "myregistry.azurecr.io/app:1",
            broker,
            pods,
            stranger,
            lambda secret: tokens[secret][0],
            lambda: len(cloud.asked),
        )


@pytest.fixture(params=["aws", "google", "azure"])
def cluster(request: pytest.FixtureRequest) -> Cluster:
    found = request.getfixturevalue(f"on_{request.param}")
    assert isinstance(found, Cluster)
    return found


def test_each_pod_pulls_as_its_own_service_account(cluster: Cluster) -> None:
    assert [cluster.pulls_as(pod) for pod in cluster.pods.values()] == list(cluster.pods)
    assert cluster.pulls_as(None) == cluster.node


def test_a_pods_credential_is_remembered_for_that_pod_only(cluster: Cluster) -> None:
    first, second = cluster.pods
    cluster.pulls_as(cluster.pods[first])
    asked = cluster.asked()
    assert (cluster.pulls_as(cluster.pods[first]), cluster.asked()) == (first, asked)
    assert cluster.pulls_as(cluster.pods[second]) == second
    assert cluster.asked() > asked


def test_a_pod_that_names_anothers_identity_gets_nothing(cluster: Cluster) -> None:
    for pod in cluster.pods.values():
        cluster.pulls_as(pod)
    answer = cluster.answer(Pod(cluster.stranger, pod.annotations))
    assert (answer.stdout, answer.status) == (b"", 1)
    assert cluster.stranger not in answer.diagnostics


def test_annotations_without_a_token_name_nobody(cluster: Cluster) -> None:
    pod = next(iter(cluster.pods.values()))
    assert cluster.pulls_as(Pod("", pod.annotations)) == cluster.node
