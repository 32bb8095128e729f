"""Two training steps and a prediction of small networks on the GPU: what the sanitizer watches.

python benchmarks/gpu/small_steps.py [PRECISION…]
"""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from workloads import WORKLOADS, Workload, batch, build

import minicnn

#: no size a multiple of a tile's
IMAGES = {"W1": (25, 23, 3), "W2": (19, 21, 3), "W3": (17, 22, 1), "W4": (13, 11, 3)}


def small(name: str) -> Workload:
    return replace(WORKLOADS[name], batch=3, image=IMAGES[name])


def run(workload: Workload, precision: str) -> list[float]:
    """The losses of two steps. Raises AssertionError if one of them or an answer is no number."""
    minicnn.config.set_precision(precision)
    model, (images, labels) = build(minicnn, workload), batch(workload)
    losses = [model.train_on_batch(images, labels) for _ in range(2)]
    assert np.isfinite(losses).all()
    assert np.isfinite(model.predict(images, verbose=0)).all()
    return losses


def main(*precisions: str) -> None:
    with minicnn.device("gpu"):
        for precision in precisions or ("tf32", "float32", "exact"):
            for name in IMAGES:
                print(name, precision, run(small(name), precision), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
