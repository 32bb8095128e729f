"""A callback from functions."""

from collections.abc import Callable

from .callback import Callback


class LambdaCallback(Callback):
    """Call the given functions at the moments they are named after; others by keyword, such as on_test_end.

    Raises TypeError for a name that is no moment.

    >>> callback = LambdaCallback(on_epoch_begin=lambda epoch, logs: print("epoch", epoch))
    >>> callback.on_epoch_begin(0, None)
    epoch 0
    """

    def __init__(
        self,
        on_epoch_begin: Callable | None = None,
        on_epoch_end: Callable | None = None,
        on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None,
        on_train_batch_begin: Callable | None = None,
        on_train_batch_end: Callable | None = None,
        **others: Callable,
    ):
        functions = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **others,
        }
        for moment, function in functions.items():
            if not (moment.startswith("on_") and hasattr(Callback, moment)):
                raise TypeError(f"callbacks are not called at {moment!r}")
            if function is not None:
                setattr(self, moment, function)
