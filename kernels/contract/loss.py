"""Cross-entropies fused with the activation before them, and with their gradients.

Fusing is exact where the separate steps are not: log(softmax(z)) loses everything once a probability
underflows, and the fused gradient is a plain difference.
"""

import numpy as np

from ..errors import ShapeError, letters
from .spec import ArrayLike, ArraySpec, expect_axes, expect_float, expect_same_shape


def softmax_cross_entropy(logits: ArrayLike, targets: ArrayLike) -> tuple[ArraySpec, ArraySpec]:
    """(L, dz): L[n] = −Σ_k t[n,k]·log p[n,k], dz[n,k] = p[n,k]·Σ_j t[n,j] − t[n,k], p = softmax(z).

    logits z (N, K), targets t (N, K) the same float dtype, usually a distribution per row.
    A class with t = 0 adds exactly 0, even where its log p is −∞.
    Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs" (1990).
    """
    expect_axes("softmax_cross_entropy", "logits", logits, "NK")
    expect_same_shape("softmax_cross_entropy", logits=logits, targets=targets)
    dtype = expect_float("softmax_cross_entropy", logits=logits, targets=targets)
    return ArraySpec(logits.shape[:1], dtype), ArraySpec(logits.shape, dtype)


def sparse_softmax_cross_entropy(logits: ArrayLike, labels: ArrayLike) -> tuple[ArraySpec, ArraySpec]:
    """(L, dz): L[n] = −log p[n, label[n]], dz[n,k] = p[n,k] − [k = label[n]], p = softmax(z).

    logits z (N, K), labels (N,) integers in 0 … K−1 (the caller has checked the range).
    """
    expect_axes("sparse_softmax_cross_entropy", "logits", logits, "NK")
    dtype = expect_float("sparse_softmax_cross_entropy", logits=logits)
    if tuple(labels.shape) != (logits.shape[0],):
        raise ShapeError(
            f"sparse_softmax_cross_entropy: labels must have shape (N={logits.shape[0]},) to go with the logits "
            f"{letters(logits.shape, 'NK')}, got {tuple(labels.shape)}; for one-hot labels use the categorical loss"
        )
    if np.dtype(labels.dtype).kind not in "iu":
        raise TypeError(f"sparse_softmax_cross_entropy: labels must be integers, got {labels.dtype}")
    return ArraySpec(logits.shape[:1], dtype), ArraySpec(logits.shape, dtype)


def sigmoid_cross_entropy(logits: ArrayLike, targets: ArrayLike) -> tuple[ArraySpec, ArraySpec]:
    """(L, dz) per element: L = max(z, 0) − z·t + log(1 + e^−|z|), dz = σ(z) − t.

    logits z and targets t of one shape and float dtype, t in 0 … 1.
    """
    expect_same_shape("sigmoid_cross_entropy", logits=logits, targets=targets)
    dtype = expect_float("sigmoid_cross_entropy", logits=logits, targets=targets)
    return ArraySpec(logits.shape, dtype), ArraySpec(logits.shape, dtype)
