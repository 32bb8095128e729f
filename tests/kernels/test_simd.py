"""The vector language, lane by lane against NumPy."""

import numpy as np
import pytest
from numba import njit

from minicnn.kernels.cpu import simd
from minicnn.kernels.cpu.machine import REGISTER
from minicnn.kernels.cpu.simd import LANES, TILE_ROWS

RNG = np.random.default_rng(7)
SPECIAL = np.resize(np.array([0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 3], np.float32), LANES)
CODES = RNG.integers(0, 256, 3 * LANES, np.uint8)


def integers(*shape):
    """Numbers with which float32 computes exactly."""
    return RNG.integers(-99, 100, shape).astype(np.float32)


@njit
def _arithmetic(a, b, c, out):
    x, y, z = simd.load(a, 1), simd.load(b, 2), simd.load(c, 3)
    simd.store(out, 0, simd.add(x, y))
    simd.store(out, LANES, simd.subtract(x, y))
    simd.store(out, 2 * LANES, simd.multiply(x, y))
    simd.store(out, 3 * LANES, simd.maximum(x, y))
    simd.store(out, 4 * LANES, simd.fma(x, y, z))
    simd.store(out, 5 * LANES, simd.broadcast(a, 5))
    simd.store(out, 6 * LANES, simd.filled(simd.get(a, 5)))
    simd.store(out, 7 * LANES, simd.zeros())


def test_arithmetic_lane_by_lane():
    a, b, c = integers(3, LANES + 3)
    out = np.full(9 * LANES, np.pi, np.float32)
    _arithmetic(a, b, c, out)
    x, y, z = a[1:-2], b[2:-1], c[3:]
    expected = [x + y, x - y, x * y, np.maximum(x, y), x * y + z, x * 0 + a[5], x * 0 + a[5], x * 0, x * 0 + np.pi]
    np.testing.assert_array_equal(out.reshape(9, LANES), np.array(expected, np.float32))


@njit
def _reduced(a, lane):
    return simd.total(simd.load(a, 0)), simd.largest(simd.load(a, 0)), simd.lane_of(simd.load(a, 0), lane)


@pytest.mark.parametrize("lane", range(LANES))
def test_one_number_out_of_many(lane):
    a = np.roll(np.arange(LANES, dtype=np.float32) - 3, lane)
    assert _reduced(a, lane) == (a.sum(), a.max(), a[lane])


@njit
def _maximum(a, b, out):
    x, y = simd.load(a, 0), simd.load(b, 0)
    simd.store(out, 0, simd.maximum(x, y))
    tile = simd.maximum_tile(x, simd.load_tile(b, simd.spaced(0, 0)))
    simd.store_tile(out, simd.spaced(LANES, LANES), tile)


@pytest.mark.parametrize("shift", range(8))
def test_the_second_of_a_pair_with_a_nan_is_its_maximum(shift):
    a, b, out = SPECIAL, np.roll(SPECIAL, shift), np.empty((1 + TILE_ROWS, LANES), np.float32)
    _maximum(a, b, out.reshape(-1))
    np.testing.assert_array_equal(out, np.broadcast_to(np.where(a > b, a, b), out.shape))


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
def _true_lanes(a, b):
    bits, lanes = simd.bits_of(simd.greater(simd.load(a, 0), simd.load(b, 0))), []
    while bits != 0:
        lanes.append(simd.lowest_bit(bits))
        bits &= bits - 1
    return lanes


@pytest.mark.parametrize("shift", range(8))
def test_the_bits_of_a_mask_name_its_lanes(shift):
    a, b = SPECIAL, np.roll(SPECIAL, shift)
    assert _true_lanes(a, b) == np.flatnonzero(a > b).tolist()


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
    table, a, b = RNG.integers(0, 9, TILE_ROWS), integers(20), integers(LANES)
    tile = np.empty((TILE_ROWS, LANES), np.float32)
    _tile_of_two(a, table, 2, 5, b, tile.reshape(-1))
    np.testing.assert_array_equal(tile[:, : LANES // 2], np.outer(a[table + 2], b[: LANES // 2]))
    np.testing.assert_array_equal(tile[:, LANES // 2 :], np.outer(a[table + 5], b[LANES // 2 :]))


@njit
def _fold(x, low, high, tile, folded):
    rows = simd.spaced(0, LANES)
    simd.store_tile(folded, rows, simd.fold_tile(simd.load_two(x, low, high), simd.load_tile(tile, rows)))


def test_the_halves_of_rows_are_added_in_either_half():
    x, tile, folded = integers(LANES + 3), integers(TILE_ROWS * LANES), np.empty(TILE_ROWS * LANES, np.float32)
    _fold(x, 1, 3, tile, folded)
    half = LANES // 2
    vector = np.concatenate([x[1 : 1 + half], x[3 : 3 + half]])
    sums = tile.reshape(TILE_ROWS, 2, half).sum(1)
    np.testing.assert_array_equal(folded.reshape(TILE_ROWS, LANES), vector + np.tile(sums, 2))


@njit
def _store_halves(tile, table, out):
    simd.store_half_tile(out, simd.listed(table, 0), simd.load_tile(tile, simd.spaced(0, LANES)))


def test_only_the_lower_half_of_rows_is_stored():
    half = LANES // 2
    tile, table, out = integers(TILE_ROWS, LANES), half * RNG.permutation(TILE_ROWS), np.empty(TILE_ROWS * half, "f")
    _store_halves(tile.reshape(-1), table, out)
    np.testing.assert_array_equal(out.reshape(TILE_ROWS, half)[table // half], tile[:, :half])


@njit
def _product(a, starts, b, depth, c, step):
    tile = simd.load_tile(c, simd.spaced(1, step))
    rows = simd.listed(starts, 1)
    for d in range(depth):
        tile = simd.fma_tile(a, rows, d, simd.load(b, d * LANES), tile)
    simd.store_tile(c, simd.spaced(1, step), tile)


@pytest.mark.parametrize("depth", [0, 1, 2, 7])
def test_a_tile_is_a_product_of_matrices_in_registers(depth):
    step = LANES + 3
    starts = np.append(-1, RNG.integers(0, 50, TILE_ROWS)).astype(np.intp)
    a, b, c = integers(60), integers(depth, LANES), integers(TILE_ROWS, step)
    expected = c.copy()
    expected[:, 1 : LANES + 1] += np.array([a[start : start + depth] for start in starts[1:]]) @ b
    _product(a, starts, b.ravel(), depth, c.reshape(-1), step)
    np.testing.assert_array_equal(c, expected)


@njit
def _product_of_three_rows(a, starts, b, depth, c):
    tile = simd.load_tile(c, simd.spaced(0, LANES, 3))
    for d in range(depth):
        simd.prefetch(a, 1 << 40)
        simd.prefetch_tile(a, simd.spaced(1 << 40, -LANES, 3))
        tile = simd.fma_tile(a, simd.listed(starts, 1, 3), d, simd.load(b, d * LANES), tile)
    simd.store_tile(c, simd.spaced(0, LANES, 3), tile)


def test_a_tile_of_another_height_and_prefetches_beyond_any_array():
    starts = RNG.integers(0, 50, 4)
    a, b, c = integers(60), integers(7, LANES), integers(4, LANES)
    expected = c.copy()
    expected[:3] += np.array([a[start : start + 7] for start in starts[1:]]) @ b
    _product_of_three_rows(a, starts, b.ravel(), 7, c.reshape(-1))
    np.testing.assert_array_equal(c, expected)


@njit
def _transpose(a, place, step, out, start):
    simd.transpose(a, place, step, out, start)


def test_transposition():
    a, out = integers(LANES, LANES + 5), np.full(LANES * LANES + 2, np.pi, np.float32)
    _transpose(a.reshape(-1), 2, LANES + 5, out, 1)
    np.testing.assert_array_equal(out[1:-1].reshape(LANES, LANES), a[:, 2 : LANES + 2].T)
    assert out[0] == out[-1] == np.float32(np.pi)


@njit
def _transpose_tile(a, place, step, out, start, distance):
    simd.transpose_tile(a, simd.spaced(place, step), out, start, distance)


def test_the_columns_of_a_tile_lie_one_after_the_other():
    a, room = integers(TILE_ROWS, LANES + 5), LANES * TILE_ROWS + 1 + REGISTER
    out = np.full(room, np.pi, np.float32)
    _transpose_tile(a.reshape(-1), 2, LANES + 5, out, 1, TILE_ROWS - 1)
    columns = out[1 : 1 + LANES * (TILE_ROWS - 1)].reshape(LANES, TILE_ROWS - 1)
    np.testing.assert_array_equal(columns, a[:-1, 2 : LANES + 2].T)
    assert out[0] == out[-1] == np.float32(np.pi)


@njit
def _tile_of_vectors(a, table, place, b, tile):
    spots, rows = simd.spaced(0, LANES), simd.listed(table, 0)
    simd.store_tile(tile, spots, simd.fma_vectors(a, rows, place, simd.load(b, 0), simd.load_tile(tile, spots)))


def test_every_row_has_numbers_of_its_own_times_the_same_vector():
    table, a, b = RNG.integers(0, LANES, TILE_ROWS), integers(2 * LANES + 2), integers(LANES)
    tile = np.ones((TILE_ROWS, LANES), np.float32)
    _tile_of_vectors(a, table, 2, b, tile.reshape(-1))
    np.testing.assert_array_equal(tile, 1 + a[table[:, None] + 2 + np.arange(LANES)] * b)


@njit
def _picked(a, places, codes, picks, out):
    simd.store(picks, 0, simd.picking(simd.load(codes, 0)))
    simd.store(out, 0, simd.picked(a, places[0], simd.load(picks, 0)))
    simd.store(out, LANES, simd.picked_two(a, places[0], places[1], simd.load(picks, 0)))


def test_every_lane_picks_one_of_four_numbers():
    a, places, codes = integers(20), np.array([3, 9]), CODES[:LANES] % 4
    out = np.empty((2, LANES), np.float32)
    _picked(a, places, codes, np.empty(LANES, np.int32), out.reshape(-1))
    np.testing.assert_array_equal(out[0], a[3 + codes])
    np.testing.assert_array_equal(out[1], a[np.where(np.arange(LANES) < LANES // 2, 3, 9) + codes])


@njit
def _fours(a, out):
    simd.store_fours(out, 2, simd.load(a, 0), simd.load(a, LANES), simd.load(a, 2 * LANES), simd.load(a, 3 * LANES))


def test_four_vectors_number_by_number():
    a, out = integers(4, LANES), np.full(4 * LANES + 4, np.pi, np.float32)
    _fours(a.reshape(-1), out)
    np.testing.assert_array_equal(out[2:-2].reshape(LANES, 4), a.T)
    assert (np.delete(out, np.s_[2:-2]) == np.float32(np.pi)).all()


def test_bits_are_read_as_integers_and_back():
    @njit
    def add_to_bits(x):
        bits = simd.as_integers(x)
        for i in range(len(bits)):
            bits[i] += 1
        return simd.as_floats(bits)[len(bits) - 1]

    x = np.array([[1, -2], [0, np.inf]], np.float32)
    expected = (x.view(np.int32) + np.int32(1)).view(np.float32)
    last = add_to_bits(x)
    np.testing.assert_array_equal(x, expected)
    assert np.isnan(last)


def test_numbers_on_the_stack_and_words_in_float32_memory():
    @njit
    def exchange(x, out):
        kept, words = simd.on_stack(np.float32, 4), simd.as_words(x)
        for i in range(len(kept)):
            simd.put(kept, i, simd.get(x, i))
        for i in range(len(words)):
            simd.put(words, i, -i)
        for i in range(len(kept)):
            simd.put(out, i, simd.get(kept, i))
        return len(kept), len(words)

    x, out = np.arange(9, dtype=np.float32)[1:], np.zeros(4, np.float32)
    assert exchange(x, out) == (4, 4)
    assert out.tolist() == [1, 2, 3, 4]
    assert x.view(np.int64).tolist() == [0, -1, -2, -3]
