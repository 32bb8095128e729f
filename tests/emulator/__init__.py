"""CUDA without a GPU: the kernels' own sources, compiled by g++ and run thread by thread on the processor.

    machine = Emulator(Schedule.RANDOM, seed=3)
    with using(machine):                        minicnn.kernels.gpu now runs on it
        y = gpu.relu(machine.put(x))
    y.get()                                     its numbers

What is caught, in any schedule: a race between threads or blocks, that is a missing or misplaced barrier; barriers that
not all come to; a step beyond an array or the shared memory (forbidden pages lie there), or into an array that is no
more; a wrong number or type of arguments; an address that is not aligned; a lane that is asked for and has ended; a
launch that CUDA refuses; and Python code that takes an array of the device for one of the host. A read of memory that
nobody has written finds NaN; a missing wait for a copy finds the old numbers, or the new ones, as the schedule chooses.
What is not: the order in which other blocks see writes, the rounding of the hardware, and speed.

    cuda/fibers.h       functions that let another one go on
    cuda/block.h        the threads of a block, their barriers, and the order in which they run
    cuda/races.h        who has touched which byte
    cuda/language.h     the words and functions of CUDA C++
    cuda/primitives.cuh the twins of kernels/gpu/primitives.cuh, which holds all PTX
    cuda/module.h       how Python starts a kernel
    library.py          compiles
    arrays.py           arrays of the device
    machine.py          launches

Needs g++ on x86-64 Linux.
"""

from .arrays import DeviceArray
from .library import missing
from .machine import Emulator, Fault, Schedule

__all__ = ["DeviceArray", "Emulator", "Fault", "Schedule", "missing"]
