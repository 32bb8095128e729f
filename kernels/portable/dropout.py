"""Inverted dropout. Dropped elements are selected away, not multiplied by 0, so a dropped NaN is an exact zero."""

import numpy as np

from .select import select


def dropout(x: np.ndarray, *, rate: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(y, keep): y = x / (1 − rate) where kept, else 0.

    >>> y, keep = dropout(np.ones(1000), rate=0.5, rng=np.random.default_rng(0))
    >>> sorted(set(y.tolist())), bool(((y == 2) == keep).all())
    ([0.0, 2.0], True)
    """
    keep = np.asarray(rng.random(x.shape, dtype=np.float32) >= float(rate))
    return dropout_grad(x, keep, rate=rate), keep


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def dropout_grad(dy: np.ndarray, keep: np.ndarray, *, rate: float) -> np.ndarray:
    """dx = dy / (1 − rate) where kept, else 0."""
    return select(keep, np.asarray(dy / (1 - float(rate))))
