"""The moments of training at which callbacks are called, and calling several of them."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

Logs = dict[str, Any] | None


class Callback:
    """Base of the callbacks: override the moments you care about.

    model     the model being trained: `self.model.stop_training = True` ends training after the current batch
    params    {"epochs", "steps" (batches an epoch), "verbose", "batch_size"}

    Epochs and batches count from 0. `logs` holds the loss and the metrics so far; at the end of a training
    batch also "size", the number of its samples. What a callback adds to the logs of an epoch, the callbacks
    after it see.

    A callback that remembers something from epoch to epoch names it in `kept`, so that `BackupAndRestore` can give it
    back to a training that was interrupted; or it overrides `state` and `load_state`.

    >>> class Loud(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(f"epoch {epoch} done, loss {logs['loss']}")
    >>> Loud().on_epoch_end(0, {"loss": 0.5})
    epoch 0 done, loss 0.5
    """

    model: Any = None
    params: dict[str, Any] | None = None
    #: attributes that an interrupted training needs to go on, with their types
    kept: ClassVar[dict[str, Any]] = {}

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Logs = None) -> None: ...

    def on_train_end(self, logs: Logs = None) -> None: ...

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None: ...

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Older name of on_train_batch_begin."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Older name of on_train_batch_end."""

    def on_test_begin(self, logs: Logs = None) -> None: ...

    def on_test_end(self, logs: Logs = None) -> None: ...

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None: ...

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None: ...

    def on_predict_begin(self, logs: Logs = None) -> None: ...

    def on_predict_end(self, logs: Logs = None) -> None: ...

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None: ...

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None: ...

    def state(self) -> dict[str, Any]:
        """What `load_state` needs: numbers, strings, arrays, None, and lists and dictionaries of them."""
        return {name: getattr(self, name) for name in self.kept}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned in the training that was interrupted; called after on_train_begin.

        Raises TypeError, ValueError or KeyError for anything else.
        """
        for name, kind in self.kept.items():
            if not isinstance(state[name], kind):
                raise TypeError(f"{type(self).__name__} cannot take {state[name]!r} as {name}")
        for name in self.kept:
            setattr(self, name, state[name])

    def close(self) -> None:
        """Let go of files and displays: called when training ends, also by an error or Ctrl-C."""


class CallbackList:
    """Several callbacks as one: every `on_…` call goes to each of them, in order; `with` closes them at its end.

    >>> heard = []
    >>> class Listener(Callback):
    ...     def on_epoch_begin(self, epoch, logs=None):
    ...         heard.append(epoch)
    >>> CallbackList([Listener(), Listener()], model=None, params={}).on_epoch_begin(3)
    >>> heard
    [3, 3]
    """

    def __init__(self, callbacks: Iterable[Callback], model: Any, params: dict[str, Any]):
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params(params)

    def __enter__(self) -> "CallbackList":
        return self

    def __exit__(self, *_: object) -> None:
        for callback in self.callbacks:
            callback.close()

    def __getattr__(self, moment: str) -> Callable[..., None]:
        if not (moment.startswith("on_") and hasattr(Callback, moment)):
            raise AttributeError(f"callbacks are not called at {moment!r}")

        def call_each(*args: Any, **kwargs: Any) -> None:
            for callback in self.callbacks:
                getattr(callback, moment)(*args, **kwargs)

        return call_each
