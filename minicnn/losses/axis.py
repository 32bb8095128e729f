"""Which axis holds the classes: the last, always."""

from ..kernels import ShapeError
from ..tensor import Tensor


def expect_last_axis(axis: int) -> None:
    """Raise ValueError unless the classes lie on the last axis."""
    if axis != -1:
        raise ValueError(f"the classes must lie on the last axis, axis=-1, got axis={axis}; transpose the predictions")


def expect_rows(loss: str, y_pred: Tensor) -> None:
    """Raise ShapeError unless predictions are (N, K)."""
    if y_pred.ndim != 2:
        hint = (
            "add the batch axis with y_pred[None]"
            if y_pred.ndim == 1
            else "put layers.Flatten() or GlobalAveragePooling2D() before the last Dense layer, "
            "and end the model in a Dense layer with one unit a class"
        )
        raise ShapeError(f"{loss}: predictions must have shape (N, K), got {y_pred.shape}; {hint}")
