"""What the kernel tests share: the implementations under test and their comparison with the reference.

Inputs are drawn in float64 but hold float32 numbers, so that every implementation sees the same values and
only the rounding of its own arithmetic is left to compare.
"""

import copy
import ctypes
import mmap
import platform
import warnings
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.kernels.contract import KERNELS, ArraySpec
from minicnn.kernels.cpu import threads
from minicnn.kernels.gpu import compile as compiling
from minicnn.kernels.gpu.machine import Machine, using

from ..emulator import Emulator, Schedule, missing

#: largest error allowed, as a part of the largest number in the expected array
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}


class Implementation:
    """One backend in one dtype, held to the contract's shapes and dtypes and to silence about legal input."""

    def __init__(self, name: str, dtype: str):
        self.name, self.dtype = name, dtype

    def __repr__(self) -> str:
        return f"{self.name}-{self.dtype}"

    def run(self, kernel: str, *args, **options):
        args = tuple(self.cast(arg) for arg in args)
        specified = KERNELS[kernel](*args, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            result = self.compute(kernel, *args, **options)
        assert_specified(result, specified)
        return result

    def compute(self, kernel: str, *args, **options):
        return getattr(backend(self.name), kernel)(*args, **options)

    def check(self, kernel: str, *args, **options) -> None:
        """Run the kernel here and in the reference, and compare."""
        self.assert_close(self.run(kernel, *args, **options), getattr(backend("reference"), kernel)(*args, **options))

    def cast(self, arg):
        """Floating-point arrays in this implementation's dtype, anything else as it is; layouts stay."""
        if isinstance(arg, np.ndarray) and arg.dtype.kind == "f" and arg.dtype != self.dtype:
            with np.errstate(over="ignore"):  # an extreme number may be infinite in float32
                return arg.astype(self.dtype)
        return arg

    def assert_close(self, actual, expected) -> None:
        if isinstance(expected, tuple):
            for one_actual, one_expected in zip(actual, expected, strict=True):
                self.assert_close(one_actual, one_expected)
            return
        with np.errstate(over="ignore"):
            expected = expected.astype(actual.dtype)  # what float32 cannot hold is infinite there
        finite = np.abs(expected[np.isfinite(expected)])
        tolerance = TOLERANCE[self.dtype] * finite.max(initial=0)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


def assert_specified(result, specified) -> None:
    """The result has the shape and dtype that the contract foretold."""
    if specified is None or isinstance(specified, ArraySpec):
        result, specified = (result,), (specified,)
    for array, spec in zip(result, specified, strict=True):
        if spec is None:
            assert array is None
        else:
            assert isinstance(array, np.ndarray)
            assert ArraySpec(array.shape, array.dtype) == spec


class OnGpu(Implementation):
    """The kernels for a GPU, on each of some machines in turn: they have to agree in every bit."""

    def __init__(self, *machines: Machine):
        super().__init__("gpu", "float32")
        self._machines = machines

    def compute(self, kernel: str, *args, **options):
        *others, last = self._machines
        runs = [self._compute(machine, kernel, args, copy.deepcopy(options)) for machine in others]
        runs.append(self._compute(last, kernel, args, options))  # which may advance a generator
        for host, *changed in zip(args, *(arrays for _, arrays in runs)):
            assert_same_bits(changed)
            _copy_changes(changed[0], host)
        results = [result for result, _ in runs]
        assert_same_bits(results)
        return results[0]

    def _compute(self, machine: Machine, kernel: str, args, options):
        """The result, and what became of the arguments."""
        there = [self._put(machine, arg) for arg in args]
        with using(machine):
            result = super().compute(kernel, *there, **options)
        return _get(result), _get(there)

    def _put(self, machine: Machine, arg):
        """Arrays keep their layout."""
        if isinstance(arg, list):
            return [self._put(machine, one) for one in arg]
        if not isinstance(arg, np.ndarray):
            return arg
        if arg.flags.c_contiguous:
            return machine.put(arg)
        if arg.flags.f_contiguous:
            return machine.put(arg.T).transpose()
        return machine.put(sliced(arg).base)[(slice(None, None, 2),) * arg.ndim]


def _get(result):
    """The same on the host."""
    if isinstance(result, (tuple, list)):
        return type(result)(map(_get, result))
    return result.get() if hasattr(result, "get") else result


def _copy_changes(changed, host) -> None:
    if isinstance(host, np.ndarray) and host.tobytes() != changed.tobytes():
        host[...] = changed


def assert_same_bits(results) -> None:
    first, *others = results
    for other in others:
        if isinstance(first, (tuple, list)):
            for pair in zip(first, other, strict=True):
                assert_same_bits(pair)
        elif isinstance(first, np.ndarray):
            assert first.tobytes() == other.tobytes(), "other bits in the second run"


@pytest.fixture(
    params=[
        *(("portable", "float32"), ("portable", "float64"), ("cpu", "float32"), ("gpu", "emulated")),
        pytest.param(("gpu", "device"), marks=pytest.mark.gpu),
    ],
    ids="-".join,
)
def implementation(request) -> Implementation:
    if request.param == ("gpu", "emulated"):
        return OnGpu(emulator(request.node.name))
    if request.param == ("gpu", "device"):
        return OnGpu(*[request.getfixturevalue("gpu")] * 2)
    return Implementation(*request.param)


def emulator(test: str) -> Emulator:
    """In a schedule that the name of the test chooses: over a grid of cases there are all of them."""
    if reason := missing():
        pytest.skip(reason)
    chance = zlib.crc32(test.encode())
    return Emulator(list(Schedule)[chance % len(Schedule)], seed=chance)


@pytest.fixture
def emulated_gpu(request) -> Iterator[Emulator]:
    """What asks for a GPU finds the emulator."""
    machine = emulator(request.node.name)
    with using(machine):
        yield machine


@pytest.fixture(scope="session")
def nvrtc() -> None:
    """What compiles for GPUs is here."""
    try:
        compiling.nvrtc()
    except RuntimeError as error:
        pytest.skip(str(error))


@pytest.fixture
def draw(request) -> Callable[..., np.ndarray]:
    """draw(2, 3): normal random numbers, the same in every implementation of a test."""
    generator = np.random.default_rng(zlib.crc32(request.node.originalname.encode()))

    def normal(*shape: int) -> np.ndarray:
        return np.asarray(generator.standard_normal(shape, np.float32), np.float64)

    return normal


@pytest.fixture
def assert_derivative(draw) -> Callable[..., None]:
    """assert_derivative(f, dx, x, dy): ⟨dx, u⟩ is the slope of ⟨dy, f(x)⟩ along random directions u."""

    def check(f: Callable, dx: np.ndarray, x: np.ndarray, dy: np.ndarray, h: float = 1e-5) -> None:
        for _ in range(3):
            u = draw(*x.shape)
            slope = np.sum(dy * (f(x + h * u) - f(x - h * u))) / (2 * h)
            np.testing.assert_allclose(np.sum(dx * u), slope, rtol=1e-6, atol=1e-8)

    return check


def sliced(a: np.ndarray) -> np.ndarray:
    """The same numbers as every second element of a larger array."""
    larger = np.full([2 * size for size in a.shape], 7, a.dtype)
    view = larger[tuple(slice(None, None, 2) for _ in a.shape)]
    view[...] = a
    return view


@pytest.fixture(params=[sliced, np.asfortranarray], ids=["sliced", "transposed"])
def layout(request) -> Callable[[np.ndarray], np.ndarray]:
    """The same numbers, laid out otherwise in memory."""
    return request.param


@pytest.fixture
def any_threads() -> Iterator[Callable[[int], None]]:
    """Set the number of threads, until the test ends."""
    before = threads.get_num_threads()
    yield threads.set_num_threads
    threads.set_num_threads(before)


@pytest.fixture
def before_a_forbidden_page() -> Callable[[np.ndarray], np.ndarray]:
    """The same numbers, right before memory that may not be touched: to read or write it would end the process."""
    if platform.system() != "Linux":
        pytest.skip("mprotect is called as Linux has it")

    def moved(array: np.ndarray) -> np.ndarray:
        size = -(-array.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
        memory = mmap.mmap(-1, size + mmap.PAGESIZE)
        copy = np.frombuffer(memory, array.dtype, array.size, size - array.nbytes).reshape(array.shape)
        copy[...] = array
        end = np.frombuffer(memory, np.uint8)[size:].ctypes.data
        assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(end), mmap.PAGESIZE, 0) == 0
        return copy

    return moved
