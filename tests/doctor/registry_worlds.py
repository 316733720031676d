"""Worlds in which the registry is reached, and something that it says or refuses is the trouble."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from ocibroker.testing import Authority, CannedResponse
from tests.doctor.case import ASKED, CHOSEN, HERE, REACHED, SHAKEN, Case, World, world
from tests.doctor.house import APP, House, Visit
from tests.transport.answering_server import always, answering, by_path
from tests.transport.raw_server import raw, saying

TAGS = f"/v2/{APP}/tags/list"


@world
def wrong_password(house: House) -> Iterator[Visit]:
    with house.registry(users={"alice": "another"}, auth="basic") as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


@world
def wrong_password_for_a_token(house: House) -> Iterator[Visit]:
    with house.registry(users={"alice": "another"}) as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


@world
def expired_login(house: House) -> Iterator[Visit]:
    """Docker has a refresh token that the registry has forgotten."""
    with house.registry() as registry:
        login = {"auths": {registry.address: {"identitytoken": house.password}}}
        (house.desk.home / ".docker").mkdir()
        house.desk.write(".docker/config.json", json.dumps(login))
        yield Visit(f"{registry.address}/{APP}")


@world
def no_login(house: House) -> Iterator[Visit]:
    with house.registry(auth="basic") as registry:
        yield Visit(f"{registry.address}/{APP}")


@world
def foreign_realm(house: House) -> Iterator[Visit]:
    with house.registry(realm="https://auth.test/token") as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


@world
def untrusted_token_endpoint(house: House) -> Iterator[Visit]:
    with answering(always(CannedResponse(200)), Authority().server_context("localhost")) as endpoint:
        place = f"localhost:{endpoint.port}"
        with house.registry(realm=f"https://{place}/token") as registry:
            house.desk.configure(house.rule(registry.address, more=f'realms = ["{place}"]'))
            yield Visit(f"{registry.address}/{APP}")
            assert endpoint.requests == []


@world
def no_scope(house: House) -> Iterator[Visit]:
    """The token endpoint accepts the password, and grants nothing."""
    with house.registry() as granting:
        realm = f'Bearer realm="https://{granting.address}/token",service="granting"'
        refused = CannedResponse(401, {"WWW-Authenticate": f'{realm},error="insufficient_scope"'})
        with answering(always(refused), house.root.server_context("localhost")) as registry:
            address = f"localhost:{registry.port}"
            house.desk.configure(house.rule(address, more=f'realms = ["{granting.address}"]'))
            yield Visit(f"{address}/{APP}")


@world
def forbidden(house: House) -> Iterator[Visit]:
    with house.registry(auth="basic", responses={TAGS: CannedResponse(403)}) as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}")


@world
def no_repository(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/team/other")


@world
def no_manifest(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}:9.9.9")


def greeting(response: CannedResponse) -> World:
    """A registry that answers everybody so."""

    def made(house: House) -> Iterator[Visit]:
        with house.registry(responses={"/v2/": response}) as registry:
            house.desk.configure(house.rule(registry.address))
            yield Visit(f"{registry.address}/{APP}")

    return made


@world
def no_registry(house: House) -> Iterator[Visit]:
    with answering(by_path({}), house.root.server_context("localhost")) as server:
        house.desk.configure(house.rule(f"localhost:{server.port}"))
        yield Visit(f"localhost:{server.port}/{APP}")


def _late(house: House, by: timedelta) -> Iterator[Visit]:
    date = format_datetime(datetime.now(UTC) - by, usegmt=True)
    answer = f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with raw(saying(answer.encode()), house.root.server_context("localhost")) as server:
        house.desk.configure(house.rule(f"localhost:{server.port}"))
        yield Visit(f"localhost:{server.port}/{APP}")


@world
def skewed_clock(house: House) -> Iterator[Visit]:
    yield from _late(house, timedelta(hours=1))


@world
def clock_a_little_off(house: House) -> Iterator[Visit]:
    yield from _late(house, timedelta(minutes=-2))


BEFORE = (*HERE, *CHOSEN, *SHAKEN)
ANSWERED = (*BEFORE, "registry.answer", "registry.challenge")
ASKED_ALL = (*HERE, *CHOSEN, *ASKED)
CASES = {
    "a wrong password": Case(
        wrong_password, "registry.access", f"let this user pull from {APP}, or check the user and the password",
        ASKED_ALL, 4, "refused the credential of provider basic",
    ),
    "a wrong password for a token": Case(
        wrong_password_for_a_token, "registry.token", "^check the user, the password", ASKED_ALL, 4
    ),
    "a login that has expired": Case(
        expired_login, "registry.token", "^check the user, the password", ASKED_ALL, 4,
        "refused the credential of provider docker-config",
    ),
    "no login": Case(no_login, "registry.access", r"^add a \[\[registry\]\] rule", ASKED_ALL, 4, "asks for a cred"),
    "a token endpoint elsewhere": Case(
        foreign_realm, "registry.realm", r'^add realms = \["auth\.test"\]', ASKED_ALL, 5, "not trusted"
    ),
    "a token endpoint elsewhere with an unknown authority": Case(
        untrusted_token_endpoint, "tls.handshake", "add the certificate of OU=Testing CA #",
        (*HERE, *CHOSEN, *REACHED, "registry.answer", "registry.challenge", "registry.realm"), 5,
    ),
    "a token without scope": Case(
        no_scope, "registry.access", f"^let this user pull from {APP}", (*ASKED_ALL, "registry.token"), 4
    ),
    "a repository that one may not see": Case(
        forbidden, "registry.access", f"let this user pull from {APP}", ASKED_ALL, 4, "answered 403"
    ),
    "a repository that is not there": Case(
        no_repository, "registry.access", "^check its name", (*ASKED_ALL, "registry.token"), 4, "no repository"
    ),
    "a manifest that is not there": Case(
        no_manifest, "registry.manifest", "^check its name", (*ASKED_ALL, "registry.access"), 4, "no 9.9.9"
    ),
    "a registry that is down": Case(
        world(greeting(CannedResponse(503))), "registry.answer", "^try again later", (*BEFORE, "clock.skew"), 5
    ),
    "a registry that is closed to this machine": Case(
        world(greeting(CannedResponse(403))), "registry.answer", "^see who may connect", (*BEFORE, "clock.skew"), 4
    ),
    "a challenge that is garbled": Case(
        world(greeting(CannedResponse(401, {"WWW-Authenticate": 'Bearer realm="x",realm="y"'}))),
        "registry.challenge", "WWW-Authenticate", (*BEFORE, "registry.answer"), 6, "twice",
    ),
    "a challenge that no registry has": Case(
        world(greeting(CannedResponse(401, {"WWW-Authenticate": "Negotiate"}))),
        "registry.challenge", "ask by Basic or Bearer", (*BEFORE, "registry.answer"), 4,
    ),
    "a host that is no registry": Case(no_registry, "registry.answer", "correct the host", BEFORE, 0, "no OCI"),
    "a clock that is an hour off": Case(skewed_clock, "clock.skew", "NTP", ANSWERED, 5, "one of the two clocks"),
    "a clock that is two minutes off": Case(clock_a_little_off, "clock.skew", "NTP", ANSWERED, 0),
}  # fmt: skip
