"""Bounds of the cross-entropies, made of those of log-softmax, softmax and sigmoid."""

from typing import Any

import numpy as np

from ... import reference
from . import activation
from .rounding import ELEMENTARY, Rounding


def softmax_cross_entropy(e: Rounding, logits: np.ndarray, targets: np.ndarray) -> Any:
    """L = −Σ t·log p: log p's error and K roundings. dz = p·Σt − t: p's error, K roundings in p·Σt, the difference."""
    t, n = np.abs(targets), logits.shape[1]
    log_p = np.abs(reference.log_softmax(logits))
    terms = np.where(t == 0, 0, t * activation.log_softmax(e, logits) + e.after(n, t * log_p))
    total = np.sum(t, axis=1, keepdims=True)
    of_dz = total * activation.softmax(e, logits) + e.after(n + 1, reference.softmax(logits) * total + t)
    return np.sum(terms, axis=1), of_dz


def sparse_softmax_cross_entropy(e: Rounding, logits: np.ndarray, labels: np.ndarray) -> Any:
    """L = −log p of the label; dz = p, less 1 there."""
    of_loss = np.take_along_axis(activation.log_softmax(e, logits), labels[:, None], axis=1)[:, 0]
    right = np.arange(logits.shape[1]) == labels[:, None]
    return of_loss, activation.softmax(e, logits) + np.where(right, e.after(1, 1), 0)


def sigmoid_cross_entropy(e: Rounding, logits: np.ndarray, targets: np.ndarray) -> Any:
    """L = max(z, 0) − z·t + log(1 + e^−|z|): a product, two sums, an exponential and a logarithm. dz = σ(z) − t."""
    soft = np.log1p(np.exp(-np.abs(logits)))
    of_loss = e.after(3, np.maximum(logits, 0) + np.abs(logits * targets)) + e.after(2 * ELEMENTARY + 2, soft)
    of_dz = activation.sigmoid(e, logits) + e.after(1, np.abs(reference.sigmoid(logits) - targets))
    return of_loss, of_dz
