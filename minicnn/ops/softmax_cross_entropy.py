"""L[n] = −Σ_k t[n,k]·log p[n,k], p = softmax(z); dz[n,k] = (p[n,k] − t[n,k])·dL[n] for targets that sum to 1."""

from typing import Any

import numpy as np

from ..kernels import ShapeError
from ..tensor import Tensor
from .op import Op
from .reduction import reduce_losses


class SoftmaxCrossEntropy(Op):
    """Targets are one distribution a row."""

    def forward(self, k: Any, logits: Any, targets: Any) -> Any:
        losses, dlogits = k.softmax_cross_entropy(logits, targets)
        self.save(dlogits)
        return losses

    def backward(self, k: Any, dy: Any) -> tuple:
        (dlogits,) = self.saved
        return k.multiply(dlogits, k.reshape(dy, shape=(-1, 1))), None


class SparseSoftmaxCrossEntropy(Op):
    """Targets are one class number a row."""

    def forward(self, k: Any, logits: Any, labels: Any) -> Any:
        losses, dlogits = k.sparse_softmax_cross_entropy(logits, labels)
        self.save(dlogits)
        return losses

    def backward(self, k: Any, dy: Any) -> tuple:
        (dlogits,) = self.saved
        return k.multiply(dlogits, k.reshape(dy, shape=(-1, 1))), None


def softmax_cross_entropy(logits: Tensor, labels: Any, reduction: str = "mean") -> Tensor:
    """Cross-entropy of softmax(logits) (N, K) against labels: class numbers (N,) or distributions (N, K).

    reduction   "mean" over N, or "none" for the N losses

    Raises ShapeError when logits and labels do not fit and ValueError for class numbers outside 0 … K−1.

    >>> logits = Tensor(np.log([[0.228, 0.619, 0.153]]))
    >>> round(softmax_cross_entropy(logits, [1]).item(), 4)
    0.4797
    """
    labels = np.asarray(labels)
    if labels.dtype.kind in "iu" and labels.shape != logits.shape:
        check_labels(labels, classes=logits.shape[-1])
        losses = SparseSoftmaxCrossEntropy()(logits, labels)
    else:
        losses = SoftmaxCrossEntropy()(logits, np.asarray(labels, logits.dtype))
    return reduce_losses(losses, reduction)


def check_labels(labels: np.ndarray, classes: int) -> None:
    """Raise ShapeError unless labels are class numbers (N,), ValueError unless all are in 0 … classes−1."""
    if labels.ndim != 1:
        raise ShapeError(f"class numbers must have shape (N,), got {labels.shape}; squeeze them or use one-hot labels")
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(
            f"labels must lie in 0 … {classes - 1} because there are {classes} outputs, "
            f"got {labels.min()} … {labels.max()}; number the classes from 0 or give the last layer more units"
        )
