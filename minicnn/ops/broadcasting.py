"""How a gradient goes back through broadcasting."""

from typing import Any


def reduce_to(k: Any, dy: Any, shape: tuple[int, ...]) -> Any:
    """Sum dy over the axes along which an operand of `shape` was repeated.

    If y[i, j] = f(a[j]) for every i, then da[j] = Σ_i dy[i, j].
    """
    extra = len(dy.shape) - len(shape)
    repeated = tuple(i for i, size in enumerate(dy.shape) if i < extra or (shape[i - extra] == 1 and size != 1))
    if not repeated:
        return dy
    return k.reshape(k.sum(dy, axis=repeated, keepdims=False), shape=shape)
