"""Cross-entropies with their gradients: loss.cu, one launch each."""

from .elementwise import launch_rows
from .launch import THREADS, Kernel, blocks
from .machine import Array
from .memory import contiguous, empty

_softmax, _sigmoid = Kernel("loss", "softmax_cross_entropy"), Kernel("loss", "sigmoid_cross_entropy")

#: by the bytes of a label; no label is negative, so that its sign says nothing
_sparse = {
    size: Kernel("loss", f"sparse_softmax_cross_entropy<unsigned {kind}>")
    for size, kind in ((1, "char"), (2, "short"), (4, "int"), (8, "long long"))
}


def softmax_cross_entropy(logits: Array, targets: Array) -> tuple[Array, Array]:
    """L = −Σ t·log p, dz = p·Σt − t."""
    loss, dz = empty(logits.shape[:1]), empty(logits.shape)
    launch_rows(_softmax, contiguous(logits), contiguous(targets), loss, dz, shape=logits.shape)
    return loss, dz


def sparse_softmax_cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """L[n] = −log p[n, label[n]], dz = p − [k = label]."""
    loss, dz = empty(logits.shape[:1]), empty(logits.shape)
    kernel = _sparse[labels.itemsize]
    launch_rows(kernel, contiguous(logits), contiguous(labels), loss, dz, shape=logits.shape)
    return loss, dz


def sigmoid_cross_entropy(logits: Array, targets: Array) -> tuple[Array, Array]:
    """L = max(z, 0) − z·t + log(1 + e^−|z|), dz = σ(z) − t."""
    loss, dz = empty(logits.shape), empty(logits.shape)
    _sigmoid(blocks(dz.size), THREADS, contiguous(logits), contiguous(targets), loss, dz, dz.size)
    return loss, dz
