"""The secret of Fleet's OCI storage: where bundles are kept, and for whom.

Who only pulls gets the agent's user where there is one: Fleet's agents may read and not write.
"""

from __future__ import annotations

from ocibroker.provider import ConfigurationError, CredentialUnavailable, OcibrokerError, Target
from ocibroker_kubernetes import keys
from ocibroker_kubernetes.secret_data import SecretData
from ocibroker_kubernetes.settings import Settings
from ocibroker_kubernetes.value import Value


def storage_settings(data: SecretData, target: Target) -> Settings:
    """Return what ``data`` says for ``target``.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` for a target on another registry than the secret's own,
    and :class:`~ocibroker.errors.ConfigurationError` where one thing is said twice, and differently.
    """
    _check_registry(data, target)
    agent = (keys.AGENT_USERNAME, keys.AGENT_PASSWORD)
    reads = target.actions == ("pull",) and any(key in data.values for key in agent)
    username, password = agent if reads else (keys.USERNAME, keys.PASSWORD)
    return Settings(
        source=data.source,
        username=data.value(username),
        password=data.value(password),
        ca=data.value(keys.CA),
        insecure=_insecure(data),
        plain_http=data.value(keys.PLAIN_HTTP),
    )


def _check_registry(data: SecretData, target: Target) -> None:
    reference = data.value(keys.REFERENCE)
    if reference is None or not reference.text:
        raise CredentialUnavailable(
            f"holds no {keys.REFERENCE}", culprit=data.source, hint="name the registry that it is for"
        )
    try:
        own = Target.parse(f"oci://{reference.text.removeprefix('oci://')}")
    except OcibrokerError as error:
        failure = reference.wrong(error.message)
    else:
        if own.registry == target.registry:
            return
        raise CredentialUnavailable(
            f"is for {own.registry}, not for {target.registry}",
            culprit=data.source,
            hint="correct the rule's match, or the secret",
        )
    raise failure


def _insecure(data: SecretData) -> Value | None:
    given = [value for key in keys.INSECURE_STORAGE if (value := data.value(key)) is not None]
    if len({value.flag for value in given}) > 1:
        why = f"{' and '.join(keys.INSECURE_STORAGE)} contradict each other"
        raise ConfigurationError(why, culprit=data.source, hint="they mean the same: remove one of them")
    return given[0] if given else None
