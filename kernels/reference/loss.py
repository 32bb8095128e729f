"""Cross-entropies as their formulas."""

import numpy as np

from .activation import log_softmax, sigmoid, softmax

_quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and ±∞ are the specified answers here


@_quiet
def softmax_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L[n] = −Σ_k t[n,k]·log p[n,k], dz[n,k] = p[n,k]·Σ_j t[n,j] − t[n,k]; t = 0 adds exactly 0."""
    terms = np.where(targets == 0, 0, targets * log_softmax(logits))
    dz = softmax(logits) * np.sum(targets, axis=1, keepdims=True) - targets
    return -np.sum(terms, axis=1), dz


@_quiet
def sparse_softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L[n] = −log p[n, label[n]], dz[n,k] = p[n,k] − [k = label[n]]."""
    log_p = log_softmax(logits)
    loss = np.empty(len(labels), logits.dtype)
    dz = softmax(logits)
    for n, label in enumerate(labels):
        loss[n] = -log_p[n, label]
        dz[n, label] -= 1
    return loss, dz


@_quiet
def sigmoid_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L = max(z, 0) − z·t + log(1 + e^−|z|), dz = σ(z) − t."""
    loss = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return np.asarray(loss), np.asarray(sigmoid(logits) - targets)
