"""Worlds in which the trouble is on this machine: its configuration, its files, its socket, its tools."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

from ocibroker.testing import Authority
from tests.doctor.case import ASKED, CHOSEN, HERE, REACHED, Case, World, world
from tests.doctor.house import APP, House, Visit
from tests.free_port import free_port
from tests.transport.raw_server import hanging_up, raw_unix, silent


def broken_configuration(more: str) -> World:
    """A configuration in which ``more`` is wrong; the registry itself is in order."""

    def made(house: House) -> Iterator[Visit]:
        with house.registry() as registry:
            house.desk.configure(house.rule(registry.address) + more.replace("ADDRESS", registry.address))
            yield Visit(f"{registry.address}/{APP}")

    return made


@world
def writable_configuration(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address)).chmod(0o622)
        yield Visit(f"{registry.address}/{APP}")


@world
def missing_configuration(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        yield Visit(f"{registry.address}/{APP}", {"OCIBROKER_CONFIG": "/does/not/exist.toml"})


@world
def readable_secret(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address))
        (house.folder / "password").chmod(0o644)
        yield Visit(f"{registry.address}/{APP}")


@world
def missing_secret(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address))
        (house.folder / "password").unlink()
        yield Visit(f"{registry.address}/{APP}")


@world
def folder_for_a_secret(house: House) -> Iterator[Visit]:
    """No mode hides a file from root, and this cannot be read by anybody."""
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address))
        (house.folder / "password").unlink()
        (house.folder / "password").mkdir()
        yield Visit(f"{registry.address}/{APP}")


@world
def missing_variable(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        options = 'options = { username = "alice", password = { env = "NOT_THERE" } }'
        house.desk.configure(f'[[registry]]\nmatch = "{registry.address}"\nprovider = "basic"\n{options}\n')
        yield Visit(f"{registry.address}/{APP}")


def authority_file(content: str) -> World:
    def made(house: House) -> Iterator[Visit]:
        with house.registry() as registry:
            path = house.write("ca.pem", content)
            entry = house.entry(registry.address, f'ca = ["{path}"]')
            house.desk.configure(house.rule(registry.address) + entry)
            yield Visit(f"{registry.address}/{APP}")

    return made


@world
def another_key(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        certificate, _ = Authority().issue("me@here").write(house.folder / "one")
        _, key = Authority().issue("me@here").write(house.folder / "two")
        entry = house.entry(registry.address, f'client_cert = "{certificate}"\nclient_key = "{key}"')
        house.desk.configure(house.rule(registry.address) + entry)
        yield Visit(f"{registry.address}/{APP}")


@world
def missing_key_password(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        pair = 'client_cert = "cert.pem"\nclient_key = "key.pem"\nclient_key_password = { file = "gone" }'
        house.desk.configure(house.rule(registry.address) + house.entry(registry.address, pair))
        yield Visit(f"{registry.address}/{APP}")


@world
def authority_behind_a_proxy(house: House) -> Iterator[Visit]:
    """Where a proxy is configured, nobody is dialled without it."""
    with house.registry() as registry:
        entry = house.entry(registry.address, f'ca = ["gone.pem"]\nproxy = "http://localhost:{free_port()}"')
        house.desk.configure(house.rule(registry.address) + entry)
        yield Visit(f"{registry.address}/{APP}")


@world
def missing_plugin(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address) + '[plugins]\nenable = ["nexus"]\n')
        yield Visit(f"{registry.address}/{APP}")


@world
def garbled_proxy(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}", {"HTTPS_PROXY": f"socks5://me:{house.password}@localhost:1"})


@world
def missing_roots(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        path = house.root.write(house.folder)
        entry = house.entry(registry.address, f'ca = ["{path}"]')
        house.desk.configure(house.rule(registry.address) + entry)
        yield Visit(f"{registry.address}/{APP}", {"SSL_CERT_FILE": "/does/not/exist.pem"})


def _beside(house: House, place: Path) -> Iterator[Visit]:
    with house.registry() as registry:
        house.desk.configure(house.rule(registry.address))
        yield Visit(f"{registry.address}/{APP}", {"OCIBROKER_SOCKET": str(place)})


@world
def no_socket(house: House) -> Iterator[Visit]:
    yield from _beside(house, house.desk.home / "s")


@world
def stale_socket(house: House) -> Iterator[Visit]:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(house.desk.home / "s"))
    yield from _beside(house, house.desk.home / "s")


@world
def file_for_a_socket(house: House) -> Iterator[Visit]:
    yield from _beside(house, house.desk.write("s", ""))


@world
def silent_sidecar(house: House) -> Iterator[Visit]:
    with raw_unix(silent, house.desk.home / "s"):
        yield from _beside(house, house.desk.home / "s")


@world
def closing_sidecar(house: House) -> Iterator[Visit]:
    with raw_unix(hanging_up, house.desk.home / "s"):
        yield from _beside(house, house.desk.home / "s")


def _programs(house: House, *names: str) -> str:
    folder = house.desk.home / "bin"
    folder.mkdir()
    for name in names:
        (folder / name).touch(mode=0o755)
    return str(folder)


@world
def drifted_tool(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        environ = {"PATH": _programs(house, "docker", "docker-credential-ocibroker")}
        house.desk.configure(house.rule(registry.address))
        assert house.desk.run("setup", "docker", "--apply", **environ).code == 0
        house.desk.configure(house.rule(registry.address) + house.rule("another.test"))
        yield Visit(f"{registry.address}/{APP}", environ)


@world
def missing_helper(house: House) -> Iterator[Visit]:
    with house.registry() as registry:
        environ = {"PATH": _programs(house, "docker", "docker-credential-ocibroker")}
        house.desk.configure(house.rule(registry.address))
        assert house.desk.run("setup", "docker", "--apply", **environ).code == 0
        (house.desk.home / "bin" / "docker-credential-ocibroker").unlink()
        yield Visit(f"{registry.address}/{APP}", environ)


WITHOUT = ("environment.proxies", "sidecar.socket", *ASKED)
"""What can be learnt without the configuration."""
UNREAD = (*HERE, *CHOSEN[:2], *ASKED)
UNTRUSTED = ("configuration.file", "plugins", "selection.provider", *REACHED)
WHOLE = (*HERE, *CHOSEN, *ASKED, "registry.token", "registry.access")
NO_SOCKET = tuple(step for step in WHOLE if step != "sidecar.socket")
CASES = {
    "a configuration that others may write": Case(
        writable_configuration, "configuration.file", "^chmod go-w ", WITHOUT, 2, "can be written by others"
    ),
    "a configuration that is not there": Case(
        missing_configuration, "configuration.file", "correct the path", WITHOUT, 2, "No such file"
    ),
    "an unknown key": Case(
        world(broken_configuration('[[tls]]\nmatch = "other.test"\ncaa = []\n')), "configuration.file",
        r"^did you mean ca\?", WITHOUT, 2, r"tls\[0\]\.caa: unknown key",
    ),
    "a configuration that is no TOML": Case(
        world(broken_configuration("[[tls")), "configuration.file", ".", WITHOUT, 2, "is not TOML"
    ),
    "two rules for the same": Case(
        world(broken_configuration('[[registry]]\nmatch = "ADDRESS"\nprovider = "anonymous"\n')),
        "configuration.file", "^remove one of them", WITHOUT, 2, "have the same match",
    ),
    "a provider that is unknown": Case(
        world(broken_configuration('[[registry]]\nmatch = "other.test"\nprovider = "nexus"\n')),
        "configuration.file", "see `ocibroker providers`", WITHOUT, 2, "nexus",
    ),
    "a plugin that is not installed": Case(
        missing_plugin, "configuration.named-files", "see `ocibroker providers`", (*CHOSEN, *ASKED), 4, "nexus"
    ),
    "a password that others may read": Case(readable_secret, "configuration.secrets", "^chmod go-r ", WHOLE, 0),
    "a password file that is not there": Case(
        missing_secret, "credential", "correct the path, the owner or the mode", UNREAD, 4, "No such file"
    ),
    "a password file that cannot be read": Case(
        folder_for_a_secret, "credential", "correct the path, the owner or the mode", UNREAD, 4, "cannot be read"
    ),
    "a variable that is not set": Case(missing_variable, "credential", "^set it", UNREAD, 4, "NOT_THERE"),
    "an authority's file that is empty": Case(
        world(authority_file("")), "configuration.named-files", "^fill it", UNTRUSTED, 2, "is empty"
    ),
    "an authority's file that is garbage": Case(
        world(authority_file("garbage")), "configuration.named-files", ".", UNTRUSTED, 2, "holds no PEM certificate"
    ),
    "a key whose password cannot be read": Case(
        missing_key_password, "configuration.named-files", "correct the path", UNTRUSTED[:3], 4, "No such file"
    ),
    "an authority's file that is not there, behind a proxy": Case(
        authority_behind_a_proxy, "configuration.named-files", "correct the path", UNTRUSTED[:3], 2, "No such file"
    ),
    "a key that does not fit": Case(
        another_key, "configuration.named-files", ".", UNTRUSTED, 2, "is not the key of"
    ),
    "a proxy in the environment that is none": Case(
        garbled_proxy, "environment.proxies", "^write http://", (*CHOSEN, *ASKED, "registry.access"), 2
    ),
    "system roots that are not there": Case(missing_roots, "environment.roots", "correct or unset", WHOLE, 0),
    "a socket that is not there": Case(no_socket, "sidecar.socket", "start `ocibroker serve`", NO_SOCKET, 0),
    "a stale socket": Case(stale_socket, "sidecar.socket", "or remove it", NO_SOCKET, 0, "nobody listens on any"),
    "a file in the place of a socket": Case(
        file_for_a_socket, "sidecar.socket", "move away what stands there", NO_SOCKET, 0, "is no socket"
    ),
    "a sidecar that says nothing": Case(silent_sidecar, "sidecar.socket", "allow more", NO_SOCKET, 5, "in time"),
    "a sidecar that closes": Case(
        closing_sidecar, "sidecar.socket", "look at the process", NO_SOCKET, 5, "closed the connection"
    ),
    "a tool that is not told what has changed": Case(
        drifted_tool, "tools.setup", "^ocibroker setup docker --apply", WHOLE, 0, "have changed since"
    ),
    "a helper that is not on the PATH": Case(
        missing_helper, "tools.helper", "PATH", (*WHOLE, "tools.setup"), 2, "docker-credential-ocibroker"
    ),
}  # fmt: skip
