import numpy as np
import pytest

from minicnn import ShapeError, Tensor, ops

SHAPES = [(4, 1), (5, 3), (2, 3, 4), (1, 3, 5, 2), (3, 2, 2, 4)]


@pytest.mark.parametrize("epsilon", [1e-3, 1e-5])
@pytest.mark.parametrize("shape", SHAPES)
def test_training_gradient(shape, epsilon, check, rng):
    c = shape[-1]
    check(
        lambda x, gamma, beta: ops.batch_norm(x, gamma, beta, epsilon)[0],
        2 * rng.standard_normal(shape) + 3,
        rng.standard_normal(c),
        rng.standard_normal(c),
    )


@pytest.mark.parametrize("epsilon", [1e-3, 0.0])
@pytest.mark.parametrize("shape", [*SHAPES, (1, 3)])
def test_inference_gradient(shape, epsilon, check, rng):
    c = shape[-1]
    mean, variance = rng.standard_normal(c), rng.uniform(0.5, 2, c)
    check(
        lambda x, gamma, beta: ops.batch_norm_inference(x, gamma, beta, mean, variance, epsilon),
        rng.standard_normal(shape),
        rng.standard_normal(c),
        rng.standard_normal(c),
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_statistics_are_the_batchs(shape, rng):
    x, c = rng.standard_normal(shape), shape[-1]
    y, mean, variance = ops.batch_norm(Tensor(x), Tensor(np.ones(c)), Tensor(np.zeros(c)), 0.0)
    flat = x.reshape(-1, c)
    np.testing.assert_allclose(mean, flat.mean(0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(variance, flat.var(0), rtol=1e-12)
    np.testing.assert_allclose(y.data.reshape(-1, c).std(0), 1, rtol=1e-12)


def test_one_value_a_channel_gives_beta(rng):
    gamma, beta = rng.standard_normal((2, 3))
    x = Tensor(rng.standard_normal((1, 3)), requires_grad=True)
    y, _, variance = ops.batch_norm(x, Tensor(gamma), Tensor(beta))
    y.backward(rng.standard_normal((1, 3)))
    assert np.array_equal(y.data[0], beta)
    assert not variance.any()
    assert np.allclose(x.grad, 0, atol=1e-12)


def test_statistics_are_constants_to_the_inference_gradient(rng):
    mean, variance = Tensor(np.zeros(2), requires_grad=True), Tensor(np.ones(2))
    with pytest.raises(ShapeError, match="gradient of shape None"):
        ops.batch_norm_inference(
            Tensor(rng.standard_normal((3, 2))), Tensor(np.ones(2)), Tensor(np.ones(2)), mean, variance
        ).backward(np.ones((3, 2)))


def test_wrong_number_of_channels():
    ones = Tensor(np.ones(3))
    with pytest.raises(ShapeError, match="gamma must have shape"):
        ops.batch_norm(Tensor(np.ones((4, 2))), ones, ones)
    with pytest.raises(ShapeError, match="must have a batch axis"):
        ops.batch_norm(Tensor(np.ones(3)), ones, ones)
