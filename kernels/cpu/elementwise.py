"""Functions of single numbers, applied to every element of arrays of any layout.

Axes over which all the arrays go on evenly are joined, so that the last one, whose numbers are computed side by side,
is as long as may be: arrays that are contiguous are one long row.
"""

from collections.abc import Callable

import numpy as np

from .compile import compiled, inlined
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .simd import flat, get, put

_AXES = 4  # of the arrays that kernels are given
_STRETCH = 1 << 14  # elements of one task

#: signatures of kernels that use of_numbers and of_pairs: the operands, the result
NUMBER = "f4[:, :, :, :], f4[:, :, :, :]"
PAIR = "f4[:, :, :, :], f4[:, :, :, :], f4[:, :, :, :]"


def transposed(matrix: np.ndarray) -> np.ndarray:
    """Rows as columns, copied unless the columns lie one after the other.

    >>> transposed(np.array([[1, 2], [3, 4]], np.float32)).ravel()
    array([1., 3., 2., 4.], dtype=float32)
    """
    if matrix.flags.f_contiguous:
        return matrix.T
    out = empty(matrix.shape[::-1])
    copy_into(out, matrix.T)
    return out


def copy_into(out: np.ndarray, a: np.ndarray) -> None:
    """out = a."""
    elementwise(_copy, a, out)


def elementwise(kernel: Callable, *arrays: np.ndarray) -> None:
    """Call a kernel for arrays, the last of them the result, to whose shape the others are broadcast."""
    out = arrays[-1]
    if all(array.flags.c_contiguous and array.shape == out.shape for array in arrays):
        kernel(workers_for(out.size), *[array.reshape(1, 1, 1, -1) for array in arrays])
    elif out.size > 0:
        _start(kernel, _joined([np.broadcast_to(array, out.shape) for array in arrays[:-1]] + [out]))


def _start(kernel: Callable, views: list[np.ndarray]) -> None:
    """Call the kernel, for every place along the axes that it has not if there are such."""
    if views[0].ndim > _AXES:
        for parts in zip(*views):
            _start(kernel, list(parts))
    else:
        kernel(workers_for(views[-1].size), *views)


def _joined(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """The same elements with as few axes as all the strides allow, but at least so many as kernels want."""
    axes: list[tuple[int, tuple[int, ...]]] = []  # the joined ones: size, strides
    for i, size in enumerate(arrays[0].shape):
        strides = tuple(array.strides[i] for array in arrays)
        if axes and axes[-1][1] == tuple(size * stride for stride in strides):
            axes[-1] = axes[-1][0] * size, strides
        elif size > 1:
            axes.append((size, strides))
    axes = [(1, (0,) * len(arrays))] * (_AXES - len(axes)) + axes
    return [array.reshape([size for size, _ in axes]) for array in arrays]


def of_numbers(function: Callable) -> Callable:
    """What computes a worker's share of out = function(a), given (a, out)."""
    function = inlined(function)

    @compiled
    def compute(arrays, worker, workers):
        a, out = arrays
        stretches, tasks = _tasks(out.shape)
        for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
            i, j, k, part = _place(task, out.shape, stretches)
            row(a[i, j, k, part], out[i, j, k, part])

    @compiled
    def row(a, out):
        if a.strides[0] == out.strides[0] == out.itemsize:
            numbers, results = flat(a), flat(out)
            for i in range(len(out)):
                put(results, i, function(get(numbers, i)))
        else:
            for i in range(len(out)):
                out[i] = function(a[i])

    return compute


def of_pairs(function: Callable) -> Callable:
    """What computes a worker's share of out = function(a, b), given (a, b, out)."""
    function = inlined(function)

    @compiled
    def compute(arrays, worker, workers):
        a, b, out = arrays
        stretches, tasks = _tasks(out.shape)
        for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
            i, j, k, part = _place(task, out.shape, stretches)
            row(a[i, j, k, part], b[i, j, k, part], out[i, j, k, part])

    @compiled
    def row(a, b, out):
        if a.strides[0] == b.strides[0] == out.strides[0] == out.itemsize:
            left, right, results = flat(a), flat(b), flat(out)
            for i in range(len(out)):
                put(results, i, function(get(left, i), get(right, i)))
        elif a.strides[0] == out.strides[0] == out.itemsize and b.strides[0] == 0:
            left, number, results = flat(a), b[0], flat(out)
            for i in range(len(out)):
                put(results, i, function(get(left, i), number))
        else:
            for i in range(len(out)):
                out[i] = function(a[i], b[i])

    return compute


@compiled
def _tasks(shape):
    """(stretches, tasks): of a row, and of the whole array."""
    stretches = (shape[3] + _STRETCH - 1) // _STRETCH
    return stretches, shape[0] * shape[1] * shape[2] * stretches


@inlined
def _place(task, shape, stretches):
    """(i, j, k, stretch): where a task lies."""
    row, stretch = divmod(task, stretches)
    row, k = divmod(row, shape[2])
    i, j = divmod(row, shape[1])
    return i, j, k, slice(stretch * _STRETCH, (stretch + 1) * _STRETCH)


@of_numbers
def _itself(a):
    return a


@parallel(NUMBER)
def _copy(worker, workers, arguments):
    _itself(unpack(arguments), worker, workers)
