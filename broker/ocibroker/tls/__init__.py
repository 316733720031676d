"""How a host is reached and trusted: policy, files, roots, proxies."""

from ocibroker.tls.material import Material
from ocibroker.tls.places import Places
from ocibroker.tls.policies import TLSEntry, TLSPolicies
from ocibroker.tls.policy import MinVersion, TLSPolicy
from ocibroker.tls.proxy import EnvironProxies, Proxy, split_no_proxy
from ocibroker.tls.roots import Roots

__all__ = [
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
