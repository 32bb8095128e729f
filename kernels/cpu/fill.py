"""Arrays that begin with zeros."""

import numpy as np

from .memory import empty
from .parallel import parallel, share, unpack, workers_for


def cleared(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros.

    >>> cleared((2, 3)).sum().item()
    0.0
    """
    array = empty(shape)
    _clear(workers_for(array.size // 4), array)
    return array


@parallel("f4[::1]")
def _clear(worker, workers, arguments):
    (array,) = unpack(arguments)
    share(array, worker, workers)[:] = 0
