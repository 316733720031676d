"""Where logins are sought, and in which order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from ocibroker.login_places import LoginPlace, login_places
from ocibroker.target import Target

HOME = {"HOME": "/h"}
RUNTIME = {"XDG_RUNTIME_DIR": "/r"}
OURS = "/h/.config/ocibroker/auth.json"
OWN_RUNTIME = f"/run/containers/{os.getuid() if hasattr(os, 'getuid') else ''}/auth.json"
DEFAULTS = [
    "/r/containers/auth.json",
    "/h/.config/containers/auth.json",
    "/h/.docker/config.json",
    "/h/.dockercfg",
    "/h/.config/helm/registry/config.json",
]
NAMED = {
    "DOCKER_AUTH_CONFIG": '{"auths": {}}',
    "REGISTRY_AUTH_FILE": "/n/auth.json",
    "DOCKER_CONFIG": "/n/docker",
    "HELM_REGISTRY_CONFIG": "/n/helm.json",
}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="paths are spelt otherwise")


def found(environ: Mapping[str, str], platform: str = "linux") -> list[str]:
    return [str(place) for place in login_places(environ, platform=platform)]


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({**HOME, **RUNTIME}, "linux", [OURS, *DEFAULTS]),
        (HOME, "linux", [OURS, OWN_RUNTIME, *DEFAULTS[1:]]),
        (
            {**HOME, **RUNTIME, "XDG_CONFIG_HOME": "/x"},
            "linux",
            [
                "/x/ocibroker/auth.json",
                DEFAULTS[0],
                "/x/containers/auth.json",
                *DEFAULTS[2:4],
                "/x/helm/registry/config.json",
            ],
        ),
        (
            HOME,
            "darwin",
            [OURS, *DEFAULTS[1:4], "/h/Library/Preferences/helm/registry/config.json"],
        ),
        (
            {"USERPROFILE": "/h", "APPDATA": "/a"},
            "win32",
            [OURS, *DEFAULTS[1:4], "/a/helm/registry/config.json"],
        ),
        ({**HOME, **RUNTIME, "HELM_CONFIG_HOME": "/c"}, "linux", [OURS, *DEFAULTS[:4], "/c/registry/config.json"]),
        (
            {**HOME, **RUNTIME, "DOCKER_CONFIG": "/n/docker"},
            "linux",
            [OURS, "/n/docker/config.json", *DEFAULTS[:2], *DEFAULTS[3:]],
        ),
        (
            {**HOME, **RUNTIME, "HELM_REGISTRY_CONFIG": "/n/helm.json"},
            "linux",
            [OURS, "/n/helm.json", *DEFAULTS[:4]],
        ),
        ({**HOME, **RUNTIME, "REGISTRY_AUTH_FILE": "/n/auth.json"}, "linux", [OURS, "/n/auth.json"]),
        (
            {**HOME, **RUNTIME, **NAMED},
            "linux",
            [OURS, "DOCKER_AUTH_CONFIG", "/n/auth.json", "/n/docker/config.json", "/n/helm.json"],
        ),
        ({**HOME, **RUNTIME, **dict.fromkeys(NAMED, "")}, "linux", [OURS, *DEFAULTS]),
        (
            {**HOME, "REGISTRY_AUTH_FILE": "/n/docker/config.json", "DOCKER_CONFIG": "/n/docker"},
            "linux",
            [OURS, "/n/docker/config.json"],
        ),
        (RUNTIME, "linux", [DEFAULTS[0]]),
        ({}, "linux", [OWN_RUNTIME]),
        ({}, "darwin", []),
        ({}, "win32", []),
    ],
    ids=[
        "linux",
        "linux-without-runtime-folder",
        "settings-elsewhere",
        "macos",
        "windows",
        "helm-elsewhere",
        "docker-named",
        "helm-named",
        "podman-named-is-exclusive",
        "all-named",
        "empty-variables",
        "one-file-by-two-names",
        "no-home",
        "nothing",
        "macos-without-home",
        "windows-without-home",
    ],
)
def test_places_in_their_order(environ: dict[str, str], platform: str, expected: list[str]) -> None:
    assert found(environ, platform) == expected


def test_a_relative_path_starts_at_the_working_directory() -> None:
    assert found({**HOME, "REGISTRY_AUTH_FILE": "auth.json"})[1] == str(Path.cwd() / "auth.json")


def test_only_dockers_oldest_file_is_of_its_oldest_form() -> None:
    assert [str(place) for place in login_places(HOME, platform="linux") if place.legacy] == ["/h/.dockercfg"]


def test_each_place_is_read_by_its_form(tmp_path: Path) -> None:
    login = '{"registry.example.com": {"auth": "YWxpY2U6d29uZGVy"}}'
    (tmp_path / "old").write_text(login)
    (tmp_path / "new").write_text(f'{{"auths": {login}}}')
    environ = {"DOCKER_AUTH_CONFIG": f'{{"auths": {login}}}'}
    places = (LoginPlace(tmp_path / "old", legacy=True), LoginPlace(tmp_path / "new"), LoginPlace(None))
    target = Target.parse("registry.example.com")
    assert all(place.exists() and place.read(environ).login(target) for place in places)
    assert not LoginPlace(tmp_path / "nowhere").exists()
