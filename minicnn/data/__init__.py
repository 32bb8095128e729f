"""Feeding models: batches of arrays and of image files, shuffled and augmented."""

from .batches import Batches
from .image_dataset import ImageDataset

__all__ = ["Batches", "ImageDataset"]
