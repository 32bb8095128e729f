import numpy as np
import pytest

from minicnn.kernels import backend

reference = backend("reference")

#: activation → its options, and what its gradient is given besides dy
ACTIVATIONS = {
    "relu": ({}, "y"),
    "leaky_relu": ({"negative_slope": 0.1}, "x"),
    "clip": ({"low": 0.0, "high": 6.0}, "x"),
    "sigmoid": ({}, "y"),
    "tanh": ({}, "y"),
    "softmax": ({}, "y"),
    "log_softmax": ({}, "y"),
}
EXTREMES = np.float32([0, -0.0, 1e-40, -1e-40, 1e-7, 30, -30, 88.8, -88.8, 104, -104, 1e4, -1e4, 3e38, -3e38])
NOT_FINITE = [np.nan, np.inf, -np.inf]

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)


@pytest.fixture(params=[(2, 5, 7, 3), (4, 10), (1, 1), (33,), (3, 1, 129)], ids=str)
def shape(request) -> tuple[int, ...]:
    return request.param


def saved(name: str, x: np.ndarray) -> np.ndarray:
    """What the layer keeps for the gradient."""
    options, kept = ACTIVATIONS[name]
    return x if kept == "x" else getattr(reference, name)(x, **options)


def check_both(implementation, name: str, x: np.ndarray, dy: np.ndarray) -> None:
    """The activation and its gradient agree with the reference."""
    options, _ = ACTIVATIONS[name]
    implementation.check(name, x, **options)
    implementation.check(f"{name}_grad", dy, implementation.cast(saved(name, x)).astype(np.float64), **options)


@every_activation
def test_agrees_with_the_reference(name, shape, draw, implementation):
    check_both(implementation, name, 4 * draw(*shape), draw(*shape))


@every_activation
def test_extreme_numbers(name, draw, implementation):
    x = EXTREMES.astype(np.float64)
    check_both(implementation, name, x, draw(*x.shape))
    rows = np.stack([x, -x, np.roll(x, 3)]).reshape(-1, 5)
    check_both(implementation, name, rows, draw(*rows.shape))


@pytest.mark.parametrize("threshold", [0.5, -2.0])
def test_leaky_relu_around_its_threshold(threshold, draw, implementation):
    below, above = np.nextafter(np.float32(threshold), np.float32([-9, 9])).astype(np.float64)
    x, options = np.array([below, threshold, above]), {"negative_slope": 0.25, "threshold": threshold}
    implementation.check("leaky_relu", x, **options)
    implementation.check("leaky_relu_grad", draw(3), x, **options)


@pytest.mark.parametrize("value", NOT_FINITE)
@every_activation
def test_nan_and_infinity(name, value, draw, implementation):
    options, _ = ACTIVATIONS[name]
    x, dy = draw(3, 37), draw(3, 37)
    x[1, 5] = value
    implementation.check(name, x, **options)
    poisoned = draw(3, 37)
    poisoned[1, 5] = value
    implementation.check(f"{name}_grad", dy, poisoned, **options)
    implementation.check(f"{name}_grad", poisoned, saved(name, draw(3, 37)), **options)


@every_activation
def test_nan_is_never_lost(name, draw, implementation):
    options, _ = ACTIVATIONS[name]
    x = draw(2, 3)
    x[1, 1] = np.nan
    assert np.isnan(implementation.run(name, x, **options)[1, 1])
    assert np.isnan(implementation.run(f"{name}_grad", draw(2, 3), x, **options)[1, 1])


@every_activation
def test_any_memory_layout(name, layout, draw, implementation):
    options, _ = ACTIVATIONS[name]
    x, dy = draw(5, 6, 7), draw(5, 6, 7)
    implementation.check(name, layout(implementation.cast(x)), **options)
    implementation.check(f"{name}_grad", *(layout(implementation.cast(a)) for a in (dy, x)), **options)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "clip", "sigmoid", "tanh"])
def test_a_single_number_is_an_array_too(name, draw, implementation):
    check_both(implementation, name, draw(), draw())


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_row_with_nan_or_infinity_is_nan_and_its_neighbours_are_not(name, value, draw, implementation):
    x = draw(3, 5)
    x[1, 2] = value
    y = implementation.run(name, x)
    assert np.isnan(y[1]).all()
    assert np.isfinite(y[[0, 2]]).all()


def test_softmax_of_minus_infinity_is_zero(implementation):
    x = np.array([[-np.inf, 0, 0], [-np.inf, -np.inf, -np.inf]])
    np.testing.assert_allclose(implementation.run("softmax", x), [[0, 0.5, 0.5], [np.nan] * 3])
    log_half = np.log(0.5)
    np.testing.assert_allclose(
        implementation.run("log_softmax", x), [[-np.inf, log_half, log_half], [np.nan] * 3], rtol=1e-6
    )


@pytest.mark.parametrize("width", [2, 10, 1000])
def test_softmax_rows_sum_to_one(width, draw, implementation):
    y = implementation.run("softmax", 1e4 * draw(5, width))
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-5)


def test_small_sigmoids_keep_their_digits(implementation):
    y = implementation.run("sigmoid", np.array([-80.0, -40, -20]))
    np.testing.assert_allclose(y, np.exp([-80.0, -40, -20]), rtol=1e-5)


# The reference against numbers worked out by hand.


@pytest.mark.parametrize(
    ("kernel", "x", "options", "expected"),
    [
        ("relu", [-2, 0, 3], {}, [0, 0, 3]),
        ("leaky_relu", [-2, 0, 3], {"negative_slope": 0.5}, [-1, 0, 3]),
        ("leaky_relu", [-2, 1, 3], {"negative_slope": 0.5, "threshold": 1.0}, [-1.5, 1, 3]),
        ("clip", [-2, 1, 9], {"low": -1.0, "high": 6.0}, [-1, 1, 6]),
        ("sigmoid", [np.log(3), -np.log(3), 0], {}, [0.75, 0.25, 0.5]),
        ("tanh", [0, np.log(2), -np.log(2)], {}, [0, 0.6, -0.6]),
        ("softmax", [0, np.log(2), 0], {}, [0.25, 0.5, 0.25]),
        ("log_softmax", [0, np.log(2), 0], {}, np.log([0.25, 0.5, 0.25])),
    ],
)
def test_values_by_hand(kernel, x, options, expected):
    np.testing.assert_allclose(getattr(reference, kernel)(np.array(x, np.float64), **options), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("kernel", "saved", "options", "expected"),
    [
        ("relu_grad", [0, 1, np.nan], {}, [0, 10, np.nan]),
        ("leaky_relu_grad", [-1, 0, 1], {"negative_slope": 0.5}, [5, 5, 10]),
        ("leaky_relu_grad", [1, 2, 3], {"negative_slope": 0.5, "threshold": 2.0}, [5, 5, 10]),
        ("clip_grad", [-1, 0, 6], {"low": 0.0, "high": 6.0}, [0, 10, 10]),
        ("clip_grad", [6.5, 3, np.nan], {"low": 0.0, "high": 6.0}, [0, 10, np.nan]),
    ],
)
def test_gradients_at_kinks_by_hand(kernel, saved, options, expected):
    dx = getattr(reference, kernel)(np.full(3, 10.0), np.array(saved, np.float64), **options)
    np.testing.assert_array_equal(dx, expected)


# The reference against the slope of the function itself.


@every_activation
def test_gradients_are_slopes(name, draw, assert_derivative):
    options, _ = ACTIVATIONS[name]
    x, dy = 2 * draw(4, 6), draw(4, 6)
    x[np.abs(x) < 0.01] = 0.5  # away from the kinks
    dx = getattr(reference, f"{name}_grad")(dy, saved(name, x), **options)
    assert_derivative(lambda x: getattr(reference, name)(x, **options), dx, x, dy)
