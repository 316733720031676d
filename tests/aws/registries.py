"""Facts: names of ECR registries and the endpoints that give their tokens; and names that only resemble them.

https://docs.aws.amazon.com/general/latest/gr/ecr.html
https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

ACCOUNT: Final = "123456789012"

_CLASSIC: Final = (
    "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
    "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7",
    "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2",
    "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
    "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2", "us-gov-east-1", "us-gov-west-1",
)  # fmt: skip

REGISTRIES: Final = MappingProxyType(
    {
        **{
            f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com": f"https://api.ecr.{region}.amazonaws.com"
            for region in _CLASSIC
        },
        f"{ACCOUNT}.dkr.ecr-fips.us-east-1.amazonaws.com": "https://api.ecr-fips.us-east-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr-fips.us-gov-west-1.amazonaws.com": "https://api.ecr-fips.us-gov-west-1.amazonaws.com",
        f"{ACCOUNT}.dkr-ecr.us-west-2.on.aws": "https://ecr.us-west-2.api.aws",
        f"{ACCOUNT}.dkr-ecr.us-gov-east-1.on.aws": "https://ecr.us-gov-east-1.api.aws",
        f"{ACCOUNT}.dkr-ecr-fips.us-west-2.on.aws": "https://ecr-fips.us-west-2.api.aws",
        f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn": "https://api.ecr.cn-north-1.amazonaws.com.cn",
        f"{ACCOUNT}.dkr.ecr.cn-northwest-1.amazonaws.com.cn": "https://api.ecr.cn-northwest-1.amazonaws.com.cn",
        f"{ACCOUNT}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn": (
            "https://ecr.cn-north-1.api.amazonwebservices.com.cn"
        ),
        f"{ACCOUNT}.dkr.ecr.us-iso-east-1.c2s.ic.gov": "https://api.ecr.us-iso-east-1.c2s.ic.gov",
        f"{ACCOUNT}.dkr.ecr.us-iso-west-1.c2s.ic.gov": "https://api.ecr.us-iso-west-1.c2s.ic.gov",
        f"{ACCOUNT}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov": "https://api.ecr.us-isob-east-1.sc2s.sgov.gov",
        f"{ACCOUNT}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk": "https://api.ecr.eu-isoe-west-1.cloud.adc-e.uk",
        f"{ACCOUNT}.dkr.ecr.us-isof-south-1.csp.hci.ic.gov": "https://api.ecr.us-isof-south-1.csp.hci.ic.gov",
        f"{ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.eu": "https://api.ecr.eusc-de-east-1.amazonaws.eu",
        "public.ecr.aws": "https://api.ecr-public.us-east-1.amazonaws.com",
        "ecr-public.aws.com": "https://ecr-public.us-east-1.api.aws",
    }
)
"""Registry and endpoint."""

LOOK_ALIKES: Final = (
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.evil.example",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.cn",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.cn.evil.example",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.comx",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.co",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.org",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.eu",
    f"{ACCOUNT}.dkr.ecr.us-east-1.evil-amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws-com.example",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com:5000",
    f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com:80",
    f"{ACCOUNT}.dkr.ecr.us-east-1.on.aws",
    f"{ACCOUNT}.dkr.ecr.us-east-1.c2s.ic.gov",
    f"{ACCOUNT}.dkr.ecr.evil.us-east-1.amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.evil.amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.us-east.amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.us_east_1.amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.s3.amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.us-iso-east-1.amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.com",
    f"{ACCOUNT}.dkr.ecr.us-isob-east-1.c2s.ic.gov",
    f"{ACCOUNT}.dkr.ecr-fips-2.us-east-1.amazonaws.com",
    f"{ACCOUNT}.dkr.ecrfips.us-east-1.amazonaws.com",
    f"{ACCOUNT}.dkr.ecrx.us-east-1.amazonaws.com",
    f"{ACCOUNT}.dkrxecr.us-east-1.on.aws",
    f"{ACCOUNT}.dkr-ecr.us-east-1.amazonaws.com",
    f"{ACCOUNT}.dkr-ecr.us-east-1.on.aws.evil.example",
    f"{ACCOUNT}.dkr-ecr.us-east-1.evilon.aws",
    f"{ACCOUNT}.dkr-ecr.us-east-1.api.aws",
    f"{ACCOUNT}-dkr.ecr.us-east-1.amazonaws.com",
    f"{ACCOUNT}.ecr.us-east-1.amazonaws.com",
    f"{ACCOUNT}3.dkr.ecr.us-east-1.amazonaws.com",
    f"x{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com",
    f"evil.{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com",
    "1.dkr.ecr.us-east-1.amazonaws.com",
    "12345678901.dkr.ecr.us-east-1.amazonaws.com",
    "12345678901a.dkr.ecr.us-east-1.amazonaws.com",
    "dkr.ecr.us-east-1.amazonaws.com",
    "api.ecr.us-east-1.amazonaws.com",
    "sts.us-east-1.amazonaws.com",
    "public.ecr.aws.evil.example",
    "public.ecr.aws:8443",
    "xpublic.ecr.aws",
    "evil.public.ecr.aws",
    "public-ecr.aws",
    "public.ecr.amazonaws.com",
    "ecr.aws",
    "gallery.ecr.aws",
    "ecr-public.aws.com.evil.example",
    "ecr-public.aws",
    "api.ecr-public.us-east-1.amazonaws.com",
    "amazonaws.com",
)
"""Names that get nothing."""
