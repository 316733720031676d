"""Facts: names of registries of Azure's and who signs in for them; and names that only resemble them.

https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftcontainerregistry
https://learn.microsoft.com/azure/container-registry/container-registry-get-started-portal#configure-domain-name-label
https://learn.microsoft.com/azure/container-registry/container-registry-geo-replication
https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_PUBLIC, _CHINA, _GOVERNMENT = (
    "login.microsoftonline.com",
    "login.chinacloudapi.cn",
    "login.microsoftonline.us",
)

_REGIONS: Final = (
    "australiaeast", "brazilsouth", "canadacentral", "centralindia", "centralus", "eastasia", "eastus", "eastus2",
    "francecentral", "germanywestcentral", "italynorth", "japaneast", "koreacentral", "mexicocentral",
    "northeurope", "norwayeast", "polandcentral", "southafricanorth", "southeastasia", "spaincentral",
    "swedencentral", "switzerlandnorth", "uaenorth", "uksouth", "westeurope", "westus", "westus3",
)  # fmt: skip

REGISTRIES: Final = MappingProxyType(
    {
        "myregistry.azurecr.io": _PUBLIC,
        "myreg.azurecr.io": _PUBLIC,
        "12345.azurecr.io": _PUBLIC,
        "contoso2026.azurecr.io": _PUBLIC,
        f"{'a' * 50}.azurecr.io": _PUBLIC,
        "myregistry-abc123def.azurecr.io": _PUBLIC,
        "myreg-0a1b2c3d4e5f6071.azurecr.io": _PUBLIC,
        "myregistry-abc123def.westeurope.geo.azurecr.io": _PUBLIC,
        **{f"myregistry.{region}.geo.azurecr.io": _PUBLIC for region in _REGIONS},
        "myregistry.azurecr.cn": _CHINA,
        "myregistry-abc123def.azurecr.cn": _CHINA,
        "myregistry.chinaeast2.geo.azurecr.cn": _CHINA,
        "myregistry.chinanorth3.geo.azurecr.cn": _CHINA,
        "myregistry.azurecr.us": _GOVERNMENT,
        "myregistry-abc123def.azurecr.us": _GOVERNMENT,
        "myregistry.usgovvirginia.geo.azurecr.us": _GOVERNMENT,
        "myregistry.usgovarizona.geo.azurecr.us": _GOVERNMENT,
    }
)
"""Registry to the host that signs in for it."""

LOOK_ALIKES: Final = (
    "myregistry.azurecr.io.evil.example",
    "myregistry.azurecr.io.example",
    "myregistry.azurecr.iox",
    "myregistry.azurecr.i",
    "myregistry.azurecr.com",
    "myregistry.azurecr.de",
    "myregistry.azurecr.net",
    "myregistry.azurecr.co",
    "myregistry.azurecr.io.cn",
    "myregistry.azurecr.cn.evil.example",
    "myregistry.azurecr.us.evil.example",
    "myregistry.azurecr.usa",
    "myregistry.azurecr-io.example",
    "myregistry.azurecr.evil.io",
    "myregistry.evil-azurecr.io",
    "myregistry.evilazurecr.io",
    "myregistry.azurecrio",
    "myregistry.azurecr",
    "myregistry-azurecr.io",
    "myregistryazurecr.io",
    "myregistry.azure-cr.io",
    "myregistry.azurecr.io:5000",
    "myregistry.azurecr.io:80",
    "myregistry.azurecr.io:8443",
    "myregistry.westeurope.data.azurecr.io",
    "myregistry.data.azurecr.io",
    "myregistry.westeurope.azurecr.io",
    "myregistry.west-europe.geo.azurecr.io",
    "myregistry.geo.azurecr.io",
    "myregistry.westeurope.geo.azurecr.io.evil.example",
    "myregistry.westeurope.geo.evil.azurecr.io",
    "myregistry.westeurope.geox.azurecr.io",
    "myregistry.westeurope.xgeo.azurecr.io",
    "westeurope.geo.azurecr.io",
    "geo.azurecr.io",
    "evil.myregistry.azurecr.io",
    "my-registry-abc123.azurecr.io",
    "myregistry--abc123.azurecr.io",
    "myregistry-abc-123.azurecr.io",
    "abcd.azurecr.io",
    "abcd-abc123.azurecr.io",
    f"{'a' * 51}.azurecr.io",
    "azurecr.io",
    "azurecr.cn",
    "azurecr.us",
    "www.azurecr.io",
    "login.microsoftonline.com",
    "containerregistry.azure.net",
    "management.azure.com",
    "mcr.microsoft.com.evil.example",
    "mcr.microsoft.com:5000",
    "xmcr.microsoft.com",
    "evil.mcr.microsoft.com",
    "westeurope.data.mcr.microsoft.com",
    "mcr.microsoft.co",
    "mcr-microsoft.com",
    "microsoft.com",
)
"""Names that get nothing."""
