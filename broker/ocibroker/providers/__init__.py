"""Which providers may answer, and how they come to be loaded."""

from ocibroker.providers.built_in import BUILT_IN
from ocibroker.providers.extras import missing
from ocibroker.providers.installed import Installed, installed
from ocibroker.providers.loader import Providers, load

__all__ = ["BUILT_IN", "Installed", "Providers", "installed", "load", "missing"]
