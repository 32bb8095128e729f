"""Inverted dropout as its definition."""

import numpy as np

_quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rate = 1 drops what it divides by 0


@_quiet
def dropout(x: np.ndarray, *, rate: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(y, keep): y = x / (1 − rate) where kept, else 0."""
    keep = np.asarray(rng.random(x.shape, dtype=np.float32) >= float(rate))
    return np.where(keep, x / (1 - float(rate)), 0), keep


@_quiet
def dropout_grad(dy: np.ndarray, keep: np.ndarray, *, rate: float) -> np.ndarray:
    """dx = dy / (1 − rate) where kept, else 0."""
    return np.where(keep, dy / (1 - float(rate)), 0)
