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
from .rescaling import Rescaling
from .reshaping import Flatten, Reshape, ZeroPadding2D

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
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
    "ZeroPadding2D",
]
