"""Where a cross-entropy finds the logits: exact, while probabilities have already been rounded."""

import warnings

from .. import ops
from ..tensor import Tensor

#: probabilities are kept this far from 0 and 1 before their logarithm is taken (Keras's epsilon)
EPSILON = 1e-7


def find_logits(loss: str, y_pred: Tensor, from_logits: bool) -> Tensor | None:
    """The logits behind the predictions, or None where there are only probabilities.

    Softmax and sigmoid leave their input on their output, so that a model that ends in one of them is
    computed from its logits all the same.
    """
    if y_pred.logits is None:
        return y_pred if from_logits else None
    if from_logits:
        warnings.warn(
            f"{loss} was told from_logits=True, but the model ends in softmax or sigmoid; "
            "drop one of the two (the logits before the activation are used)",
            stacklevel=4,
        )
    return y_pred.logits


def clip_probabilities(p: Tensor) -> Tensor:
    """p kept in ε … 1 − ε."""
    return ops.clip(p, EPSILON, 1.0 - EPSILON)
