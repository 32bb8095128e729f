import itertools
from typing import NamedTuple

import numpy as np
import pytest

from minicnn.kernels import ShapeError, backend
from minicnn.kernels.geometry import Padding, Pair, code_dtype, resolve_pads, window_output

reference = backend("reference")


class Case(NamedTuple):
    pool: Pair
    strides: Pair
    padding: Padding
    size: Pair = (7, 8)
    shape: Pair = (2, 3)  # batch and channels

    @property
    def pads(self):
        return resolve_pads(self.padding, self.size, self.pool, self.strides)

    @property
    def options(self) -> dict:
        return {"pool_size": self.pool, "strides": self.strides, "pads": self.pads}

    @property
    def output_shape(self) -> tuple[int, ...]:
        size = window_output(self.size, self.pool, self.strides, self.pads)
        return (self.shape[0], *size, self.shape[1])

    @property
    def legal(self) -> bool:
        try:
            window_output(self.size, self.pool, self.strides, self.pads)
        except ShapeError:
            return False
        return all(max(pad) < window for window, pad in zip(self.pool, self.pads))

    def __str__(self) -> str:
        return " ".join(map(str, self)).replace(", ", ",")


CASES = [
    Case(pool, strides, padding)
    for pool, strides, padding in itertools.product(
        [(1, 1), (2, 2), (3, 3), (2, 3), (5, 1)],
        [(1, 1), (2, 2), (2, 1), (4, 6)],  # overlap, side by side, pixels left out
        ["valid", "same", ((1, 0), (0, 1))],
    )
] + [
    Case((2, 2), (2, 2), "same", size=(1, 1), shape=(1, 1)),
    Case((3, 2), (1, 2), "valid", size=(3, 2), shape=(1, 17)),
    Case((2, 2), (2, 2), "valid", size=(9, 11), shape=(1, 33)),
    Case((2, 2), (2, 2), "valid", size=(9, 11), shape=(2, 64)),  # whole vectors of channels
    Case((2, 2), (2, 2), "same", size=(9, 11), shape=(1, 32)),
    Case((3, 3), (2, 2), "valid", size=(9, 11), shape=(1, 32)),
    Case((2, 2), (1, 1), "valid", size=(5, 4), shape=(1, 32)),
    Case((17, 17), (3, 3), "same", size=(18, 17), shape=(1, 2)),  # 289 places: codes of two bytes
]
CASES = [case for case in CASES if case.legal]

every_case = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture
def image(draw):
    """image(case, kind): continuous numbers, or numbers made to be difficult for a maximum."""

    def make(case: Case, kind: str) -> np.ndarray:
        x = draw(case.shape[0], *case.size, case.shape[1])
        if kind == "ties":
            x = np.round(x)
        if kind == "NaN":
            x[draw(*x.shape) > 0.5] = np.nan
        if kind == "infinite":
            x[draw(*x.shape) > 0.5] = np.inf
            x[draw(*x.shape) > 0.5] = -np.inf
        if kind == "all −∞":
            x[...] = -np.inf
        return x

    return make


@pytest.mark.parametrize("kind", ["normal", "ties", "NaN", "infinite", "all −∞"])
@every_case
def test_max_pool(case, kind, image, implementation):
    x = image(case, kind)
    y, code = implementation.run("max_pool2d", x, **case.options)
    expected_y, expected_code = reference.max_pool2d(x, **case.options)
    np.testing.assert_array_equal(y, expected_y)
    np.testing.assert_array_equal(code, expected_code)


@every_case
def test_max_pool_gradient(case, image, draw, implementation):
    _, code = reference.max_pool2d(image(case, "ties"), **case.options)
    dy = implementation.cast(draw(*case.output_shape))
    dx = implementation.run("max_pool2d_grad", dy, code, input_size=case.size, **case.options)
    # bit for bit, as the contract fixes the order in which overlapping windows add up
    np.testing.assert_array_equal(dx, reference.max_pool2d_grad(dy, code, input_size=case.size, **case.options))


@pytest.mark.parametrize("kind", ["normal", "NaN", "infinite"])
@every_case
def test_avg_pool(case, kind, image, implementation):
    implementation.check("avg_pool2d", image(case, kind), **case.options)


@every_case
def test_avg_pool_gradient(case, draw, implementation):
    implementation.check("avg_pool2d_grad", draw(*case.output_shape), input_size=case.size, **case.options)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_gradients_pass_nan_and_infinity_to_their_windows_only(value, image, draw, implementation):
    case = Case((3, 3), (2, 2), "same")
    _, code = reference.max_pool2d(image(case, "normal"), **case.options)
    dy = draw(*case.output_shape)
    dy[0, 1, 2, 1] = value
    implementation.check("max_pool2d_grad", dy, code, input_size=case.size, **case.options)
    implementation.check("avg_pool2d_grad", dy, input_size=case.size, **case.options)


def test_infinite_gradients_of_overlapping_windows_add_up_in_silence(image, draw, implementation):
    case = Case((3, 3), (1, 1), "same")
    _, code = reference.max_pool2d(image(case, "normal"), **case.options)
    dy = np.copysign(np.inf, draw(*case.output_shape))
    implementation.check("max_pool2d_grad", dy, code, input_size=case.size, **case.options)
    implementation.check("avg_pool2d_grad", dy, input_size=case.size, **case.options)


@pytest.mark.parametrize("kind", ["normal", "ties", "NaN", "infinite", "all −∞"])
@pytest.mark.parametrize("shape", [(2, 5, 7, 3), (1, 1, 1, 1), (3, 8, 4, 17)])
def test_global_max_pool(shape, kind, image, draw, implementation):
    x = image(Case((1, 1), (1, 1), "valid", size=shape[1:3], shape=(shape[0], shape[3])), kind)
    y, index = implementation.run("global_max_pool2d", x)
    expected_y, expected_index = reference.global_max_pool2d(x)
    np.testing.assert_array_equal(y, expected_y)
    np.testing.assert_array_equal(index, expected_index)
    implementation.check("global_max_pool2d_grad", draw(*y.shape), index, input_size=shape[1:3])


@pytest.mark.parametrize("shape", [(2, 5, 7, 3), (1, 1, 1, 1), (3, 8, 4, 17)])
def test_global_avg_pool(shape, draw, implementation):
    x = draw(*shape)
    implementation.check("global_avg_pool2d", x)
    implementation.check("global_avg_pool2d_grad", draw(shape[0], shape[3]), input_size=shape[1:3])
    x[0, 0, 0, 0] = np.nan
    implementation.check("global_avg_pool2d", x)


def test_any_memory_layout(image, draw, layout, implementation):
    case = Case((3, 2), (2, 1), "same")

    def check(kernel, *arrays, **options):
        implementation.check(kernel, *(layout(implementation.cast(array)) for array in arrays), **options)

    x, dy = image(case, "ties"), draw(*case.output_shape)
    _, code = reference.max_pool2d(x, **case.options)
    check("max_pool2d", x, **case.options)
    check("max_pool2d_grad", dy, code, input_size=case.size, **case.options)
    check("avg_pool2d", x, **case.options)
    check("avg_pool2d_grad", dy, input_size=case.size, **case.options)
    check("global_avg_pool2d", x)
    check("global_max_pool2d", x)
    y, index = reference.global_max_pool2d(x)
    check("global_avg_pool2d_grad", y, input_size=case.size)
    check("global_max_pool2d_grad", y, index, input_size=case.size)


# The reference against numbers worked out by hand.


def grey(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float64)[None, :, :, None]


def test_max_pool_by_hand():
    x = grey((1, 5, 5, 2), (5, 0, np.nan, 9), (-1, -2, -np.inf, -np.inf), (-2, -1, -np.inf, -np.inf))
    y, code = reference.max_pool2d(x, pool_size=(2, 2), strides=(2, 2))
    np.testing.assert_array_equal(y, grey((5, np.nan), (-1, -np.inf)))
    assert code[0, :, :, 0].tolist() == [[1, 2], [0, 0]]
    dx = reference.max_pool2d_grad(grey((1, 2), (3, 4)), code, input_size=(4, 4), pool_size=(2, 2), strides=(2, 2))
    assert dx[0, :, :, 0].tolist() == [[0, 1, 0, 0], [0, 0, 2, 0], [3, 0, 4, 0], [0, 0, 0, 0]]


def test_the_first_nan_wins():
    _, code = reference.max_pool2d(grey((1, np.nan, np.nan)), pool_size=(1, 3), strides=(1, 1))
    _, index = reference.global_max_pool2d(grey((1, 9), (np.nan, np.nan)))
    assert (code.item(), index.item()) == (1, 2)


def test_padding_never_wins_and_is_not_counted():
    options = {"pool_size": (2, 2), "strides": (2, 2), "pads": ((1, 0), (1, 0))}
    x = grey((-1, -2, -3), (-4, -5, -6), (-7, -8, -9))
    y, code = reference.max_pool2d(x, **options)
    assert y[0, :, :, 0].tolist() == [[-1, -2], [-4, -5]]
    assert code[0, :, :, 0].tolist() == [[3, 2], [1, 0]]
    assert reference.avg_pool2d(x, **options)[0, :, :, 0].tolist() == [[-1, -2.5], [-5.5, -7]]
    dx = reference.avg_pool2d_grad(grey((1, 2), (4, 8)), input_size=(3, 3), **options)
    assert dx[0, :, :, 0].tolist() == [[1, 1, 1], [2, 2, 2], [2, 2, 2]]


def test_overlapping_windows_add_their_gradients():
    options = {"pool_size": (1, 2), "strides": (1, 1)}
    _, code = reference.max_pool2d(grey((1, 3, 2)), **options)
    dx = reference.max_pool2d_grad(grey((10, 100)), code, input_size=(1, 3), **options)
    assert dx.ravel().tolist() == [0, 110, 0]


def test_global_pools_by_hand():
    x = grey((1, 4), (4, -1))
    y, index = reference.global_max_pool2d(x)
    assert (y.item(), index.item(), reference.global_avg_pool2d(x).item()) == (4, 1, 2)
    dy = np.array([[8.0]])
    assert reference.global_max_pool2d_grad(dy, index, input_size=(2, 2)).ravel().tolist() == [0, 8, 0, 0]
    assert reference.global_avg_pool2d_grad(dy, input_size=(2, 2)).ravel().tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize(("pool", "dtype"), [((16, 16), "uint8"), ((16, 17), "uint16")])
def test_codes_are_as_small_as_the_window_allows(pool, dtype):
    assert code_dtype(pool) == dtype


# The reference against the slope of the function itself.


@pytest.mark.parametrize("case", [Case((2, 2), (2, 2), "valid"), Case((3, 2), (1, 2), "same")], ids=str)
def test_gradients_are_slopes(case, image, draw, assert_derivative):
    x, dy = image(case, "normal"), draw(*case.output_shape)
    _, code = reference.max_pool2d(x, **case.options)
    dx = reference.max_pool2d_grad(dy, code, input_size=case.size, **case.options)
    assert_derivative(lambda x: reference.max_pool2d(x, **case.options)[0], dx, x, dy)
    dx = reference.avg_pool2d_grad(dy, input_size=case.size, **case.options)
    assert_derivative(lambda x: reference.avg_pool2d(x, **case.options), dx, x, dy)


def test_global_gradients_are_slopes(draw, assert_derivative):
    x, dy = draw(2, 3, 5, 4), draw(2, 4)
    _, index = reference.global_max_pool2d(x)
    dx = reference.global_max_pool2d_grad(dy, index, input_size=(3, 5))
    assert_derivative(lambda x: reference.global_max_pool2d(x)[0], dx, x, dy)
    dx = reference.global_avg_pool2d_grad(dy, input_size=(3, 5))
    assert_derivative(reference.global_avg_pool2d, dx, x, dy)
