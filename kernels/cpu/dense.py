"""As portable: not compiled yet."""

from ..portable.dense import dense, dense_input_grad, dense_weight_grad

__all__ = ["dense", "dense_input_grad", "dense_weight_grad"]
