"""Tests of kernels/cpu/codegen.py: arrays of compiled code are given back, and no references are counted in vain."""

import numpy as np
from numba.core.runtime import _nrt_python, rtsys

from minicnn.kernels.cpu.compile import compiled
from minicnn.kernels.cpu.parallel import parallel, unpack

_SIZE = 1000


@compiled
def _squares(x):
    squares = np.empty(len(x), np.float32)
    for i in range(len(x)):
        squares[i] = x[i] * x[i]
    return squares


@compiled
def _both(x):
    return _squares(x), _squares(x)


@compiled
def _last_halves(pair):
    first, second = pair
    return first[len(first) // 2 :][-1] + second[len(second) // 2 :][-1]


@compiled
def _sum(x):
    total = np.float32(0)
    for _ in range(3):
        total += _last_halves(_both(x))
    return total


@parallel("f4[::1], f4[::1]")
def _sum_to(worker, workers, arguments):
    x, y = unpack(arguments)
    y[0] = _sum(x)


def test_every_array_that_compiled_code_makes_is_given_back():
    x, y = np.full(_SIZE, 3, np.float32), np.zeros(1, np.float32)
    _sum_to(1, x, y)
    _nrt_python.memsys_enable_stats()
    before = rtsys.get_allocation_stats()
    _sum_to(1, x, y)
    after = rtsys.get_allocation_stats()
    assert y[0] == 3 * 2 * 9
    assert after.alloc - before.alloc == after.free - before.free == 6
    assert after.mi_alloc - before.mi_alloc == after.mi_free - before.mi_free == 6


def test_code_that_only_looks_at_arrays_counts_no_references():
    def counts(helper):
        (compiled_helper,) = helper.overloads.values()
        return "NRT_decref" in compiled_helper.library.get_llvm_str()

    _sum_to.entry_point.compile()
    assert counts(_squares)
    assert not counts(_last_halves)
