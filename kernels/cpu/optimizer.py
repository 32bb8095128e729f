"""As portable: not compiled yet."""

from ..portable.optimizer import adam_update, adamw_update, rmsprop_update, sgd_update

__all__ = ["adam_update", "adamw_update", "rmsprop_update", "sgd_update"]
