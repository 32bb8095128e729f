"""Cross-entropies with their gradients, row by row in one go."""

import math

import numpy as np

from .activation import exponentials, logistic
from .compile import parallel, share, workers_for
from .exponential import exp

_WORK = 8  # elementary steps for one logit


def softmax_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L = −Σ t·log p, dz = p·Σt − t.

    >>> loss, dz = softmax_cross_entropy(np.array([[0, 0]], np.float32), np.array([[1, 0]], np.float32))
    >>> loss.round(4).tolist(), dz.tolist()
    ([0.6931], [[-0.5, 0.5]])
    """
    loss, dz = np.empty(logits.shape[0], np.float32), np.empty(logits.shape, np.float32)
    arrays = np.ascontiguousarray(logits), np.ascontiguousarray(targets), loss, dz
    _softmax_cross_entropy(workers_for(_WORK * logits.size), *arrays)
    return loss, dz


def sparse_softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L[n] = −log p[n, label[n]], dz = p − [k = label].

    >>> loss, dz = sparse_softmax_cross_entropy(np.array([[0, 0]], np.float32), np.array([0]))
    >>> loss.round(4).tolist(), dz.tolist()
    ([0.6931], [[-0.5, 0.5]])
    """
    loss, dz = np.empty(logits.shape[0], np.float32), np.empty(logits.shape, np.float32)
    arrays = np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64), loss, dz
    _sparse_softmax_cross_entropy(workers_for(_WORK * logits.size), *arrays)
    return loss, dz


def sigmoid_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L = max(z, 0) − z·t + log(1 + e^−|z|), dz = σ(z) − t.

    >>> loss, dz = sigmoid_cross_entropy(np.array([0, 1e4], np.float32), np.array([1, 1], np.float32))
    >>> loss.round(4).tolist(), dz.tolist()
    ([0.6931, 0.0], [-0.5, 0.0])
    """
    loss, dz = np.empty(logits.shape, np.float32), np.empty(logits.shape, np.float32)
    arrays = np.ravel(logits), np.ravel(targets), loss.reshape(-1), dz.reshape(-1)
    _sigmoid_cross_entropy(workers_for(_WORK * logits.size), *arrays)
    return loss, dz


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], f4[:, ::1]")
def _softmax_cross_entropy(worker, workers, z, t, loss, dz):
    start, end = share(len(z), worker, workers)
    for n in range(start, end):
        largest, total = exponentials(z[n], dz[n])
        log_total = np.float32(math.log(total))
        weight, sum_ = np.float32(0), np.float32(0)
        for k in range(z.shape[1]):
            weight += t[n, k]
            # a class with t = 0 adds exactly 0, even where log p = −∞
            sum_ += t[n, k] * ((z[n, k] - largest) - log_total) if t[n, k] != 0 else np.float32(0)
        loss[n] = -sum_
        for k in range(z.shape[1]):
            dz[n, k] = dz[n, k] / total * weight - t[n, k]


@parallel("f4[:, ::1], i8[::1], f4[::1], f4[:, ::1]")
def _sparse_softmax_cross_entropy(worker, workers, z, labels, loss, dz):
    start, end = share(len(z), worker, workers)
    for n in range(start, end):
        largest, total = exponentials(z[n], dz[n])
        loss[n] = -((z[n, labels[n]] - largest) - np.float32(math.log(total)))
        for k in range(z.shape[1]):
            dz[n, k] /= total
        dz[n, labels[n]] -= 1


@parallel("f4[::1], f4[::1], f4[::1], f4[::1]")
def _sigmoid_cross_entropy(worker, workers, z, t, loss, dz):
    start, end = share(len(z), worker, workers)
    for i in range(start, end):
        positive = np.float32(0) if z[i] <= 0 else z[i]
        loss[i] = positive - z[i] * t[i] + math.log1p(exp(-abs(z[i])))
        dz[i] = logistic(z[i]) - t[i]
