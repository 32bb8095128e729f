import numpy as np
import pytest

from minicnn.kernels import backend

reference = backend("reference")

#: N, C, K
SIZES = [(1, 1, 1), (2, 6, 6), (1, 7, 5), (5, 1, 3), (4, 3, 1), (17, 33, 10), (2, 129, 16), (33, 16, 17)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_agrees_with_the_reference(size, draw, implementation):
    n, c, k = size
    x, w, b, dy = draw(n, c), draw(c, k), draw(k), draw(n, k)
    implementation.check("dense", x, w, b)
    implementation.check("dense", x, w)
    implementation.check("dense_input_grad", dy, w)
    implementation.check("dense_weight_grad", x, dy)


def test_any_memory_layout(layout, draw, implementation):
    x, w, b, dy = (layout(implementation.cast(a)) for a in (draw(5, 7), draw(7, 6), draw(6), draw(5, 6)))
    implementation.check("dense", x, w, b)
    implementation.check("dense_input_grad", dy, w)
    implementation.check("dense_weight_grad", x, dy)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (2, 4), (-1, -1)])
def test_nan_and_infinity_reach_exactly_the_sums_that_contain_them(place, value, draw, implementation):
    x, w, dy = draw(5, 7), draw(7, 6), draw(5, 6)
    for victim in (x, w, dy):
        kept = victim[place]
        victim[place] = value
        implementation.check("dense", x, w)
        implementation.check("dense_input_grad", dy, w)
        implementation.check("dense_weight_grad", x, dy)
        victim[place] = kept


def test_zero_times_infinity_is_nan(implementation):
    y = implementation.run("dense", np.array([[0.0, 1.0]]), np.array([[np.inf, 2.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(y, [[np.nan, 4]])


def test_values_by_hand():
    x, w, dy = np.array([[1.0, 2, 3]]), np.array([[1.0, 2], [3, 4], [5, 6]]), np.array([[1.0, 10]])
    assert reference.dense(x, w, np.array([0.5, -0.5])).tolist() == [[22.5, 27.5]]
    assert reference.dense_input_grad(dy, w).tolist() == [[21, 43, 65]]
    assert reference.dense_weight_grad(x, dy).tolist() == [[1, 10], [2, 20], [3, 30]]


def test_gradients_are_slopes(draw, assert_derivative):
    x, w, b, dy = draw(4, 3), draw(3, 5), draw(5), draw(4, 5)
    assert_derivative(lambda x: reference.dense(x, w, b), reference.dense_input_grad(dy, w), x, dy)
    assert_derivative(lambda w: reference.dense(x, w, b), reference.dense_weight_grad(x, dy), w, dy)
    assert_derivative(lambda b: reference.dense(x, w, b), reference.bias_grad(dy), b, dy)
