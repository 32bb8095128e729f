"""Inverted dropout: dropped elements are selected away, so that a dropped NaN is an exact zero."""

import numpy as np

from .capture import every_run
from .memory import empty
from .parallel import parallel, share, unpack, workers_for


def dropout(x: np.ndarray, *, rate: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(y, keep): y = x / (1 − rate) where kept, else 0.

    >>> y, keep = dropout(np.ones(1000, np.float32), rate=0.5, rng=np.random.default_rng(0))
    >>> sorted(set(y.tolist())), bool(((y == 2) == keep).all())
    ([0.0, 2.0], True)
    """
    keep = empty(x.shape, np.bool_)
    every_run(lambda: np.greater_equal(rng.random(x.shape, np.float32), float(rate), out=keep))
    return dropout_grad(x, keep, rate=rate), keep


def dropout_grad(dy: np.ndarray, keep: np.ndarray, *, rate: float) -> np.ndarray:
    """dx = dy / (1 − rate) where kept, else 0."""
    dx = empty(dy.shape)
    _keep(workers_for(dx.size), dy, keep, dx, 1 - float(rate))
    return dx


@parallel("f4[::1], b1[::1], f4[::1], f8")
def _keep(worker, workers, arguments):
    a, keep, out, kept_share = unpack(arguments)
    divisor = np.float32(kept_share)
    a, keep, out = share(a, worker, workers), share(keep, worker, workers), share(out, worker, workers)
    for i in range(len(a)):
        scaled = a[i] / divisor
        out[i] = scaled if keep[i] else np.float32(0)
