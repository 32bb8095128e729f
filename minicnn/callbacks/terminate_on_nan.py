"""Stopping where the loss is no number any more."""

import math

from .callback import Callback, Logs


class TerminateOnNaN(Callback):
    """End training when the loss of a batch is NaN or infinite.

    raise_error   raise RuntimeError instead of stopping quietly
    """

    def __init__(self, raise_error: bool = False):
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        message = f"batch {batch}: the loss is {loss}, training ends here"
        if self.raise_error:
            raise RuntimeError(message)
        print(message)
        self.model.stop_training = True
