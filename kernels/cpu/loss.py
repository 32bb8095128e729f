"""Cross-entropies with their gradients, row by row in one go."""

import math

import numpy as np

from .activation import exponentials
from .exponential import exp, log1p
from .memory import empty
from .parallel import parallel, share, unpack, workers_for

_WORK = 8  # elementary steps for one logit


def softmax_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L = −Σ t·log p, dz = p·Σt − t.

    >>> softmax_cross_entropy(np.array([[0, 0]], np.float32), np.array([[1, 0]], np.float32))
    (array([0.6931472], dtype=float32), array([[-0.5,  0.5]], dtype=float32))
    """
    loss, dz = empty(logits.shape[:1]), empty(logits.shape)
    _softmax_cross_entropy(workers_for(_WORK * logits.size), logits, targets, loss, dz)
    return loss, dz


def sparse_softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L[n] = −log p[n, label[n]], dz = p − [k = label].

    >>> sparse_softmax_cross_entropy(np.array([[0, 0]], np.float32), np.array([0]))
    (array([0.6931472], dtype=float32), array([[-0.5,  0.5]], dtype=float32))
    """
    loss, dz = empty(logits.shape[:1]), empty(logits.shape)
    _sparse_softmax_cross_entropy(workers_for(_WORK * logits.size), logits, labels, loss, dz)
    return loss, dz


def sigmoid_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L = max(z, 0) − z·t + log(1 + e^−|z|), dz = σ(z) − t.

    >>> sigmoid_cross_entropy(np.array([0, 1e4], np.float32), np.array([1, 1], np.float32))
    (array([0.6931472, 0.       ], dtype=float32), array([-0.5,  0. ], dtype=float32))
    """
    loss, dz = empty(logits.shape), empty(logits.shape)
    _sigmoid_cross_entropy(workers_for(_WORK * logits.size), logits, targets, loss, dz)
    return loss, dz


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], f4[:, ::1]")
def _softmax_cross_entropy(worker, workers, arguments):
    z, t, loss, dz = unpack(arguments)
    z, t, loss, dz = (
        share(z, worker, workers),
        share(t, worker, workers),
        share(loss, worker, workers),
        share(dz, worker, workers),
    )
    for n in range(len(z)):
        largest, total = exponentials(z[n], dz[n])
        log_total = np.float32(math.log(total))
        weight, cross = np.float32(0), np.float32(0)
        for k in range(z.shape[1]):
            target = t[n, k]
            weight += target
            # a class with t = 0 adds exactly 0, even where log p = −∞
            cross += target * ((z[n, k] - largest) - log_total) if target != 0 else np.float32(0)
        loss[n] = -cross
        for k in range(z.shape[1]):
            dz[n, k] = dz[n, k] / total * weight - t[n, k]


@parallel("f4[:, ::1], i8[::1], f4[::1], f4[:, ::1]")
def _sparse_softmax_cross_entropy(worker, workers, arguments):
    z, labels, loss, dz = unpack(arguments)
    z, labels, loss, dz = (
        share(z, worker, workers),
        share(labels, worker, workers),
        share(loss, worker, workers),
        share(dz, worker, workers),
    )
    for n in range(len(z)):
        largest, total = exponentials(z[n], dz[n])
        label = labels[n]
        loss[n] = -((z[n, label] - largest) - np.float32(math.log(total)))
        for k in range(z.shape[1]):
            dz[n, k] /= total
        dz[n, label] -= 1


@parallel("f4[::1], f4[::1], f4[::1], f4[::1]")
def _sigmoid_cross_entropy(worker, workers, arguments):
    z, t, loss, dz = unpack(arguments)
    z, t, loss, dz = (
        share(z, worker, workers),
        share(t, worker, workers),
        share(loss, worker, workers),
        share(dz, worker, workers),
    )
    for i in range(len(z)):
        logit, target = z[i], t[i]
        small = exp(-abs(logit))
        positive = np.float32(0) if logit <= 0 else logit
        loss[i] = positive - logit * target + log1p(small)
        dz[i] = (np.float32(1) if logit >= 0 else small) / (1 + small) - target
