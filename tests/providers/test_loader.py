"""Third-party plugins, as real installed distributions: who is imported, who is refused, and who goes on."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from ocibroker.providers import BUILT_IN, UNASKED, load
from tests.providers.site import Site, provider

CLAIMING = sorted(UNASKED)
RULE = '[[registry]]\nmatch = "registry.acme.example"\nprovider = "{}"\n'
ENABLED = '[plugins]\nenable = ["acme"]\n'
NEIGHBOUR = '[[registry]]\nmatch = "neighbour.example.com"\nprovider = "anonymous"\n'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def config(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_what_is_built_in_and_not_loaded_unasked_claims_nothing() -> None:
    claims = {name: one.claim.__annotations__["return"] != "None" for name, one in load().known.items()}
    assert {name for name, claiming in claims.items() if claiming} == UNASKED


def test_nobody_can_take_the_name_of_what_is_built_in_and_not_loaded(site: Site) -> None:
    site.install("acme-broker", provider("quay"), plugin="acme")
    with pytest.raises(AssertionError, match="provider quay: two plugins offer it"):
        site.load("acme")


class TestTheAllowList:
    def test_what_is_installed_and_not_named_is_listed_and_never_imported(self, site: Site, tmp_path: Path) -> None:
        touched = site.install("acme-broker", provider("acme"), plugin="acme")
        assert site.load()["loaded"] == CLAIMING
        listed = site.run(
            "import json; from dataclasses import asdict; from ocibroker.providers import installed;"
            "print(json.dumps([asdict(one) for one in installed()]))"
        )
        (one,) = listed
        assert one.pop("record") == ""  # what lists the installed files is not there
        assert one == {"name": "acme", "module": "acme_broker", "distribution": "acme-broker", "version": "1.2"}
        answers = site.ask(config(tmp_path, NEIGHBOUR), "registry.acme.example", "neighbour.example.com")
        assert "no rule matches registry.acme.example" in answers[0]
        assert not touched.exists()

    @pytest.mark.parametrize(
        "text",
        [
            RULE.format("acme"),
            '[plugins]\nenable = ["acme"]\n',
            RULE.format("acme") + ENABLED,
        ],
        ids=["by-a-rule", "by-enable", "by-both"],
    )
    def test_what_the_configuration_names_is_imported(self, text: str, site: Site, tmp_path: Path) -> None:
        touched = site.install("acme-broker", provider("acme"), plugin="acme")
        hostile = site.install("hostile", "raise SystemExit(7)", plugin="hostile")
        answers = site.ask(config(tmp_path, text), "registry.acme.example/app")
        assert answers == ["Anonymous(reason='acme says so')"]
        assert touched.exists()
        assert not hostile.exists()

    def test_a_provider_may_be_called_otherwise_than_its_plugin(self, site: Site, tmp_path: Path) -> None:
        site.install("acme-broker", provider("acme-mirror"), plugin="acme")
        text = RULE.format("acme-mirror") + ENABLED
        assert site.ask(config(tmp_path, text), "registry.acme.example") == [
            "Anonymous(reason='acme-mirror says so')"
        ]
        assert site.load("acme", "acme-mirror") == {"loaded": ["acme-mirror", *CLAIMING], "broken": {}}

    def test_what_is_not_installed_is_an_error_that_names_the_rule(self, site: Site, tmp_path: Path) -> None:
        with pytest.raises(AssertionError, match=r"registry\[0\].*plugin acme: is not installed"):
            site.ask(config(tmp_path, RULE.format("acme")), "registry.acme.example")

    @pytest.mark.parametrize("name", BUILT_IN)
    def test_nobody_else_can_offer_a_built_in_plugin(self, name: str, site: Site) -> None:
        touched = site.install("hostile", provider("hostile"), plugin=name)
        assert site.load(name) == {"loaded": sorted({*CLAIMING, name}), "broken": {}}
        assert not touched.exists()

    @pytest.mark.acceptance(36)
    def test_a_name_that_two_distributions_offer_is_refused_and_both_are_named(
        self, site: Site, tmp_path: Path
    ) -> None:
        touched = [
            site.install("acme-broker", provider("acme"), plugin="acme"),
            site.install("zz-hostile", provider("acme"), plugin="acme"),
        ]
        broken = site.load("acme")["broken"]
        assert broken == {"acme": "plugin acme: is offered by acme-broker and zz-hostile (uninstall all but one)"}
        answers = site.ask(
            config(tmp_path, RULE.format("acme") + NEIGHBOUR), "registry.acme.example", "neighbour.example.com"
        )
        assert answers[0].startswith("ProviderUnavailable: plugin acme: is offered by acme-broker and zz-hostile")
        assert answers[1] == "Anonymous(reason='a rule says so')"
        assert not any(touch.exists() for touch in touched)

    def test_two_providers_of_one_name_are_a_configuration_error(self, site: Site, tmp_path: Path) -> None:
        site.install("acme-broker", provider("acme"), plugin="acme")
        site.install("other-broker", provider("acme"), plugin="other")
        with pytest.raises(AssertionError, match="ConfigurationError: provider acme: two plugins offer it"):
            site.ask(config(tmp_path, '[plugins]\nenable = ["acme", "other"]\n'), "registry.acme.example")

    def test_a_plugin_in_the_working_directory_is_not_seen_with_a_safe_path(
        self, site: Site, tmp_path: Path
    ) -> None:
        touched = site.install("acme-broker", provider("acme"), plugin="acme")
        code = (
            "import json; from ocibroker.providers import installed, load;"
            "print(json.dumps([len(installed()), str(load(['acme']).broken['acme'])]))"
        )
        found = site.run(code, flags=("-P",), cwd=site.folder, seen=False)
        assert found == [0, "plugin acme: is not installed (see `ocibroker providers`)"]
        assert not touched.exists()

    def test_built_in_plugins_cost_no_look_at_what_is_installed(self, site: Site, tmp_path: Path) -> None:
        code = (
            "import json, sys; from ocibroker.providers.built_in import BUILT_IN; from ocibroker import Broker\n"
            f"Broker.from_config({str(config(tmp_path, NEIGHBOUR))!r}, environ={{}}).close()\n"
            "names = {name.split('.')[0] for name in sys.modules}\n"
            "print(json.dumps(sorted(name for name in names if name.startswith('ocibroker_'))))"
        )
        loaded = sorted({*CLAIMING, "anonymous"})
        assert site.run(code) == [f"ocibroker_{name.replace('-', '_')}" for name in loaded]


RECORDED = """
import json
from ocibroker.providers import installed, recorded
(one,) = installed()
print(json.dumps([one.record, recorded(one).record]))
"""
LISTING = b"pkg/RECORD,sha256=abc,7\r\nacme_broker-1.2.dist-info/RECORD,,\r\n"


class TestTheHashOfWhatIsInstalled:
    @pytest.fixture
    def info(self, site: Site) -> Path:
        site.install("acme-broker", provider("acme"), plugin="acme")
        (site.folder / "pkg").mkdir()
        (site.folder / "pkg" / "RECORD").write_bytes(b"another of that name\n")
        return site.folder / "acme_broker-1.2.dist-info"

    @pytest.mark.parametrize("listing", [LISTING, b"", b"\xff\0 no, list,\n"], ids=["", "empty", "garbage"])
    def test_is_that_of_the_distribution_s_own_list_and_nobody_pays_who_does_not_ask(
        self, site: Site, info: Path, listing: bytes
    ) -> None:
        (info / "RECORD").write_bytes(listing)
        assert site.run(RECORDED) == ["", hashlib.sha256(listing).hexdigest()]

    def test_is_none_where_no_list_can_be_read(self, site: Site, info: Path) -> None:
        assert site.run(RECORDED) == ["", ""]
        (info / "RECORD").mkdir()
        assert site.run(RECORDED) == ["", ""]


HOOK = "from ocibroker.provider import providers\n\n\n@providers\ndef ocibroker_providers():\n    {}\n"
BROKEN = {
    "no-module": (None, "cannot be imported: ModuleNotFoundError"),
    "missing-sdk": ("import an_sdk_that_nobody_has", "cannot be imported: ModuleNotFoundError"),
    "import-error": ("raise ImportError('x')", "cannot be imported: ImportError"),
    "syntax-error": ("def", "cannot be imported: SyntaxError"),
    "system-exit": ("raise SystemExit(3)", "cannot be imported: SystemExit"),
    "generator-exit": ("raise GeneratorExit", "cannot be imported: GeneratorExit"),
    "cancelled": ("import asyncio\nraise asyncio.CancelledError", "cannot be imported: CancelledError"),
    "base-exception": ("raise BaseException('x')", "cannot be imported: BaseException"),
    "no-hook": ("", "implements no hook"),
    "unmarked-hook": ("def ocibroker_providers():\n    return []\n", "implements no hook"),
    "misspelt-hook": (
        "import pluggy\n@pluggy.HookimplMarker('ocibroker')\ndef ocibroker_provider():\n    return []\n",
        "does not implement the hook.*unknown hook 'ocibroker_provider'",
    ),
    "unknown-argument": (
        "from ocibroker.provider import providers\n@providers\ndef ocibroker_providers(config):\n    return []\n",
        "does not implement the hook.*config",
    ),
    "hook-raises": (HOOK.format("raise ValueError('x')"), "failed to name its providers: ValueError"),
    "hook-exits": (HOOK.format("raise SystemExit(3)"), "failed to name its providers: SystemExit"),
    "returns-number": (HOOK.format("return 7"), "failed to name its providers: TypeError"),
    "returns-text": (HOOK.format("return 'acme'"), "offers a provider without name"),
    "returns-none-in-a-list": (HOOK.format("return [None]"), "offers a provider without name"),
    "coroutine": (
        HOOK.format("return []").replace("def ocibroker", "async def ocibroker"),
        "failed to name its providers: TypeError",
    ),
    "no-name": (provider("acme").replace('    name = "acme"\n', ""), "offers a provider without name"),
    "no-options": (
        provider("acme").replace("    options = ", "    choices = "),
        "offers a provider without options",
    ),
    "no-claim": (provider("acme").replace("def claim(", "def claims("), "offers a provider without claim"),
    "no-identity": (provider("acme").replace("def identity(", "def ident("), "offers a provider without identity"),
    "no-fetch": (provider("acme").replace("def fetch(", "def get("), "offers a provider without fetch"),
    "claim-is-no-method": (
        provider("acme").replace("def claim(", "claim = None\n\n    def unused("),
        "offers a provider whose claim is no method",
    ),
    "bad-name": (provider("acme").replace('"acme"\n', '"Acme Registry"\n'), "offers a provider with a bad name"),
    "name-is-no-text": (provider("acme").replace('"acme"\n', "7\n"), "offers a provider with a bad name"),
    "name-raises": (
        provider("acme").replace('    name = "acme"', "    name = property(lambda self: 1 / 0)"),
        "failed to name its providers: ZeroDivisionError",
    ),
    "options-are-a-dict": (
        provider("acme").replace("options = AcmeOptions", "options = dict"),
        "offers a provider whose options are no Options",
    ),
    "options-are-a-value": (
        provider("acme").replace("options = AcmeOptions", "options = AcmeOptions()"),
        "offers a provider whose options are no Options",
    ),
}


@pytest.mark.acceptance(36)
@pytest.mark.parametrize(("source", "why"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_plugin_is_reported_and_its_neighbours_work(
    source: str | None, why: str, site: Site, tmp_path: Path
) -> None:
    site.install("broken-broker", source or "", plugin="broken")
    if source is None:
        (site.folder / "broken_broker.py").unlink()
    site.install("acme-broker", provider("sound"), plugin="sound")
    rules = RULE.format("broken") + NEIGHBOUR + RULE.format("sound").replace("acme", "sound")
    path = config(tmp_path, rules)
    found = site.run(
        "import json, ocibroker\n"
        "from ocibroker.errors import ProviderUnavailable\n"
        f"with ocibroker.Broker.from_config({str(path)!r}, environ={{}}) as broker:\n"
        "    answers = [str(broker.access(host).credential) for host in"
        " ('neighbour.example.com', 'registry.sound.example')]\n"
        "    try:\n"
        "        broker.access('registry.acme.example')\n"
        "    except ProviderUnavailable as error:\n"
        "        answers.append(str(error))\n"
        "    broken = {name: str(error) for name, error in broker.providers.broken.items()}\n"
        "    print(json.dumps([answers, broken]))"
    )
    assert found[0][:2] == ["Anonymous(reason='a rule says so')", "Anonymous(reason='sound says so')"]
    assert found[0][2] == found[1]["broken"]
    assert list(found[1]) == ["broken"]
    assert re.search(why, found[1]["broken"])
    assert found[1]["broken"].startswith("plugin broken: ")


def test_ctrl_c_while_a_plugin_is_imported_is_not_swallowed(site: Site) -> None:
    site.install("slow-broker", "raise KeyboardInterrupt", plugin="slow")
    with pytest.raises(AssertionError, match="KeyboardInterrupt"):
        site.load("slow")
