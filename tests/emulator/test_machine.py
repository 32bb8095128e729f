"""What the emulator says of launches that CUDA would refuse, or silently take for others."""

import ctypes

import numpy as np
import pytest

from minicnn.kernels.gpu.launch import Kernel
from minicnn.kernels.gpu.machine import using

from . import Emulator, Fault
from .conftest import EXAMPLES

PIECES = Kernel(str(EXAMPLES / "cooperation"), "pieces")


class Pair(ctypes.Structure):
    _fields_ = (("first", ctypes.c_int), ("second", ctypes.c_int))


@pytest.fixture
def arrays():
    """x and y on the machine in use."""
    machine = Emulator()
    with using(machine):
        yield machine.put(np.zeros(64, np.float32)), machine.empty((64,), np.dtype(np.float32))


@pytest.mark.parametrize("more", [(), (64, 64), (64.0,), (None,), (Pair(1, 2),)], ids=str)
def test_wrong_arguments(more, arrays):
    with pytest.raises(Fault, match="pieces takes p8 p8 i4, and was given"):
        PIECES(2, 32, *arrays, *more)


@pytest.mark.parametrize(
    ("grid", "block", "shared", "says"),
    [
        (1, 0, 0, "a block of"),
        (1, 1025, 0, "a block of"),
        (1, (32, 64), 0, "a block of"),
        (1, (1, 1, 65), 0, "a block of"),
        ((1, 65536), 32, 0, "a grid of"),
        (1, 32, (227 << 10) + 1, "bytes of shared memory"),
    ],
)
def test_launches_that_cuda_refuses(grid, block, shared, says, arrays):
    with pytest.raises(Fault, match=says):
        PIECES(grid, block, *arrays, 64, shared=shared)


def test_no_blocks_launch_nothing(arrays):
    PIECES(0, 32, *arrays, 64)
    assert np.isnan(arrays[1].get()).all()


def test_an_array_that_is_freed_is_out_of_reach():
    machine = Emulator()
    x, y = machine.put(np.zeros(64, np.float32)), machine.empty((64,), np.dtype(np.float32))
    arguments = [ctypes.c_void_p(x.data.ptr), ctypes.c_void_p(y.data.ptr), ctypes.c_int(64)]
    machine.launch(PIECES, (2, 1, 1), (32, 1, 1), arguments, 0)
    del x
    with pytest.raises(Fault, match="bad address"):
        machine.launch(PIECES, (2, 1, 1), (32, 1, 1), arguments, 0)
