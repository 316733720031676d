"""For any OCI registry: who am I there, and how do I talk to it. One value.

    with ocibroker.Broker.from_config() as broker:
        access = broker.access("registry.example.com/charts/app")
        with access.client() as http:
            http.get("/v2/charts/app/tags/list")

Names are imported when they are first used: importing this package imports nothing else.
"""

# mypy and pyright read the name as true; importing typing would cost more than all the rest.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocibroker.access import Access
    from ocibroker.broker import Broker
    from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken
    from ocibroker.errors import OcibrokerError
    from ocibroker.request import Caller
    from ocibroker.secret import Secret
    from ocibroker.target import Target
    from ocibroker.tls.policy import TLSPolicy
    from ocibroker.transport.caller import CallerTransport

__all__ = [
    "Access",
    "Anonymous",
    "Basic",
    "Bearer",
    "Broker",
    "Caller",
    "CallerTransport",
    "Credential",
    "IdentityToken",
    "OcibrokerError",
    "Secret",
    "TLSPolicy",
    "Target",
]

_HOME = {
    "Access": "access",
    "Anonymous": "credential",
    "Basic": "credential",
    "Bearer": "credential",
    "Broker": "broker",
    "Caller": "request",
    "CallerTransport": "transport.caller",
    "Credential": "credential",
    "IdentityToken": "credential",
    "OcibrokerError": "errors",
    "Secret": "secret",
    "TLSPolicy": "tls.policy",
    "Target": "target",
}

if not TYPE_CHECKING:  # visible to a checker, it would make every misspelling legal

    def __getattr__(name: str) -> object:
        from ocibroker.lazily import resolve

        return resolve(globals(), _HOME, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
