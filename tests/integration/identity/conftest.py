"""The toy service for this folder's tests."""

from tests.toy_running import ground

__all__ = ["ground"]
