"""As portable: not compiled yet."""

from ..portable.dropout import dropout, dropout_grad

__all__ = ["dropout", "dropout_grad"]
