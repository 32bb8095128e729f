"""The vector language, lane by lane against NumPy."""

import numpy as np
import pytest
from numba import njit

from minicnn.kernels.cpu import simd
from minicnn.kernels.cpu.simd import LANES, TILE_ROWS

RNG = np.random.default_rng(7)
NUMBERS = RNG.standard_normal((3, 3 * LANES)).astype(np.float32)
SPECIAL = np.resize(np.array([0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 3], np.float32), LANES)
CODES = RNG.integers(0, 256, 3 * LANES, np.uint8)


@njit
def _masks(a, b, out):
    x, y = simd.load(a, 0), simd.load(b, 0)
    zero, one = simd.zeros(), simd.filled(1.0)
    simd.store(out, 0, simd.select(simd.greater(x, y), one, zero))
    simd.store(out, LANES, simd.select(simd.at_most(x, y), one, zero))
    simd.store(out, 2 * LANES, simd.select(simd.equal(x, y), one, zero))
    simd.store(out, 3 * LANES, simd.select(simd.is_nan(x), one, zero))
    simd.store(out, 4 * LANES, simd.select(simd.both(simd.greater(x, y), simd.greater(x, zero)), one, zero))
    simd.store(out, 5 * LANES, simd.select(simd.either(simd.is_nan(x), simd.is_nan(y)), one, zero))
    simd.store(out, 6 * LANES, simd.select(simd.negated(simd.at_most(x, y)), one, zero))


@pytest.mark.parametrize("shift", range(8))
def test_masks_follow_the_rules_of_nan(shift):
    a, b, out = SPECIAL, np.roll(SPECIAL, shift), np.empty(7 * LANES, np.float32)
    _masks(a, b, out)
    nan = np.isnan(a)
    expected = [a > b, a <= b, a == b, nan, (a > b) & (a > 0), nan | np.isnan(b), ~(a <= b)]
    np.testing.assert_array_equal(out.reshape(7, LANES), expected)


@njit
def _marked(codes, place, marks, sought, number):
    found = simd.equal(simd.load(codes, place), simd.filled(sought))
    simd.store(marks, place, simd.select(found, simd.filled(number), simd.broadcast(codes, place)))


@pytest.mark.parametrize("place", [0, 1, 2 * LANES])
def test_codes_are_bytes_in_memory_and_words_in_registers(place):
    marks = np.zeros_like(CODES)
    _marked(CODES, place, marks, CODES[place + 3], 1)
    found = CODES[place : place + LANES] == CODES[place + 3]
    expected = np.zeros_like(CODES)
    expected[place : place + LANES] = np.where(found, 1, CODES[place])
    np.testing.assert_array_equal(marks, expected)


@njit
def _tile_of_two(a, table, low, high, b, tile):
    rows, vector = simd.listed(table, 0), simd.load(b, 0)
    simd.store_tile(tile, simd.spaced(0, LANES), simd.fma_tile_two(a, rows, low, high, vector, simd.zero_tile()))


def test_two_numbers_a_row_one_for_each_half_of_the_lanes():
    table, a, b = RNG.integers(0, 9, TILE_ROWS), NUMBERS[0], NUMBERS[1, :LANES]
    tile = np.empty((TILE_ROWS, LANES), np.float32)
    _tile_of_two(a, table, 2, 5, b, tile.reshape(-1))
    np.testing.assert_array_equal(tile[:, : LANES // 2], np.outer(a[table + 2], b[: LANES // 2]))
    np.testing.assert_array_equal(tile[:, LANES // 2 :], np.outer(a[table + 5], b[LANES // 2 :]))
