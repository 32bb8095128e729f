"""L = max(z, 0) − z·t + log(1 + e^−|z|) per element; dz = (σ(z) − t)·dL."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .op import Op
from .reduction import reduce_losses


class SigmoidCrossEntropy(Op):
    def forward(self, k: Any, logits: Any, targets: Any) -> Any:
        losses, dlogits = k.sigmoid_cross_entropy(logits, targets)
        self.save(dlogits)
        return losses

    def backward(self, k: Any, dy: Any) -> tuple:
        (dlogits,) = self.saved
        return k.multiply(dlogits, dy), None


def sigmoid_cross_entropy(logits: Tensor, targets: Any, reduction: str = "mean") -> Tensor:
    """Cross-entropy of sigmoid(logits) against targets in 0 … 1 of the same shape.

    reduction   "mean" over all elements, or "none" for the loss of each

    Raises ShapeError when the shapes differ: (4, 1) against (4,) is an error, nothing broadcasts.

    >>> round(sigmoid_cross_entropy(Tensor([[0.0]]), [[1.0]]).item(), 4)
    0.6931
    """
    losses = SigmoidCrossEntropy()(logits, np.asarray(targets, logits.dtype))
    return reduce_losses(losses, reduction)
