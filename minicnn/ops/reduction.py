"""What becomes of one loss per sample: their mean, or all of them."""

from ..tensor import Tensor


def reduce_losses(losses: Tensor, reduction: str) -> Tensor:
    """The mean of the losses, or the losses themselves. Raises ValueError for another reduction.

    >>> reduce_losses(Tensor([1.0, 2.0]), "mean").item()
    1.5
    """
    if reduction not in ("mean", "none"):
        raise ValueError(f'reduction must be "mean" or "none", got {reduction!r}')
    return losses.mean() if reduction == "mean" else losses
