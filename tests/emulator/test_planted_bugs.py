"""Kernels whose threads need each other: right ones give the same bits in every schedule, and no bug goes unnoticed."""

from typing import NamedTuple

import numpy as np
import pytest

from minicnn.kernels.gpu.launch import Kernel
from minicnn.kernels.gpu.machine import using

from . import Emulator, Fault
from .conftest import EXAMPLES, MACHINES
from .library import DoesNotCompile

SOURCE = EXAMPLES / "cooperation.cu"
X = np.random.default_rng(0).standard_normal(3 * 512, np.float32)


class Case(NamedTuple):
    """How a kernel of the source is launched, and what it makes of as many numbers of X as it reads."""

    blocks: int
    threads: int
    shared: int
    reads: int
    arguments: tuple[int, ...]
    expected: np.ndarray


CASES = {
    "sum": Case(3, 128, 512, 1536, (512,), X.reshape(3, 512).sum(axis=1)),
    "reverse": Case(1, 64, 256, 64, (), X[:64].reshape(2, 32)[:, ::-1].ravel()),
    "pipeline": Case(1, 128, 4096, 1536, (3,), X.reshape(3, 512).sum(axis=0)),
    "through_swizzled": Case(1, 32, 4096, 1024, (), X[:1024]),
    "pieces": Case(3, 32, 0, 70, (70,), X[:70]),
    "warp_sum": Case(1, 64, 0, 64, (), np.repeat(X[:64].reshape(2, 32).sum(axis=1), 32)),
}
RIGHT = {name: Kernel(str(SOURCE.with_suffix("")), name) for name in CASES}


def run(machine: Emulator, kernel: Kernel, name: str) -> np.ndarray:
    case = CASES[name]
    with using(machine):
        x, y = machine.put(X[: case.reads]), machine.empty(case.expected.shape, np.dtype(np.float32))
        kernel(case.blocks, case.threads, x, y, *case.arguments, shared=case.shared)
    return y.get()


def is_right(name: str, y: np.ndarray) -> bool:
    return np.allclose(y, CASES[name].expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_right_kernels_are_right_in_every_schedule(name):
    first, *others = (run(machine, RIGHT[name], name) for machine in MACHINES)
    assert is_right(name, first)
    assert all(np.array_equal(first, other) for other in others)


class Bug(NamedTuple):
    """A piece of a kernel, what stands there instead, and what the fault then says; None: its numbers are wrong."""

    kernel: str
    right: str
    wrong: str
    says: str | None


BARRIER = "        __syncthreads();\n"
ADD = "        if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];\n"
WAIT = "        wait_for_copies<0>();\n"
ARRIVED = "        __syncthreads();  // the tile is there, and nobody reads the one before any more\n"
NEXT = "        if (tile + 1 < tiles) load(tile + 1);\n"
PART = "if (threadIdx.x == 0) y[blockIdx.x]"
STORE = "y[threadIdx.x] = value;"
RACE, BETWEEN_BLOCKS = "race in shared memory", "race in the device's memory"

#: what is noticed in any schedule, whatever the numbers are
FAULTS = {
    "no barrier between writing and reading": Bug("sum", BARRIER, "", f"{RACE}.* at cooperation.cu:1"),
    "a barrier too late": Bug("sum", BARRIER + ADD, ADD + BARRIER, RACE),
    "no wait for the warp": Bug("reverse", "__syncwarp();\n    y", "y", RACE),
    "no barrier before memory is used again": Bug("pipeline", ARRIVED, "if (tile == 0)" + ARRIVED, RACE),
    "copies begin before the barrier": Bug("pipeline", WAIT + ARRIVED + NEXT, WAIT + NEXT + ARRIVED, RACE),
    "blocks write the same": Bug("pieces", "blockIdx.x * 32", "blockIdx.x * 31", f"{BETWEEN_BLOCKS}: written also by"),
    "a block reads what another one writes": Bug("pieces", "= x[i]", "= i < 30 ? y[i + 40] : x[i]", BETWEEN_BLOCKS),
    "barriers at different places": Bug(
        *("sum", PART, "if (threadIdx.x < 32) __syncthreads();\nelse __syncthreads();\n" + PART),
        r"some wait at .*cooperation.cu:\d+ while others wait at .*cooperation.cu:\d+",
    ),
    "a barrier against a wait for the warp": Bug(
        *("reverse", "    __syncwarp();\n    y", "    threadIdx.x ? __syncwarp() : __syncthreads();\n    y", "deadlock")
    ),
    "lanes that part": Bug(
        *("warp_sum", STORE, "if (threadIdx.x % 2) __syncwarp();\nelse __shfl_xor_sync(~0u, value, 2);\n" + STORE),
        "some wait at .* while others",
    ),
    "half a warp": Bug("warp_sum", "sync(~0u,", "sync(0xffffu,", "whole warps only"),
    "a lane that has ended": Bug(
        "warp_sum", "float value", "if (threadIdx.x == 63) return;\nfloat value", "no such lane"
    ),
    "a step behind the array": Bug("pieces", "y[i] =", "y[i + 5000] =", "bad address .* at cooperation.cu:"),
    "a step before the array": Bug("pieces", "= x[i]", "= x[i - 5000]", "bad address .* at cooperation.cu:"),
    "a step behind the shared memory": Bug("reverse", "31 - lane", "5000 - lane", "bad address"),
    "a copy that is not aligned": Bug(
        "pipeline", "stage + 4 * threadIdx.x, x", "stage + threadIdx.x, x", "not aligned"
    ),
    "an array too large for the stack": Bug(
        *("pieces", "int i = b", "volatile float much[40000];\nfor (int k = 40000; k--;) much[k] = n;\nint i = b"),
        "bad address",
    ),
}

#: what wrong numbers or a fault tell, in some schedule
WRONG = {
    "no wait for copies": Bug("pipeline", WAIT, "", None),
    "a wait for too few copies": Bug("pipeline", "wait_for_copies<0>", "wait_for_copies<1>", None),
    "another swizzle": Bug(
        "through_swizzled", "tile[place(threadIdx.x, column)]", "tile[place(column, threadIdx.x)]", None
    ),
    "shared memory that nobody has written": Bug("reverse", "tile[lane] =", "if (lane) tile[lane] =", None),
    "one number behind the array": Bug("pieces", "= x[i]", "= x[i + 1]", None),
    "one number before the array": Bug("pieces", "= x[i]", "= x[i - 1]", None),
}

BUGS = {**FAULTS, **WRONG}


@pytest.fixture(scope="module")
def wrong_kernels(tmp_path_factory) -> dict[str, Kernel]:
    """All wrong kernels, in one source: it is compiled once."""
    path, text = tmp_path_factory.mktemp("planted") / "planted.cu", SOURCE.read_text(encoding="utf-8")
    pieces = ["#include <primitives.cuh>\n"]
    for i, bug in enumerate(BUGS.values()):
        assert text.count(bug.right) == 1, bug.right
        pieces.append(f'namespace bug_{i} {{\n#line 1 "{SOURCE.name}"\n{text.replace(bug.right, bug.wrong)}}}\n')
    path.write_text("".join(pieces), encoding="utf-8")
    kernels = [Kernel(str(path.with_suffix("")), f"bug_{i}::{bug.kernel}") for i, bug in enumerate(BUGS.values())]
    return dict(zip(BUGS, kernels))


@pytest.mark.parametrize("name", FAULTS)
def test_faults_in_every_schedule(name, machine, wrong_kernels):
    kernel = BUGS[name].kernel
    with pytest.raises(Fault, match=BUGS[name].says):
        run(machine, wrong_kernels[name], kernel)
    assert is_right(kernel, run(machine, RIGHT[kernel], kernel))  # the machine goes on as if nothing had been


@pytest.mark.parametrize("name", WRONG)
def test_wrong_numbers_in_some_schedule(name, wrong_kernels):
    def notices(machine: Emulator) -> bool:
        try:
            return not is_right(BUGS[name].kernel, run(machine, wrong_kernels[name], BUGS[name].kernel))
        except Fault:
            return True

    assert any(notices(machine) for machine in MACHINES)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("__global__ void f(float* y) { __shared__ float tile[32]; y[0] = tile[0]; }", "comes from dynamic_shared"),
        (
            "__global__ void f(float* y) { float sum; for (int i = 0; i < 3; i++) sum += i; y[0] = sum; }",
            "uninitialized",
        ),
        ("__global__ void f(float* y) { y[0] = unknown; }", "unknown"),
    ],
)
def test_what_does_not_compile(text, says, tmp_path):
    (tmp_path / "source.cu").write_text(text)
    with using(Emulator()), pytest.raises(DoesNotCompile, match=says):
        Kernel(str(tmp_path / "source"), "f")(1, 1, None)
