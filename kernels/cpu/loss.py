"""As portable: not compiled yet."""

from ..portable.loss import sigmoid_cross_entropy, softmax_cross_entropy, sparse_softmax_cross_entropy

__all__ = ["sigmoid_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy"]
