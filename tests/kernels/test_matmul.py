"""Matrix products: rows that are read where they lie or copied, panels that overlap or not, and nothing beyond them."""

import itertools

import numpy as np
import pytest
from numba import njit

from minicnn.kernels.cpu.matmul import DEPTH, PANELS, SLAB_ROWS, block_grid, matmul
from minicnn.kernels.cpu.simd import LANES, TILE_ROWS

SHAPES = [  # rows, depth, columns
    *itertools.product([TILE_ROWS - 1, 4 * TILE_ROWS + 1, 100], [1, 11, DEPTH], [LANES - 1, LANES, LANES + 1, 50]),
    (30, DEPTH + 1, LANES + 1),
    (30, 4 * DEPTH + 3, LANES + 1),
    (SLAB_ROWS + TILE_ROWS + 1, 20, 20),
    (10, 9, PANELS + 3),
    (10, 9, PANELS + LANES + 3),
]
TRANSPOSED = list(itertools.product([False, True], repeat=2))


def operands(shape, a_transposed, b_transposed):
    rows, depth, columns = shape
    rng = np.random.default_rng(rows * depth + columns)
    a, b = rng.standard_normal((rows, depth), np.float32), rng.standard_normal((depth, columns), np.float32)
    a = np.ascontiguousarray(a.T).T if a_transposed else a
    b = np.ascontiguousarray(b.T).T if b_transposed else b
    return a, b, rng.standard_normal(columns, np.float32), np.full((rows, columns), np.nan, np.float32)


@pytest.mark.parametrize(("a_transposed", "b_transposed"), TRANSPOSED)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_agrees_in_double_precision_and_bit_by_bit_on_any_threads(shape, a_transposed, b_transposed, any_threads):
    a, b, bias, out = operands(shape, a_transposed, b_transposed)
    expected, results = a.astype(np.float64) @ b.astype(np.float64) + bias, []
    for threads in (1, 2, 3, 8):
        any_threads(threads)
        results.append(matmul(a, b, out.copy(), bias))
        np.testing.assert_allclose(results[-1], expected, atol=1e-5 * np.abs(expected).max())
    assert all(found.tobytes() == results[0].tobytes() for found in results)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_what_is_not_finite_stays_in_its_row_or_column(shape):
    a, b, bias, out = operands(shape, a_transposed=False, b_transposed=False)
    a[-1, 0], b[0, -1] = np.nan, np.inf
    found = np.isfinite(matmul(a, b, out, bias))
    assert found[:-1, :-1].all()
    assert not found[-1].any()
    assert not found[:, -1].any()


@pytest.mark.parametrize(("a_transposed", "b_transposed"), TRANSPOSED)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_nothing_is_read_or_written_beyond_the_arrays(shape, a_transposed, b_transposed, before_a_forbidden_page):
    a, b, bias, out = operands(shape, a_transposed, b_transposed)
    expected = matmul(a, b, out.copy(), bias)
    a = before_a_forbidden_page(a.T).T if a_transposed else before_a_forbidden_page(a)
    b = before_a_forbidden_page(b.T).T if b_transposed else before_a_forbidden_page(b)
    found = matmul(a, b, before_a_forbidden_page(out), before_a_forbidden_page(bias))
    np.testing.assert_array_equal(found, expected)


@njit
def grid(rows, columns, results, workers):
    return block_grid(rows, columns, results, workers)


#: rows, columns, results: of dense layers on small batches, whose depth is cut into pieces, and of larger products
GRIDS = [(20, 512, 8), (32, 50, 8), (TILE_ROWS + 1, 100, 3), (1, 1, 1), (300, 64, 1), (1000, 700, 2)]


@pytest.mark.parametrize("shape", GRIDS, ids=str)
def test_one_thread_copies_nothing_twice(shape):
    rows, columns, results = shape
    height, down, width, across = grid(rows, columns, results, 1)
    assert (down, across) == (1, 1)
    assert height == rows
    assert width >= columns


@pytest.mark.parametrize("workers", [2, 3, 8, 64])
@pytest.mark.parametrize("shape", GRIDS, ids=str)
def test_blocks_cover_the_result_and_none_is_empty(shape, workers):
    rows, columns, results = shape
    height, down, width, across = grid(rows, columns, results, workers)
    assert (down - 1) * height < rows <= down * height
    assert (across - 1) * width < columns <= across * width
