"""As portable: not compiled yet."""

from ..portable.convolution import bias_grad, conv2d, conv2d_input_grad, conv2d_weight_grad

__all__ = ["bias_grad", "conv2d", "conv2d_input_grad", "conv2d_weight_grad"]
