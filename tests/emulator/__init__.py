"""CUDA without a GPU: the kernels' own sources, compiled by g++ and run thread by thread on the processor.

    machine = Emulator(Schedule.RANDOM, seed=3)
    with using(machine):                        minicnn.kernels.gpu now runs on it
        y = gpu.relu(machine.put(x))
    y.get()                                     its numbers

What is caught: a missing barrier, a missing wait for a copy, a read of memory that nobody has written (it holds NaN), a
step beyond an array or the shared memory (forbidden pages lie there), a wrong number or type of arguments, an address
that is not aligned, and Python code that takes an array of the device for one of the host. What is not: races between
blocks, the order in which other threads see writes, the rounding of the hardware, and speed.

    cuda/fibers.h       functions that let another one go on
    cuda/block.h        the threads of a block, their barriers, and the order in which they run
    cuda/language.h     the words and functions of CUDA C++
    cuda/primitives.cuh the twins of kernels/gpu/primitives.cuh, which holds all PTX
    cuda/module.h       how Python starts a kernel
    arrays.py           arrays of the device
    machine.py          compiles and launches

Needs g++ on x86-64 Linux.
"""

from .arrays import DeviceArray
from .machine import Emulator, Schedule, missing

__all__ = ["DeviceArray", "Emulator", "Schedule", "missing"]
