"""The fixtures of the sidecar's tests."""

from tests.sidecar.conftest import folder, stand

__all__ = ["folder", "stand"]
