"""Feeding models: batches of arrays, shuffled and augmented."""

from .augment import RandomAffine, warp
from .batches import Batches

__all__ = ["Batches", "RandomAffine", "warp"]
