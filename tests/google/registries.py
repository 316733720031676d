"""Facts: names of Google's registries; and names that only resemble them.

https://cloud.google.com/artifact-registry/docs/repositories/repo-locations
https://cloud.google.com/artifact-registry/docs/reference/regional-endpoints
https://cloud.google.com/artifact-registry/docs/transition/gcr-repositories
"""

from __future__ import annotations

from typing import Final

_MULTI: Final = ("asia", "europe", "us")
_REGIONS: Final = (
    "africa-south1", "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3",
    "asia-south1", "asia-south2", "asia-southeast1", "asia-southeast2", "australia-southeast1",
    "australia-southeast2", "europe-central2", "europe-north1", "europe-southwest1", "europe-west1",
    "europe-west10", "europe-west12", "europe-west2", "europe-west3", "europe-west4", "europe-west6",
    "europe-west8", "europe-west9", "me-central1", "me-central2", "me-west1", "northamerica-northeast1",
    "northamerica-northeast2", "southamerica-east1", "southamerica-west1", "us-central1", "us-east1", "us-east4",
    "us-east5", "us-south1", "us-west1", "us-west2", "us-west3", "us-west4",
)  # fmt: skip

REGISTRIES: Final = (
    *(f"{location}-docker.pkg.dev" for location in (*_MULTI, *_REGIONS)),
    *(f"docker.{region}.rep.pkg.dev" for region in ("europe-west3", "me-central2", "us-central1", "us-east1")),
    "gcr.io",
    "asia.gcr.io",
    "eu.gcr.io",
    "us.gcr.io",
    "marketplace.gcr.io",
    "mirror.gcr.io",
    "l.gcr.io",
)
"""Those of the public universe."""

SOVEREIGN: Final = "docker.s3nsregistry.fr"
"""One of a universe of its own."""

LOOK_ALIKES: Final = (
    "evilgcr.io",
    "gcr.io.evil.example",
    "gcr.iox",
    "gcr.io:5000",
    "gcr.io:80",
    "gcr-io.example",
    "gcr.evil.io",
    "xgcr.io",
    "gcr.com",
    "gcr.dev",
    "a.b.gcr.io",
    "eu.gcr.io.evil.example",
    "eu.gcr.io:8443",
    "eu.evilgcr.io",
    "eu-gcr.io",
    "eu.gcr.evil.io",
    "evil.eu.gcr.io",
    "pkg.dev",
    "evilpkg.dev",
    "docker.pkg.dev",
    "us-docker.pkg.dev.evil.example",
    "us-docker.pkg.dev:5000",
    "us-docker.pkg.dev:80",
    "us-docker.evilpkg.dev",
    "us-docker.pkg.devx",
    "us-docker.pkg.de",
    "us-docker-pkg.dev",
    "us-docker.pkg-dev.example",
    "us-dockerx.pkg.dev",
    "us-xdocker.pkg.dev",
    "us.docker.pkg.dev",
    "us_central1-docker.pkg.dev",
    "evil.us-docker.pkg.dev",
    "us-docker.evil.pkg.dev",
    "us-npm.pkg.dev",
    "us-python.pkg.dev",
    "us-maven.pkg.dev",
    "us-go.pkg.dev",
    "us-central1-generic.pkg.dev",
    "docker.rep.pkg.dev",
    "docker.us-central1.rep.pkg.dev.evil.example",
    "docker.us-central1.rep.pkg.dev:5000",
    "docker.us-central1.rep.evilpkg.dev",
    "docker.us-central1.evil.rep.pkg.dev",
    "docker.us-central1.xrep.pkg.dev",
    "xdocker.us-central1.rep.pkg.dev",
    "npm.us-central1.rep.pkg.dev",
    "s3nsregistry.fr",
    "docker.s3nsregistry.fr.evil.example",
    "docker.s3nsregistry.fr:5000",
    "evil.docker.s3nsregistry.fr",
    "dockers3nsregistry.fr",
    "npm.s3nsregistry.fr",
    "docker.s3nsregistry.frx",
    "oauth2.googleapis.com",
    "sts.googleapis.com",
    "artifactregistry.googleapis.com",
    "container.googleapis.com",
    "metadata.google.internal",
)
"""Names that get nothing."""
