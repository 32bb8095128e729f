import numpy as np
import pytest

from minicnn.kernels import backend

reference = backend("reference")

SHAPES = [(2, 5, 7, 3), (8, 10), (1, 1), (3, 1, 1, 33), (1, 9, 2, 1), (64, 129), (700, 5), (5, 19, 20, 8), (30, 12)]
EPSILON = 1e-3


@pytest.fixture
def inputs(draw):
    """inputs(shape): dy, x, γ, β, μ, v, with statistics that are not x's own."""

    def make(shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
        c = shape[-1]
        return draw(*shape), draw(*shape) * 2 + 1, draw(c), draw(c), draw(c), np.abs(draw(c)) + 0.5

    return make


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_agrees_with_the_reference(shape, inputs, implementation):
    dy, x, gamma, beta, mean, variance = inputs(shape)
    implementation.check("batch_norm", x, gamma, beta, epsilon=EPSILON)
    implementation.check("batch_norm_grad", dy, x, gamma, mean, variance, epsilon=EPSILON)
    implementation.check("batch_norm_inference", x, gamma, beta, mean, variance, epsilon=EPSILON)
    implementation.check("batch_norm_inference_grad", dy, x, gamma, mean, variance, epsilon=EPSILON)


def test_any_memory_layout(layout, inputs, implementation):
    dy, x, gamma, beta, mean, variance = (layout(implementation.cast(a)) for a in inputs((3, 4, 5, 6)))
    implementation.check("batch_norm", x, gamma, beta, epsilon=EPSILON)
    implementation.check("batch_norm_grad", dy, x, gamma, mean, variance, epsilon=EPSILON)
    implementation.check("batch_norm_inference", x, gamma, beta, mean, variance, epsilon=EPSILON)
    implementation.check("batch_norm_inference_grad", dy, x, gamma, mean, variance, epsilon=EPSILON)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("victim", ["dy", "x", "gamma", "beta"])
def test_nan_and_infinity_spoil_their_channel_only(victim, value, inputs, implementation):
    names = ["dy", "x", "gamma", "beta", "mean", "variance"]
    given = dict(zip(names, inputs((2, 3, 4, 5))))
    given[victim][..., 2].flat[-1] = value
    if given[victim].ndim == 1:
        given[victim][2] = value
    dy, x, gamma, beta, mean, variance = (given[name] for name in names)
    implementation.check("batch_norm", x, gamma, beta, epsilon=EPSILON)
    implementation.check("batch_norm_grad", dy, x, gamma, mean, variance, epsilon=EPSILON)
    implementation.check("batch_norm_inference", x, gamma, beta, mean, variance, epsilon=EPSILON)
    implementation.check("batch_norm_inference_grad", dy, x, gamma, mean, variance, epsilon=EPSILON)


def test_a_constant_channel_becomes_beta(implementation):
    x, gamma, beta = np.full((4, 2), 7.0), np.ones(2), np.full(2, 3.0)
    y, mean, variance = implementation.run("batch_norm", x, gamma, beta, epsilon=EPSILON)
    assert (y.tolist(), mean.tolist(), variance.tolist()) == ([[3, 3]] * 4, [7, 7], [0, 0])


@pytest.mark.parametrize("rows", [50, 1500])
def test_a_large_mean_does_not_drown_the_variance(rows, draw, implementation):
    """Σ x²/M − μ² would lose every digit here in float32."""
    x = np.round(4096 + 4 * draw(rows, 4))
    implementation.check("batch_norm", x, np.ones(4), np.zeros(4), epsilon=EPSILON)


def test_moving_average_changes_in_place(layout, draw, implementation):
    moving, value = (layout(implementation.cast(draw(6))) for _ in range(2))
    expected = moving * 0.9 + value * 0.1
    implementation.run("update_moving_average", moving, value, momentum=0.9)
    np.testing.assert_allclose(moving, expected, rtol=1e-6)


# The reference against numbers worked out by hand.


def test_values_by_hand():
    x, gamma, beta = np.array([[1.0], [3.0], [5.0], [7.0]]), np.array([10.0]), np.array([1.0])
    y, mean, variance = reference.batch_norm(x, gamma, beta, epsilon=4.0)
    assert (mean.tolist(), variance.tolist()) == ([4], [5])
    np.testing.assert_allclose(y.ravel(), [-9, 1 - 10 / 3, 1 + 10 / 3, 11], rtol=1e-14)
    y = reference.batch_norm_inference(x, gamma, beta, np.array([3.0]), np.array([0.0]), epsilon=4.0)
    assert y.ravel().tolist() == [-9, 1, 11, 21]
    moving = np.array([1.0, 2.0])
    reference.update_moving_average(moving, np.array([3.0, 2.0]), momentum=0.75)
    assert moving.tolist() == [1.5, 2]


# The reference against the slope of the function itself.


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (6, 3)], ids=str)
def test_gradients_are_slopes(shape, inputs, assert_derivative):
    dy, x, gamma, beta, mean, variance = inputs(shape)

    def batch_norm(x, gamma, beta):
        return reference.batch_norm(x, gamma, beta, epsilon=EPSILON)[0]

    _, own_mean, own_variance = reference.batch_norm(x, gamma, beta, epsilon=EPSILON)
    dx, dgamma, dbeta = reference.batch_norm_grad(dy, x, gamma, own_mean, own_variance, epsilon=EPSILON)
    assert_derivative(lambda x: batch_norm(x, gamma, beta), dx, x, dy)
    assert_derivative(lambda gamma: batch_norm(x, gamma, beta), dgamma, gamma, dy)
    assert_derivative(lambda beta: batch_norm(x, gamma, beta), dbeta, beta, dy)

    def inference(x, gamma, beta):
        return reference.batch_norm_inference(x, gamma, beta, mean, variance, epsilon=EPSILON)

    dx, dgamma, dbeta = reference.batch_norm_inference_grad(dy, x, gamma, mean, variance, epsilon=EPSILON)
    assert_derivative(lambda x: inference(x, gamma, beta), dx, x, dy)
    assert_derivative(lambda gamma: inference(x, gamma, beta), dgamma, gamma, dy)
    assert_derivative(lambda beta: inference(x, gamma, beta), dbeta, beta, dy)
