"""The list of a repository's tags: page by page, from the same registry only, and not for ever."""

from __future__ import annotations

import pytest

from ocibroker.errors import IntegrityError, NotFound, OriginRefused
from ocibroker.oci import Reference, Repository
from ocibroker.testing import CannedResponse
from tests.oci.shop import Shop

PATH = "/v2/team/app/tags/list"


@pytest.fixture
def repository(shop: Shop) -> Repository:
    target = Reference.parse(f"{shop.registry.address}/team/app").target
    return Repository(shop.broker.access(target))


def page(shop: Shop, path: str, tags: list[str], following: str = "") -> None:
    link = {"Link": f'<{following}>; rel="next"'} if following else {}
    shop.registry.responses[path] = CannedResponse.of_json({"tags": tags}, headers=link)


def asked(shop: Shop) -> list[str]:
    return [one.path for one in shop.registry.requests if "/tags/" in one.path]


@pytest.mark.parametrize(
    "link", ["{path}/2", "list/2", "{origin}{path}/2", "{path}/2?last=b&n=2", "//registry.test:{port}{path}/2"]
)
def test_each_page_names_the_next(shop: Shop, repository: Repository, link: str) -> None:
    registry = shop.registry
    page(shop, PATH, ["a", "b"], link.format(path=PATH, origin=registry.url, port=registry.port))
    page(shop, f"{PATH}/2", ["c"], "3")
    page(shop, f"{PATH}/3", [], "/v2/team/app/tags/list/4")
    page(shop, f"{PATH}/4", ["d"])
    assert list(repository.tags()) == ["a", "b", "c", "d"]


def test_a_page_is_fetched_when_it_is_reached(shop: Shop, repository: Repository) -> None:
    page(shop, PATH, ["a", "b"], f"{PATH}/2")
    assert next(repository.tags()) == "a"
    assert asked(shop) == [PATH]


@pytest.mark.parametrize("body", [{"tags": None}, {"tags": []}, {}, {"name": "team/app"}])
def test_there_may_be_none(shop: Shop, repository: Repository, body: dict[str, object]) -> None:
    shop.registry.responses[PATH] = CannedResponse.of_json(body)
    assert list(repository.tags()) == []


@pytest.mark.acceptance(23)
@pytest.mark.parametrize(
    "elsewhere", ["https://elsewhere.test/v2/", "//elsewhere.test/", "https://registry.test/v2/"]
)
def test_a_page_on_another_origin_is_refused(shop: Shop, repository: Repository, elsewhere: str) -> None:
    page(shop, PATH, ["a"], elsewhere)
    with pytest.raises(OriginRefused):
        list(repository.tags())


@pytest.mark.parametrize("who", ["alice", "alice:pw"])
def test_a_page_at_a_url_with_a_user_name_is_refused(shop: Shop, repository: Repository, who: str) -> None:
    page(shop, PATH, ["a"], f"{shop.registry.url}{PATH}/2".replace("https://", f"https://{who}@"))
    with pytest.raises(IntegrityError, match="with a user name or a password"):
        list(repository.tags())
    assert asked(shop) == [PATH]


@pytest.mark.parametrize("back", ["list", "list?x=1", "list/2"])
def test_pages_that_go_round_in_a_circle_end(shop: Shop, repository: Repository, back: str) -> None:
    page(shop, PATH, ["a"], f"{PATH}/2")
    page(shop, f"{PATH}/2", ["b"], f"/v2/team/app/tags/{back}")
    with pytest.raises(IntegrityError, match="has no end"):
        list(repository.tags())
    assert len(asked(shop)) <= 4


def test_pages_without_end_end(shop: Shop, repository: Repository) -> None:
    for number in range(20):
        page(shop, f"{PATH}/{number}" if number else PATH, [str(number)], f"{PATH}/{number + 1}")
    with pytest.raises(IntegrityError, match="has no end"):
        list(repository.tags(pages=10))
    assert len(asked(shop)) == 10


def test_one_that_breaks_off_is_an_error_and_no_shorter_list(shop: Shop, repository: Repository) -> None:
    page(shop, PATH, ["a"], f"{PATH}/2")
    found = repository.tags()
    assert next(found) == "a"
    with pytest.raises(NotFound):
        next(found)
