"""Keras's import path to image preprocessing: `from minicnn.preprocessing.image import ImageDataGenerator`."""

from . import image

__all__ = ["image"]
