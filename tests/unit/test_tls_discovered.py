"""What other tools keep for a host is read where no entry is for it; what weakens it is told and not obeyed."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ocibroker.errors import TLSConfigurationError
from ocibroker.origin import Origin
from ocibroker.pattern import Pattern
from ocibroker.scratch import Scratch
from ocibroker.testing import Authority
from ocibroker.tls import Places, TLSEntry, TLSPolicies, TLSPolicy
from tests.unit.handshake import trusts

HOST = "a.example"
NOBODY = 65534
ORIGIN = Origin.parse(f"https://{HOST}")
FIVE = Origin.parse(f"https://{HOST}:5000")

LABEL = st.from_regex(r"[a-z0-9_]{1,6}", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=3).map(".".join)
ADDRESS = st.ip_addresses(v=6).map(lambda address: f"[{address.compressed}]")
ORIGINS = st.builds(Origin, st.just("https"), NAME | ADDRESS, st.sampled_from([443, 80, 5000]))


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be nobody for a block: root may enter every folder."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


class Machine:
    """A user's home and the system's folder; nothing of this machine's own is read."""

    def __init__(self, folder: Path) -> None:
        self.home, self.system = folder / "home", folder / "etc"
        self.environ = {"HOME": str(self.home), "SSL_CERT_FILE": str(Authority().write(folder / "roots"))}
        self.now = 0.0

    @property
    def containers(self) -> Path:
        return self.home / ".config" / "containers" / "certs.d"

    @property
    def containerd(self) -> Path:
        return self.system / "containerd" / "certs.d"

    def hosts(self, text: str, name: str = HOST) -> Path:
        """Write containerd's settings of a host, and return the file."""
        return self.write(self.containerd / name / "hosts.toml", text)

    def write(self, path: Path, text: str = "") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def policies(self, *entries: TLSEntry) -> TLSPolicies:
        places = Places.from_environ(self.environ, system=self.system)
        return TLSPolicies(
            entries, environ=self.environ, monotonic=lambda: self.now, scratch=Scratch(), places=places
        )

    def policy(self, origin: Origin = ORIGIN) -> TLSPolicy:
        return self.policies().policy(origin)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


class TestPlaces:
    def test_the_users_come_before_the_systems_and_containerds_last(self) -> None:
        places = Places.from_environ({"HOME": "/home/me", "XDG_CONFIG_HOME": "/xdg"}, system=Path("/etc"))
        assert [str(place.folder) for place in places.of(FIVE)] == [
            "/home/me/.config/containers/certs.d/a.example:5000",
            "/xdg/containers/certs.d/a.example:5000",
            "/xdg/docker/certs.d/a.example:5000",
            "/home/me/.docker/certs.d/a.example:5000",
            "/etc/containers/certs.d/a.example:5000",
            "/etc/docker/certs.d/a.example:5000",
            "/etc/containerd/certs.d/a.example_5000_",
            "/etc/containerd/certs.d/a.example:5000",
        ]

    @pytest.mark.parametrize(
        ("environ", "users"),
        [
            ({}, []),
            ({"HOME": ""}, []),
            ({"HOME": "relative"}, []),
            ({"HOME": "/h"}, ["/h/.config/containers/certs.d", "/h/.config/docker/certs.d", "/h/.docker/certs.d"]),
            ({"XDG_CONFIG_HOME": "/x"}, ["/x/containers/certs.d", "/x/docker/certs.d"]),
            (
                {"HOME": "/h", "XDG_CONFIG_HOME": "/h/.config"},
                ["/h/.config/containers/certs.d", "/h/.config/docker/certs.d", "/h/.docker/certs.d"],
            ),
        ],
    )
    def test_the_users_are_those_of_the_environment_that_was_passed_in(
        self, environ: dict[str, str], users: list[str]
    ) -> None:
        found = Places.from_environ(environ, system=Path("/etc")).certs_d
        assert list(map(str, found)) == [*users, "/etc/containers/certs.d", "/etc/docker/certs.d"]

    @pytest.mark.parametrize(
        ("url", "docker", "containerd"),
        [
            ("https://a.example", ["a.example", "a.example:443"], ["a.example", "a.example_443_", "a.example:443"]),
            ("https://A.Example.:443", ["a.example", "a.example:443"], None),
            ("https://a.example:80", ["a.example:80"], ["a.example_80_", "a.example:80"]),
            ("https://[2001:DB8::0:1]", ["[2001:db8::1]", "[2001:db8::1]:443"], None),
            ("https://[::1]:5000", ["[::1]:5000"], ["[::1]_5000_", "[::1]:5000"]),
            (
                "https://registry-1.docker.io",
                ["docker.io", "docker.io:443", "registry-1.docker.io", "registry-1.docker.io:443"],
                None,
            ),
            ("https://registry-1.docker.io:5000", ["registry-1.docker.io:5000"], None),
            ("https://auth.docker.io", ["auth.docker.io", "auth.docker.io:443"], None),
            ("https://a_5000_", ["a_5000_", "a_5000_:443"], ["a_5000__443_", "a_5000_:443"]),
            ("https://_default", ["_default", "_default:443"], ["_default_443_", "_default:443"]),
            ("http://a.example", [], []),
        ],
    )
    def test_a_folder_bears_the_whole_name_and_port(
        self, url: str, docker: list[str], containerd: list[str] | None
    ) -> None:
        origin = Origin.parse(url)
        assert [place.folder.name for place in Places((Path("/d"),)).of(origin)] == docker
        if containerd is not None:
            assert [place.folder.name for place in Places((), (Path("/c"),)).of(origin)] == containerd

    @given(ORIGINS, ORIGINS)
    @example(Origin("https", "a", 5000), Origin("https", "a_5000_", 443))
    @example(Origin("https", "a_80", 443), Origin("https", "a_80_", 443))
    def test_no_folder_is_of_two_hosts(self, one: Origin, other: Origin) -> None:
        assume(one != other)
        places = Places((Path("/d"),), (Path("/c"),))
        folders = [{place.folder for place in places.of(origin)} for origin in (one, other)]
        assert not folders[0] & folders[1]

    @given(ORIGINS)
    def test_every_folder_is_right_below_its_root(self, origin: Origin) -> None:
        places = Places((Path("/d"),), (Path("/c"),))
        assert {str(place.folder.parent) for place in places.of(origin)} == {"/d", "/c"}
        assert not {Path("/c/_default")} & {place.folder for place in places.of(origin)}


class TestCertsD:
    def test_its_authorities_and_its_client_certificate_are_named_with_their_place(self, machine: Machine) -> None:
        folder = machine.containers / HOST
        for name in ("b.crt", "a.crt", "me.cert", "me.key", "README", "old.crt.bak", "ca.pem"):
            machine.write(folder / name)
        policy = machine.policy()
        assert policy.ca == (folder / "a.crt", folder / "b.crt")
        assert (policy.client_cert, policy.client_key) == (folder / "me.cert", folder / "me.key")
        assert policy.sources == dict.fromkeys(("ca", "client_cert", "client_key", "discovered"), str(folder))

    def test_its_authority_is_trusted_beside_the_systems_roots(
        self, machine: Machine, authority: Authority
    ) -> None:
        machine.write(machine.containers / HOST / "ca.crt", authority.pem)
        machine.environ["SSL_CERT_FILE"] = str(Authority().write(machine.home))
        policies = machine.policies()
        theirs = [policies.for_origin(origin).context() for origin in (ORIGIN, FIVE)]
        assert [trusts(one, authority.server_context(HOST), HOST) for one in theirs] == [True, False]
        assert policies.for_origin(ORIGIN).policy.roots.source == "SSL_CERT_FILE"

    @pytest.mark.parametrize(
        ("files", "culprit", "why"),
        [
            (["me.cert"], "me.cert", r"is a client certificate without key; needed for a\.example"),
            (["me.key"], "me.key", "is a key without certificate"),
            (["me.cert", "other.key"], "other.key", "is a key without certificate"),
            (["a.cert", "a.key", "b.cert", "b.key"], "", r"names 2 client certificates; .*\[\[tls\]\]"),
            (["ca.crt"], "ca.crt", "is empty; needed for a.example"),
        ],
    )
    def test_what_is_broken_is_an_error_that_names_file_host_and_reason(
        self, machine: Machine, files: list[str], culprit: str, why: str
    ) -> None:
        folder = machine.containers / HOST
        for name in files:
            machine.write(folder / name)
        with pytest.raises(TLSConfigurationError, match=why) as caught:
            machine.policies().for_origin(ORIGIN)
        assert caught.value.culprit == str(folder / culprit)

    def test_a_place_that_is_no_folder_is_an_error(self, machine: Machine) -> None:
        machine.write(machine.containers / HOST)
        with pytest.raises(TLSConfigurationError, match="Not a directory"):
            machine.policy()

    def test_a_link_that_leads_nowhere_is_an_error(self, machine: Machine) -> None:
        (machine.containers / HOST).mkdir(parents=True)
        (machine.containers / HOST / "ca.crt").symlink_to("gone")
        with pytest.raises(TLSConfigurationError, match=r"ca\.crt: cannot be read: No such file"):
            machine.policies().for_origin(ORIGIN)


class TestOrder:
    def test_the_first_place_that_exists_wins_whole_and_the_others_are_noted(self, machine: Machine) -> None:
        first, second = machine.containers / HOST, machine.system / "docker" / "certs.d" / HOST
        machine.write(first / "me.cert")
        machine.write(first / "me.key")
        machine.write(second / "ca.crt")
        policy = machine.policy()
        assert (policy.ca, policy.client_cert) == ((), first / "me.cert")
        assert policy.notes == (f"{second}: shadowed by {first}",)

    def test_an_empty_one_wins_too(self, machine: Machine) -> None:
        first = machine.containers / HOST
        first.mkdir(parents=True)
        machine.write(machine.system / "docker" / "certs.d" / HOST / "ca.crt")
        assert (machine.policy().ca, machine.policy().sources) == ((), {"discovered": str(first)})

    def test_an_entry_shadows_all_of_them(self, machine: Machine) -> None:
        first = machine.containers / HOST
        machine.write(first / "ca.crt", "garbage")
        entry = TLSEntry(Pattern.parse(HOST), TLSPolicy(host=HOST), "config.toml, tls[0]")
        policy = machine.policies(entry).for_origin(ORIGIN).policy
        assert (policy.ca, policy.notes) == ((), (f"{first}: shadowed by config.toml, tls[0]",))

    def test_without_any_the_system_s_roots_are_all(self, machine: Machine) -> None:
        policy = machine.policy()
        assert (policy.ca, policy.client_cert, policy.sources, policy.notes) == ((), None, {}, ())

    def test_a_name_that_is_too_long_for_a_folder_has_none(self, machine: Machine) -> None:
        name = ".".join(["a" * 63] * 3 + ["b" * 61])
        assert machine.policy(Origin.parse(f"https://{name}:65535")).notes == ()

    def test_a_closed_parent_is_passed_over_and_noted(self) -> None:
        # Not in pytest's own folder, which nobody but its owner may enter.
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            machine = Machine(Path(folder))
            closed = machine.system / "docker" / "certs.d"
            machine.write(closed / HOST / "ca.crt")
            closed.chmod(0)
            with unprivileged():
                notes = machine.policy().notes
            closed.chmod(0o700)
        assert notes == tuple(
            f"{closed / name}: passed over, its parent may not be entered" for name in (HOST, f"{HOST}:443")
        )


class TestHostsToml:
    @pytest.mark.parametrize(
        ("text", "ca"),
        [
            ('ca = "ca.crt"', ["ca.crt"]),
            ('ca = ["a.crt", "/b.crt"]', ["a.crt", "/b.crt"]),
            ('server = "https://a.example"\nca = "ca.crt"', ["ca.crt"]),
            ('server = "A.Example:443"\nca = "ca.crt"', ["ca.crt"]),
            ('server = "https://a.example/v2"\nca = "ca.crt"', ["ca.crt"]),
            ('server = "https://a.example:5000"\nca = "ca.crt"', []),
            ('server = "https://a.example.evil.example"\nca = "ca.crt"', []),
            ('server = "http://a.example"\nca = "ca.crt"', []),
            ('[host."https://a.example"]\nca = "ca.crt"', ["ca.crt"]),
            ('[host."https://mirror.example"]\nca = "ca.crt"', []),
            ('[host."https://a.example@mirror.example"]\nca = "ca.crt"', []),
            ('ca = "top.crt"\n[host."https://a.example"]\nca = "own.crt"', ["own.crt"]),
            ('ca = "top.crt"\n[host."https://a.example"]\ncapabilities = ["pull"]', ["top.crt"]),
            ('ca = "top.crt"\n[host."https://a.example"]\nclient = "me.pem"', []),
            ('ca = "top.crt"\n[host."https://mirror.example"]\nca = "ca.crt"', ["top.crt"]),
        ],
    )
    def test_only_what_is_about_the_registry_itself_is_trusted(
        self, machine: Machine, text: str, ca: list[str]
    ) -> None:
        file = machine.hosts(text)
        assert machine.policy().ca == tuple(file.parent / name for name in ca)

    @pytest.mark.parametrize(
        ("client", "pair"),
        [
            ('"me.pem"', ("me.pem", "me.pem")),
            ('["me.pem"]', ("me.pem", "me.pem")),
            ('[["me.cert", "/me.key"]]', ("me.cert", "/me.key")),
            ('[["me.pem", ""]]', ("me.pem", "me.pem")),
        ],
    )
    def test_a_client_certificate_has_three_spellings(
        self, machine: Machine, client: str, pair: tuple[str, str]
    ) -> None:
        file = machine.hosts(f"client = {client}")
        policy = machine.policy()
        assert (policy.client_cert, policy.client_key) == tuple(file.parent / name for name in pair)
        assert policy.sources["client_cert"] == str(file)

    @pytest.mark.parametrize(
        ("text", "note"),
        [
            ("skip_verify = true", "skip_verify = true"),
            ('[host."https://a.example"]\nskip_verify = true', "skip_verify = true"),
            ("override_path = true", "override_path = true"),
            ('[host."https://mirror.example/v2"]\nskip_verify = true', "mirror https://mirror.example"),
            ('[host."http://10.0.0.1:5000"]', "mirror http://10.0.0.1:5000"),
            ('server = "https://mirror.example"', "mirror https://mirror.example"),
            ('server = "http://a.example"', "mirror http://a.example"),
            ('[host."https://alice:wonder@mirror.example"]', "mirror '…@mirror.example'"),
            ('proxy = "http://alice:wonder@proxy.example"', "proxy"),
            ('[header]\nAuthorization = "Bearer wonder"', "header"),
        ],
    )
    def test_what_would_weaken_or_redirect_is_told_and_not_obeyed(
        self, machine: Machine, text: str, note: str
    ) -> None:
        file = machine.hosts(text)
        policy = machine.policies().for_origin(ORIGIN).policy
        assert policy.notes == (f"{note} ({file}): not obeyed",)
        assert (policy.insecure, policy.plain_http, policy.proxy) == (False, False, None)

    def test_plain_http_is_not_obeyed_while_the_authority_is_of_use(self, machine: Machine) -> None:
        file = machine.hosts('server = "http://a.example:5000"\nca = "ca.crt"', name="a.example_5000_")
        policy = machine.policy(FIVE)
        assert (policy.ca, policy.plain_http) == ((file.parent / "ca.crt",), False)
        assert policy.notes == (f"plain HTTP to http://a.example:5000 ({file}): not obeyed",)

    @pytest.mark.parametrize("server", ["https://registry-1.docker.io", "https://docker.io"])
    def test_docker_hub_is_itself_by_each_of_its_names(self, machine: Machine, server: str) -> None:
        file = machine.hosts(f'server = "{server}"\nca = "ca.crt"', name="docker.io")
        policy = machine.policy(Origin.parse("https://registry-1.docker.io"))
        assert (policy.ca, policy.notes) == ((file.parent / "ca.crt",), ())

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("ca =", "cannot be read: it is not TOML at "),
            (2 * '[host."https://alice:wonder@a.example"]\n', "it is not TOML at line 2, column "),
            ('skip_verify = "yes"', r"Expected `bool`, got `str` - at `\$\.skip_verify`"),
            ("ca = 1", r"Expected `str \| array.*`, got `int`"),
            ('client = [["a", "b", "wonder"]]', "length 2"),
            ('client = ["a", "b"]', "names 2 client certificates"),
        ],
    )
    def test_a_broken_one_is_an_error_that_names_it_and_the_host(
        self, machine: Machine, text: str, why: str
    ) -> None:
        file = machine.hosts(text)
        with pytest.raises(TLSConfigurationError, match=rf"{why}.*; needed for a\.example") as caught:
            machine.policy()
        assert caught.value.culprit == str(file)
        assert "wonder" not in str(caught.value)

    @pytest.mark.parametrize("damage", [lambda file: file.write_bytes(b"\xff"), lambda file: file.mkdir()])
    def test_so_is_one_that_is_no_text(self, machine: Machine, damage: Callable[[Path], object]) -> None:
        file = machine.hosts("")
        file.unlink()
        damage(file)
        with pytest.raises(TLSConfigurationError, match=r"hosts\.toml: cannot be read"):
            machine.policy()

    @pytest.mark.parametrize("empty", [True, False], ids=["empty", "none"])
    def test_without_one_the_folder_is_read_like_dockers(self, machine: Machine, *, empty: bool) -> None:
        folder = machine.containerd / HOST
        machine.write(folder / "ca.crt")
        machine.write(folder / "me.cert")
        if empty:
            machine.hosts("")
        policy = machine.policy()
        assert (policy.ca, policy.client_cert, policy.client_key) == (
            (folder / "ca.crt",),
            folder / "me.cert",
            folder / "me.cert",
        )

    def test_what_is_meant_for_any_host_is_noted_and_not_obeyed(self, machine: Machine) -> None:
        file = machine.hosts('ca = "ca.crt"', name="_default")
        policy = machine.policy()
        assert (policy.ca, policy.notes) == ((), (f"{file.parent}: for any host, not obeyed",))


class TestChanges:
    def put(self, machine: Machine, place: Path, authority: Authority) -> None:
        machine.write(place / "fresh.tmp", authority.pem).replace(place / "ca.crt")

    @pytest.mark.parametrize(
        "folder",
        [
            "home/.config/containers/certs.d/a.example",
            "etc/containers/certs.d/a.example:443",
            "etc/docker/certs.d/a.example",
            "home/.config/docker/certs.d/a.example",
            "etc/containerd/certs.d/a.example_443_",
        ],
    )
    @pytest.mark.parametrize("after", [0.999, 1.0], ids=["before", "then"])
    def test_one_that_is_added_is_trusted_a_second_later(
        self, machine: Machine, tmp_path: Path, authority: Authority, folder: str, after: float
    ) -> None:
        policies = machine.policies()
        policies.for_origin(ORIGIN)
        self.put(machine, tmp_path / folder, authority)
        machine.now = after
        context = policies.for_origin(ORIGIN).context()
        assert trusts(context, authority.server_context(HOST), HOST) is (after >= 1)

    @pytest.mark.acceptance(18)
    def test_one_that_is_replaced_is_in_force_a_second_later(self, machine: Machine, authority: Authority) -> None:
        old = Authority()
        self.put(machine, machine.containers / HOST, old)
        policies = machine.policies()
        policies.for_origin(ORIGIN)
        self.put(machine, machine.containers / HOST, authority)
        machine.now = 1.0
        context = policies.for_origin(ORIGIN).context()
        assert [trusts(context, one.server_context(HOST), HOST) for one in (old, authority)] == [False, True]

    def test_one_that_is_removed_is_trusted_no_longer(self, machine: Machine, authority: Authority) -> None:
        self.put(machine, machine.containers / HOST, authority)
        policies = machine.policies()
        policies.for_origin(ORIGIN)
        (machine.containers / HOST / "ca.crt").unlink()
        machine.now = 1.0
        assert not trusts(policies.for_origin(ORIGIN).context(), authority.server_context(HOST), HOST)

    def test_a_second_one_beside_it_is_trusted_too(self, machine: Machine, authority: Authority) -> None:
        self.put(machine, machine.containers / HOST, Authority())
        policies = machine.policies()
        policies.for_origin(ORIGIN)
        machine.write(machine.containers / HOST / "second.crt", authority.pem)
        machine.now = 1.0
        assert trusts(policies.for_origin(ORIGIN).context(), authority.server_context(HOST), HOST)

    def test_a_changed_hosts_toml_is_in_force_a_second_later(self, machine: Machine, authority: Authority) -> None:
        machine.hosts("skip_verify = true")
        policies = machine.policies()
        assert policies.for_origin(ORIGIN).context().verify_mode == ssl.CERT_REQUIRED
        machine.hosts(f'ca = "{authority.write(machine.home)}"')
        machine.now = 1.0
        assert trusts(policies.for_origin(ORIGIN).context(), authority.server_context(HOST), HOST)

    def test_a_place_that_breaks_is_an_error_and_never_a_silent_fallback(
        self, machine: Machine, authority: Authority
    ) -> None:
        self.put(machine, machine.containers / HOST, authority)
        policies = machine.policies()
        policies.for_origin(ORIGIN)
        machine.write(machine.containers / HOST / "me.key")
        machine.now = 1.0
        with pytest.raises(TLSConfigurationError, match="without certificate"):
            policies.for_origin(ORIGIN)

    def test_while_nothing_changes_nothing_is_read_again(self, machine: Machine, authority: Authority) -> None:
        self.put(machine, machine.containers / HOST, authority)
        policies = machine.policies()
        first = policies.for_origin(ORIGIN)
        machine.now = 10.0
        assert policies.for_origin(ORIGIN) is first
