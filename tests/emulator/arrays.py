"""Arrays of a device: their numbers are out of Python's reach, and forbidden pages lie before and behind them."""

import ctypes
import mmap
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np

PAGE = mmap.PAGESIZE
ALIGNMENT = 256  # of what CuPy allocates

_PRIVATE_ANONYMOUS_THERE = 0x100022  # and nowhere else

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class _Guarded:
    """Memory between two forbidden pages, full of NaN; it reaches to the second one, or begins at the first one.

    At the end, up to 15 bytes behind it are not noticed. No address is given twice: what is freed stays forbidden.
    """

    _next = 0x60 << 40  # a terabyte of its own: races.h tells arrays by that

    def __init__(self, nbytes: int, at_the_end: bool):
        room = -(-max(nbytes, 1) // PAGE) * PAGE
        self._length = room + 2 * PAGE
        self._start = _Guarded._next
        _Guarded._next += self._length
        there = _libc.mmap(self._start, self._length, mmap.PROT_READ | mmap.PROT_WRITE, _PRIVATE_ANONYMOUS_THERE, -1, 0)
        assert there == self._start, "no room for an array of the device"
        ctypes.memset(self._start, 0xFF, self._length)
        for page in (self._start, self._start + PAGE + room):
            assert _libc.mprotect(page, PAGE, 0) == 0
        self.address = self._start + PAGE + (room - nbytes & ~15 if at_the_end else 0)

    def __del__(self) -> None:
        _libc.munmap(self._start, self._length)


class DeviceArray:
    """What the project uses of cupy.ndarray, with its refusal to be taken for an array of NumPy's."""

    def __init__(self, numbers: np.ndarray):
        self._numbers = numbers

    @classmethod
    def empty(cls, shape: tuple[int, ...], dtype: Any, at_the_end: bool = True) -> "DeviceArray":
        dtype = np.dtype(dtype)
        nbytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        memory = _Guarded(nbytes, at_the_end)
        buffer = (ctypes.c_char * nbytes).from_address(memory.address)
        buffer.memory = memory  # as long as a view of it lives, so does the memory
        return cls(np.frombuffer(buffer, dtype).reshape(shape))

    @classmethod
    def over(cls, address: int, shape: tuple[int, ...], dtype: Any, owner: Any) -> "DeviceArray":
        """Over memory of somebody else, whom it keeps."""
        described = {"version": 3, "shape": shape, "typestr": np.dtype(dtype).str, "data": (address, False)}
        return cls(np.asarray(SimpleNamespace(__array_interface__=described, owner=owner)))

    def get(self) -> np.ndarray:
        """A copy on the host."""
        return self._numbers.copy()

    def set(self, numbers: np.ndarray) -> None:
        assert self.shape == numbers.shape
        assert self.dtype == numbers.dtype
        self._numbers[...] = numbers

    @property
    def data(self) -> Any:
        return SimpleNamespace(ptr=self._numbers.ctypes.data)

    shape = property(lambda self: self._numbers.shape)
    dtype = property(lambda self: self._numbers.dtype)
    strides = property(lambda self: self._numbers.strides)
    flags = property(lambda self: self._numbers.flags)
    ndim = property(lambda self: self._numbers.ndim)
    size = property(lambda self: self._numbers.size)
    nbytes = property(lambda self: self._numbers.nbytes)
    itemsize = property(lambda self: self._numbers.itemsize)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, key: Any) -> "DeviceArray":
        part = self._numbers[key]
        assert np.shares_memory(part, self._numbers) or not part.size, "only views: a copy would need a kernel"
        return DeviceArray(part)

    def reshape(self, *shape: Any) -> "DeviceArray":
        other = self._numbers.reshape(*shape)
        assert np.shares_memory(other, self._numbers) or not other.size, "only views: a copy would need a kernel"
        return DeviceArray(other)

    def transpose(self, *axes: Any) -> "DeviceArray":
        return DeviceArray(self._numbers.transpose(*axes))

    def view(self, dtype: Any) -> "DeviceArray":
        return DeviceArray(self._numbers.view(dtype))

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("implicit conversion of an array of the device to one of NumPy's: use .get()")

    __bool__ = __float__ = __int__ = __iter__ = __add__ = __mul__ = __array__
