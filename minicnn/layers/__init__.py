"""Layers under Keras's names."""

from .activation import Activation, LeakyReLU, ReLU, Softmax
from .batch_normalization import BatchNormalization
from .conv2d import Conv2D
from .dense import Dense
from .dropout import Dropout
from .global_pooling import GlobalAveragePooling2D, GlobalMaxPooling2D
from .input import Input, InputLayer
from .layer import Layer
from .merging import Add, Concatenate, Multiply
from .pooling import AveragePooling2D, MaxPooling2D
from .random_affine import RandomAffine
from .random_colour import RandomBrightness, RandomContrast
from .random_geometry import RandomCrop, RandomFlip, RandomRotation, RandomTranslation, RandomZoom
from .rescaling import Rescaling
from .reshaping import Flatten, Reshape, ZeroPadding2D
from .resizing import Resizing

__all__ = [
    "Activation",
    "Add",
    "AveragePooling2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "Input",
    "InputLayer",
    "Layer",
    "LeakyReLU",
    "MaxPooling2D",
    "Multiply",
    "RandomAffine",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Resizing",
    "Softmax",
    "ZeroPadding2D",
]
