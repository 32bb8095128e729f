"""y = γ·(x − μ)/√(v + ε) + β over every axis but the last.

training     μ, v are this batch's:    dx = γ/√(v + ε) · (dy − dβ/M − x̂·dγ/M)
inference    μ, v are given:           dx = γ/√(v + ε) · dy

dβ = Σ dy,  dγ = Σ dy·x̂
"""

from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor
from .op import Op


@dataclass(eq=False)
class BatchNorm(Op):
    epsilon: float

    def forward(self, k: Any, x: Any, gamma: Any, beta: Any) -> Any:
        y, self.mean, self.variance = k.batch_norm(x, gamma, beta, epsilon=self.epsilon)
        self.save(x, gamma)
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        x, gamma = self.saved
        return k.batch_norm_grad(dy, x, gamma, self.mean, self.variance, epsilon=self.epsilon)


@dataclass(eq=False)
class BatchNormInference(Op):
    epsilon: float

    def forward(self, k: Any, x: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
        self.save(x, gamma, mean, variance)
        return k.batch_norm_inference(x, gamma, beta, mean, variance, epsilon=self.epsilon)

    def backward(self, k: Any, dy: Any) -> tuple:
        x, gamma, mean, variance = self.saved
        gradients = k.batch_norm_inference_grad(dy, x, gamma, mean, variance, epsilon=self.epsilon)
        return (*gradients, None, None)


def batch_norm(x: Tensor, gamma: Any, beta: Any, epsilon: float = 1e-3) -> tuple[Tensor, Any, Any]:
    """Normalise x (…, C) with its own statistics; returns (y, mean, variance), the last two plain arrays (C,).

    Source: Ioffe & Szegedy, "Batch normalization" (2015).

    >>> y, mean, variance = batch_norm(Tensor([[1.0], [3.0]]), Tensor([1.0]), Tensor([0.0]))
    >>> y.numpy().ravel().round(3), mean, variance
    (array([-1.,  1.], dtype=float32), array([2.], dtype=float32), array([1.], dtype=float32))
    """
    op = BatchNorm(epsilon)
    y = op(x, gamma, beta)
    return y, op.mean, op.variance


def batch_norm_inference(x: Tensor, gamma: Any, beta: Any, mean: Any, variance: Any, epsilon: float = 1e-3) -> Tensor:
    """Normalise x (…, C) with given statistics, which are constants to the gradient.

    >>> one, zero = Tensor([1.0]), Tensor([0.0])
    >>> batch_norm_inference(Tensor([[2.0]]), one, zero, zero, one, epsilon=0.0).numpy()
    array([[2.]], dtype=float32)
    """
    return BatchNormInference(epsilon)(x, gamma, beta, mean, variance)
