"""What every loss does around its formula: labels in, weights on, one number out."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..configurable import Configurable
from ..kernels import ShapeError
from ..kernels.errors import expect_one_of
from ..tensor import Tensor, as_tensor
from .labels import match_shape

REDUCTIONS = ("sum_over_batch_size", "sum", "none", None)


class Loss(Configurable):
    """Base of the losses. A subclass writes `call`, and `prepare` where labels need checking or converting.

    The two are apart because labels are plain data, prepared once a batch, while `call` is made of
    operations that can be recorded and differentiated.

    name        what it is called
    reduction   what becomes of the losses of the samples: "sum_over_batch_size" (their mean), "sum",
                or None or "none" (left as they are)
    """

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size"):
        self.name = name or type(self).__name__
        self.reduction = expect_one_of("reduction", reduction, REDUCTIONS)

    def prepare(self, y_true: Any, y_pred: Tensor) -> np.ndarray:
        """Check labels against predictions, of which only shape and dtype are read; return what `call` takes.

        Here: labels (N,) beside predictions (N, 1) get the missing axis, as a difference of the two would
        broadcast to (N, N). Raises ShapeError for labels (N, 1) beside predictions (N,).
        """
        labels = np.asarray(y_true, y_pred.dtype)
        one_more_or_less = {labels.shape, y_pred.shape} <= {labels.shape[:1], (*labels.shape[:1], 1)}
        return match_shape(self.name, labels, y_pred) if one_more_or_less else labels

    def call(self, targets: Tensor, y_pred: Tensor) -> Tensor:
        """Loss of each sample: (N, …, K) to (N, …)."""
        raise NotImplementedError

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The loss of a batch: a scalar, unless the reduction is none.

        sample_weight   a factor for each sample, (N,) or (N, 1), or one number for all

        Raises ShapeError where shapes do not fit: nothing broadcasts.
        """
        y_pred = as_tensor(y_pred)
        targets = Tensor(self.prepare(y_true, y_pred))
        losses = self.call(targets, y_pred)
        weights = None if sample_weight is None else Tensor(prepare_weights(sample_weight, losses))
        return self.reduce(losses, weights)

    def reduce(self, losses: Tensor, weights: Tensor | None = None) -> Tensor:
        """Weigh the losses of the samples and reduce them; the mean divides by N, not by the sum of weights."""
        if weights is not None:
            losses = losses * weights
        if self.reduction == "sum_over_batch_size":
            return losses.mean()
        return losses.sum() if self.reduction == "sum" else losses


class FunctionLoss(Loss):
    """A loss from a function (y_true, y_pred) of tensors that returns the loss of each sample.

    >>> loss = FunctionLoss(lambda y_true, y_pred: abs(y_true - y_pred).sum(axis=-1), name="city_block")
    >>> loss([[1.0, 2.0]], [[0.0, 0.0]]).item()
    3.0
    """

    def __init__(
        self,
        fn: Callable[[Tensor, Tensor], Tensor],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ):
        super().__init__(name or fn.__name__, reduction)
        self.fn = fn

    def call(self, targets: Tensor, y_pred: Tensor) -> Tensor:
        losses = self.fn(targets, y_pred)
        if not isinstance(losses, Tensor):
            raise TypeError(
                f"loss {self.name!r} must return a tensor, got {type(losses).__name__}; "
                "compute with minicnn.ops and the operators of tensors, not with NumPy"
            )
        return losses


def prepare_weights(sample_weight: Any, losses: Tensor) -> np.ndarray:
    """Sample weights in the dtype and shape of the losses; (N, 1) becomes (N,). Raises ShapeError for others."""
    weights = np.asarray(sample_weight, losses.dtype)
    if weights.shape == (*losses.shape, 1):
        weights = weights[..., 0]
    if weights.shape not in ((), losses.shape):
        raise ShapeError(
            f"sample_weight must have one number for each of the losses of shape {losses.shape}, "
            f"got shape {weights.shape}"
        )
    return weights
