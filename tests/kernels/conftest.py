"""What the kernel tests share: the implementations under test and their comparison with the reference.

Inputs are drawn in float64 but hold float32 numbers, so that every implementation sees the same values and
only the rounding of its own arithmetic is left to compare.
"""

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
from minicnn.kernels.gpu.machine import using

from ..emulator import Emulator

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


class Emulated(Implementation):
    """The kernels for a GPU, on the emulator."""

    def __init__(self, machine: Emulator):
        super().__init__("gpu", "float32")
        self._machine = machine

    def compute(self, kernel: str, *args, **options):
        on_device = [self._put(arg) for arg in args]
        with using(self._machine):
            result = super().compute(kernel, *on_device, **options)
        for host, device in zip(args, on_device):
            _copy_changes(device, host)
        return tuple(map(_get, result)) if isinstance(result, tuple) else _get(result)

    def _put(self, arg):
        """Arrays keep their layout."""
        if isinstance(arg, list):
            return [self._put(one) for one in arg]
        if not isinstance(arg, np.ndarray):
            return arg
        if arg.flags.c_contiguous:
            return self._machine.put(arg)
        if arg.flags.f_contiguous:
            return self._machine.put(arg.T).transpose()
        return self._machine.put(sliced(arg).base)[(slice(None, None, 2),) * arg.ndim]


def _copy_changes(device, host) -> None:
    if isinstance(host, np.ndarray) and host.tobytes() != device.get().tobytes():
        host[...] = device.get()


def _get(array):
    return None if array is None else array.get()


@pytest.fixture(
    params=[("portable", "float32"), ("portable", "float64"), ("cpu", "float32"), ("gpu", "emulated")], ids="-".join
)
def implementation(request) -> Implementation:
    if request.param[0] == "gpu":
        return Emulated(Emulator())
    return Implementation(*request.param)


@pytest.fixture
def emulated_gpu() -> Iterator[Emulator]:
    """What asks for a GPU finds the emulator."""
    emulator = Emulator()
    with using(emulator):
        yield emulator


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
