"""Bazel: ``--credential_helper`` in ``.bazelrc``.

https://bazel.build/reference/command-line-reference#common_options-flag--credential_helper
"""

from __future__ import annotations

from typing import Final

from ocibroker.setup.block import put_block, text_of
from ocibroker.setup.helpers import globs_untold
from ocibroker.setup.plan import Plan, Planned, Read
from ocibroker.setup.settings import Settings

EXECUTABLE: Final = "bazel-credential-ocibroker"
_TRUST: Final = (
    "Bazel trusts the roots of its Java, for all hosts: "
    "startup --host_jvm_args=-Djavax.net.ssl.trustStore=FILE; for a remote cache, --tls_certificate"
)


def plan(settings: Settings, read: Read) -> Plan:
    """Return the user's or the system's file with a line for each host at its end; Bazel's hosts have no ports."""
    usual = settings.etc / "bazel.bazelrc" if settings.system else settings.home / ".bazelrc"
    path = settings.file or usual
    # The helper gets the whole address, so rules for parts of a host are heeded as well.
    hosts = dict.fromkeys(host.bare for host in settings.hosts if host.asks or host.paths)
    lines = "".join(f"common --credential_helper={host}={EXECUTABLE}\n" for host in hosts)
    notes = (*globs_untold(settings), *settings.notes, *([_TRUST] if settings.trusting else []))
    files = (Planned(path, put_block(text_of(path, read(path)), lines).encode(), "block"),) if lines else ()
    return Plan(files, notes, EXECUTABLE, shared=settings.system)
