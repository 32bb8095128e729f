"""Training by `fit`, which minicnn and Keras share: the same program measures both."""

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from workloads import WORKLOADS, batch, build

from peers.worker import GATE_STEPS, seconds_per_call

Data = dict[str, Any]  # the arguments of fit that say what to train on


class Fit:
    """A model that is trained by `fit`.

    feed        (images, labels, steps) → the arguments of `fit` for an epoch of so many equal batches
    options     of `compile`
    """

    def __init__(self, keras: ModuleType, feed: Callable[[np.ndarray, np.ndarray, int], Data], **options: Any) -> None:
        self.keras, self.feed, self.options = keras, feed, options

    def start_training(self, workload: str, steps: int = GATE_STEPS) -> list[float]:
        """Build the network; the losses of its first steps."""
        net = WORKLOADS[workload]
        self.model, self.batch = build(self.keras, net, **self.options), batch(net)
        data = self.feed(*self.batch, 1)
        return [self.model.fit(**data, verbose=0).history["loss"][0] for _ in range(steps)]

    def train(self, steps: int) -> float:
        """Seconds a step: an epoch of so many, after one to warm up."""
        data, clock = self.feed(*self.batch, steps), _clock(self.keras)
        self.model.fit(**data, epochs=2, verbose=0, callbacks=[clock])
        return clock.seconds / steps

    def start_prediction(self, workload: str) -> list[np.ndarray]:
        """Build the network; its answers."""
        net = WORKLOADS[workload]
        self.model, self.batch = build(self.keras, net, **self.options), batch(net)
        return [self.model.predict(self.batch[0], batch_size=net.batch, verbose=0)]

    def predict(self, batches: int) -> float:
        """Seconds a batch, of so many in one call."""
        data = {name: given for name, given in self.feed(*self.batch, batches).items() if name in ("x", "batch_size")}
        return seconds_per_call(lambda: self.model.predict(**data, verbose=0), 1) / batches


def _clock(keras: ModuleType) -> Any:
    class Clock(keras.callbacks.Callback):
        """The time that the last epoch takes."""

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds = time.perf_counter() - self.start

    return Clock()


def repeated(images: np.ndarray, labels: np.ndarray, steps: int) -> Data:
    """Arrays that hold the batch again and again."""
    x, y = (np.concatenate([array] * steps) for array in (images, labels))
    return {"x": x, "y": y, "batch_size": len(images), "shuffle": False}
