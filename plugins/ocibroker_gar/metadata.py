"""The metadata server: the service account of the machine, the pod or the function.

https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
"""

from __future__ import annotations

from typing import Final

from ocibroker.provider import ConnectionFailed, HttpAnswer
from ocibroker_gar.asking import Asking
from ocibroker_gar.faults import METADATA
from ocibroker_gar.principal import ADDRESS, server_of
from ocibroker_gar.registry import PUBLIC
from ocibroker_gar.token import Token, granted

_FLAVOR: Final = "Metadata-Flavor"
_PATIENCE: Final = 1.0


def metadata_token(asking: Asking) -> Token | None:
    """Return the token of the machine's own account; none where there is no server, or no account.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` where there is one, and it fails.
    """
    if not (server := server_of(asking.request.environ)):
        return None
    asking.tried.append("the metadata server")
    url = f"http://{server}/computeMetadata/v1/"
    if not _is_there(asking, f"{url}universe/universe-domain", named=server != ADDRESS):
        return None
    answer = _ask(asking, f"{url}instance/service-accounts/default/token")
    return None if answer.status == 404 else asking.token(METADATA, answer, granted)


def _is_there(asking: Asking, url: str, *, named: bool) -> bool:
    """Whether a metadata server of Google's answers, and is in the universe that is meant."""
    _refuse_a_proxy(asking, url)
    try:
        answer = _ask(asking, url)
    except ConnectionFailed:
        asking.request.deadline.left()
        if named:
            raise
        return False
    # Other clouds have something else at the same address.
    if answer.headers.get(_FLAVOR) != "Google":
        return False
    if answer.status not in {200, 404}:
        raise asking.refused(METADATA, answer)
    found = answer.body.decode("ascii", "replace").strip() if answer.status == 200 else ""
    if (found or PUBLIC) != asking.universe:
        why = f"the machine is in another universe than the registry, which is in {asking.universe}"
        raise asking.failed(why, "use credentials of that universe: set credentials in a rule")
    return True


def _ask(asking: Asking, url: str) -> HttpAnswer:
    said = asking.request.environ.get("GCE_METADATA_TIMEOUT", "")
    seconds = float(said) if said.isdecimal() and int(said) else _PATIENCE
    return asking.exchange("GET", url, headers={_FLAVOR: "Google"}, seconds=seconds)


def _refuse_a_proxy(asking: Asking, url: str) -> None:
    # It would hand out the identity of its own machine.
    if asking.request.tls(url).proxy is not None:
        raise asking.failed("the metadata server would be asked through a proxy", "add its host to NO_PROXY")
