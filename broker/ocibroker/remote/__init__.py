"""A broker whose credentials and trust come from a sidecar, and whose connections are its own."""

from ocibroker.remote.sidecar import Sidecar

__all__ = ["Sidecar"]
