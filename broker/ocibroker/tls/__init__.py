"""How a host is reached and trusted: policy, files, roots, proxies.

Its modules are imported when they are used: only who connects makes contexts.
"""

from typing import TYPE_CHECKING

from ocibroker.lazily import resolve

if TYPE_CHECKING:
    from ocibroker.tls.contents import Contents
    from ocibroker.tls.entry import TLSEntry
    from ocibroker.tls.material import Material
    from ocibroker.tls.places import Places
    from ocibroker.tls.policies import TLSPolicies
    from ocibroker.tls.policy import MinVersion, TLSPolicy
    from ocibroker.tls.proxy import EnvironProxies, Proxy, split_no_proxy
    from ocibroker.tls.roots import Roots

__all__ = [
    "Contents",
    "EnvironProxies",
    "Material",
    "MinVersion",
    "Places",
    "Proxy",
    "Roots",
    "TLSEntry",
    "TLSPolicies",
    "TLSPolicy",
    "split_no_proxy",
]

_HOME = {
    "Contents": "contents",
    "EnvironProxies": "proxy",
    "Material": "material",
    "MinVersion": "policy",
    "Places": "places",
    "Proxy": "proxy",
    "Roots": "roots",
    "TLSEntry": "entry",
    "TLSPolicies": "policies",
    "TLSPolicy": "policy",
    "split_no_proxy": "proxy",
}

if not TYPE_CHECKING:  # visible to a checker, it would make every misspelling legal

    def __getattr__(name: str) -> object:
        return resolve(globals(), _HOME, name)
