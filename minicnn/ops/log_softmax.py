"""y[…,k] = x[…,k] − log Σ_j e^x[…,j]; dx = dy − e^y·Σ_j dy[…,j]."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class LogSoftmax(Op):
    def forward(self, k: Any, x: Any) -> Any:
        y = k.log_softmax(x)
        self.save(y)
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        (y,) = self.saved
        return (k.log_softmax_grad(dy, y),)


def log_softmax(x: Tensor) -> Tensor:
    """Logarithm of the probabilities along the last axis.

    >>> log_softmax(Tensor([[0.0, 0.0]])).numpy().round(4)
    array([[-0.6931, -0.6931]], dtype=float32)
    """
    return LogSoftmax()(x)
