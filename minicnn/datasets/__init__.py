"""Data that comes with the package."""

from . import digits

__all__ = ["digits"]
