"""Images for training: generators of batches, and single images as files and arrays."""

from ..data.image_data_generator import ImageDataGenerator
from ..data.image_iterators import DirectoryIterator, Iterator, NumpyArrayIterator
from ..image_utils import array_to_img, img_to_array, load_img, save_img

__all__ = [
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "array_to_img",
    "img_to_array",
    "load_img",
    "save_img",
]
