"""Cross-entropies with their gradients, from one pass of exponentials."""

import numpy as np

from .activation import sigmoid

_quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and ±∞ are the specified answers here


@_quiet
def softmax_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L = −Σ t·log p, dz = p·Σt − t.

    >>> loss, dz = softmax_cross_entropy(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    >>> loss.round(4).tolist(), dz.tolist()
    ([0.6931], [[-0.5, 0.5]])
    """
    log_p, p = _log_softmax_and_softmax(logits)
    # a class with t = 0 adds exactly 0, even where log p = −∞
    np.multiply(targets, log_p, out=log_p, where=targets != 0)
    np.copyto(log_p, 0, where=targets == 0)
    p *= targets.sum(axis=1, keepdims=True)
    p -= targets
    return -log_p.sum(axis=1), p


@_quiet
def sparse_softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L[n] = −log p[n, label[n]], dz = p − [k = label].

    >>> loss, dz = sparse_softmax_cross_entropy(np.array([[0.0, 0.0]]), np.array([0]))
    >>> loss.round(4).tolist(), dz.tolist()
    ([0.6931], [[-0.5, 0.5]])
    """
    log_p, p = _log_softmax_and_softmax(logits)
    right = np.arange(len(labels)), labels
    p[right] -= 1
    return -log_p[right], p


@_quiet
def sigmoid_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L = max(z, 0) − z·t + log(1 + e^−|z|), dz = σ(z) − t.

    >>> loss, dz = sigmoid_cross_entropy(np.array([0.0, 1e4]), np.array([1.0, 1.0]))
    >>> loss.round(4).tolist(), dz.tolist()
    ([0.6931, 0.0], [-0.5, 0.0])
    """
    loss = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return np.asarray(loss), np.asarray(sigmoid(logits) - targets)


def _log_softmax_and_softmax(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    log_p = z - z.max(axis=1, keepdims=True)
    p = np.exp(log_p)
    total = p.sum(axis=1, keepdims=True)
    p /= total
    log_p -= np.log(total)
    return log_p, p
