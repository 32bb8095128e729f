"""A real training on the GPU and on the processor, from the same seed: do the losses lie over each other?

    python benchmarks/gpu/curves.py OUT.json [STEPS]

The built-in digits and LeNet with ReLU, in each precision of the GPU. Such a network makes of a rounding a difference
that grows in any library; so the processor's own two precisions stand beside them, to say how much that is.
"""

import json
import sys
from pathlib import Path

import numpy as np

import minicnn as mc

#: device and precision of every run; the first one is the measure of the others
RUNS = [("cpu", "exact"), ("cpu", "float32"), ("gpu", "exact"), ("gpu", "float32"), ("gpu", "tf32")]


class Losses(mc.callbacks.Callback):
    """The loss of every batch."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        self.seen.append(float(logs["loss"]))


def losses(steps: int, batch_size: int = 64) -> list[float]:
    """Of an epoch of so many steps, averaged from its beginning as Keras does."""
    (images, labels), _ = mc.datasets.digits.load_data()
    take = np.arange(steps * batch_size) % len(images)
    mc.utils.set_random_seed(0)
    model = mc.Sequential([mc.Input((28, 28, 1)), mc.layers.Rescaling(1 / 255)])
    for filters in (8, 16):
        model.add(mc.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(mc.layers.MaxPooling2D(2))
    model.add(mc.layers.Flatten())
    model.add(mc.layers.Dense(64, activation="relu"))
    model.add(mc.layers.Dense(10))
    model.compile("adam", mc.losses.SparseCategoricalCrossentropy(from_logits=True))
    seen = Losses()
    x, y = images.reshape(-1, 28, 28, 1)[take], labels[take]
    model.fit(x, y, batch_size=batch_size, shuffle=False, verbose=0, callbacks=[seen])
    return seen.seen


def main(out: str, steps: int = 300) -> None:
    curves = {}
    for device, precision in RUNS:
        mc.config.set_precision(precision)
        with mc.device(device):
            curves[f"{device}, {precision}"] = losses(steps)
    Path(out).write_text(json.dumps(curves))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
