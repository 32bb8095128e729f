"""minicnn: a convolutional-network engine written from scratch on NumPy."""

from . import kernels, ops
from .device import device
from .gradcheck import GradientError, gradcheck
from .kernels import ShapeError
from .tensor import Tensor, no_grad

__version__ = "0.1.0"

__all__ = ["GradientError", "ShapeError", "Tensor", "device", "gradcheck", "kernels", "no_grad", "ops"]
