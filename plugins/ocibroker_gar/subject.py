"""Where a federated identity's own token comes from: a file, a URL, or a signature of AWS's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ocibroker.provider import OcibrokerError, Secret
from ocibroker_gar.asking import Asking
from ocibroker_gar.aws import aws_token
from ocibroker_gar.document import Federated, Source
from ocibroker_gar.endpoints import may_give_tokens
from ocibroker_gar.faults import SUBJECT
from ocibroker_gar.reading import content_of

_KEPT: Final = "keep the token in a file, or set identity_token and workload_identity_provider in a rule"


def subject_token(asking: Asking, identity: Federated) -> Secret:
    """Return the token that another issuer has given.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`.
    """
    source = identity.credential_source
    given = [name for name in ("file", "url", "executable", "certificate") if getattr(source, name)]
    if source.environment_id and given in ([], ["url"]):
        return aws_token(asking, identity)
    if len(given) != 1 or source.environment_id:
        raise asking.failed("credential_source does not say where the token is", "create the credential file again")
    if given == ["file"]:
        asking.tried.append(f"the token in {source.file}")
        return _within(asking, source.format or {}, content_of(Path(source.file)))
    if given == ["url"]:
        return _within(asking, source.format or {}, _fetched(asking, source))
    raise asking.failed(f"a credential_source of the kind {given[0]} is not supported", _KEPT)


def _fetched(asking: Asking, source: Source) -> bytes:
    asking.tried.append("the token at the URL of credential_source")
    if not may_give_tokens(source.url):
        hint = "use https://; http:// is for an address on this machine or its link"
        raise asking.failed("the URL of credential_source is not safe", hint)
    answer = asking.exchange("GET", source.url, headers=source.headers or {})
    if answer.status != 200:
        raise asking.refused(SUBJECT, answer)
    return answer.body


def _within(asking: Asking, form: Mapping[str, str], content: bytes) -> Secret:
    """Return the token in ``content``, which is the token itself or a JSON object with it."""
    try:
        if form.get("type", "text") == "text":
            return Secret(content.decode().strip())
        return Secret(json.loads(content)[form["subject_token_field_name"]])
    except (OcibrokerError, ValueError, LookupError, TypeError, RecursionError):
        pass
    hint = "compare credential_source.format with what is there"
    raise asking.failed("there is no token where credential_source says", hint)
