"""Inverted dropout: dropout.cu, by the numbers that the host's generator would have drawn."""

import ctypes
import functools

import numpy as np

from .capture import drawn
from .launch import THREADS, Kernel, blocks
from .machine import Array
from .memory import contiguous, empty

_dropout, _dropout_grad = Kernel("dropout", "dropout"), Kernel("dropout", "dropout_grad")

_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645  # of PCG64
_MOST_BITS = 18  # of a thread's index: its way to its first number costs as much as 20 numbers do
_MOST_BLOCKS = (1 << _MOST_BITS) // THREADS
_WORD = 1 << 64

_Halves = ctypes.c_ulonglong * 2


class _Steps(ctypes.Structure):
    """Steps of the generator at once, as dropout.cu has them."""

    _fields_ = (("power", _Halves), ("sum", _Halves))


class _Powers(ctypes.Structure):
    """1, 2, 4, 8 … steps."""

    _fields_ = (("two_to", _Steps * _MOST_BITS),)


def dropout(x: Array, *, rate: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """(y, keep): y = x / (1 − rate) where kept, else 0."""
    if type(getattr(rng, "bit_generator", None)) is not np.random.PCG64:
        keep = drawn(lambda: rng.random(x.shape, np.float32) >= float(rate), x.shape, np.bool_)
        return dropout_grad(x, keep, rate=rate), keep
    y, keep = empty(x.shape), empty(x.shape, np.bool_)
    grid = min(blocks(y.size, 2 * THREADS), _MOST_BLOCKS)
    generator = drawn(lambda: _advanced(rng, y.size), (6,), np.uint64)
    numbers = float(rate), 1 - float(rate)
    _dropout(grid, THREADS, contiguous(x), generator, y, keep, y.size, *numbers, _powers(), _steps(grid * THREADS))
    return y, keep


def dropout_grad(dy: Array, keep: Array, *, rate: float) -> Array:
    """dx = dy / (1 − rate) where kept, else 0."""
    dx = empty(dy.shape)
    _dropout_grad(blocks(dx.size), THREADS, contiguous(dy), contiguous(keep), dx, dx.size, 1 - float(rate))
    return dx


def _advanced(rng: np.random.Generator, count: int) -> np.ndarray:
    """The generator as dropout.cu reads it; then lets it draw so many numbers, most of them at once."""
    before = rng.bit_generator.state
    left = before["has_uint32"]
    halves = [n >> shift & (_WORD - 1) for n in before["state"].values() for shift in (0, 64)]
    pairs = (count - left - 1) // 2  # but for the last number or two
    if pairs > 0:
        rng.bit_generator.advance(pairs)  # type: ignore[attr-defined]
        count -= left + 2 * pairs
    rng.random(count, np.float32)
    return np.array([*halves, left, before["uinteger"]], np.uint64)


@functools.cache
def _steps(count: int) -> _Steps:
    """So many steps at once: s ← aᵏ·s + c·(1 + a + … + aᵏ⁻¹)."""
    power, total = 1, 0
    a, ones = _MULTIPLIER, 1  # of 1, 2, 4, 8 … steps
    while count:
        if count & 1:
            power, total = power * a % _WORD**2, (total * a + ones) % _WORD**2
        a, ones, count = a * a % _WORD**2, ones * (a + 1) % _WORD**2, count >> 1
    return _Steps(_halves(power), _halves(total))


@functools.cache
def _powers() -> _Powers:
    return _Powers((_Steps * _MOST_BITS)(*(_steps(1 << bit) for bit in range(_MOST_BITS))))


def _halves(number: int) -> ctypes.Array:
    return _Halves(number % _WORD, number // _WORD)
