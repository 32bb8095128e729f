"""minicnn: a convolutional-network engine written from scratch on NumPy.

`import minicnn as keras` runs an ordinary Keras image classifier; below that face, `Tensor`, `ops`,
`kernels` and `gradcheck` show how it works.
"""

from . import (
    activations,
    callbacks,
    config,
    data,
    datasets,
    initializers,
    kernels,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    preprocessing,
    regularizers,
    utils,
)
from .device import device
from .gradcheck import GradientError, gradcheck
from .kernels import ShapeError
from .layers import Input, Layer
from .models import Model, Sequential
from .saving import ModelFileError
from .tensor import Tensor, from_dlpack, no_grad
from .variable import Variable

__version__ = "0.1.0"

__all__ = [
    "GradientError",
    "Input",
    "Layer",
    "Model",
    "ModelFileError",
    "Sequential",
    "ShapeError",
    "Tensor",
    "Variable",
    "activations",
    "callbacks",
    "config",
    "data",
    "datasets",
    "device",
    "from_dlpack",
    "gradcheck",
    "initializers",
    "kernels",
    "layers",
    "losses",
    "metrics",
    "models",
    "no_grad",
    "ops",
    "optimizers",
    "preprocessing",
    "regularizers",
    "utils",
]
