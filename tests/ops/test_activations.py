import numpy as np
import pytest

from minicnn import Tensor, ops

SHAPES = [(1, 1), (7,), (2, 3), (1, 5, 3, 2)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "op", [ops.relu, ops.sigmoid, ops.tanh, ops.softmax, ops.log_softmax], ids=lambda op: op.__name__
)
def test_gradient(op, shape, check, rng):
    check(op, rng.standard_normal(shape))


@pytest.mark.parametrize("threshold", [0.0, 0.3, -0.5])
@pytest.mark.parametrize("slope", [0.0, 0.01, 0.2, 1.5])
def test_leaky_relu(slope, threshold, check, rng):
    check(lambda x: ops.leaky_relu(x, slope, threshold), rng.standard_normal((3, 5)))


def test_leaky_relu_lets_a_fifth_through():
    np.testing.assert_allclose(ops.leaky_relu(Tensor([-5.0, 5.0])).data, [-1, 5], rtol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 6.0), (-np.inf, 0.5)])
def test_clip(low, high, check, rng):
    check(lambda x: ops.clip(x, low, high), 3 * rng.standard_normal((3, 5)))


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (ops.relu, [0, 0, 5]),
        (lambda x: ops.leaky_relu(x, 0.5), [2.5, 2.5, 5]),
        (lambda x: ops.clip(x, 0.0, 1.0), [0, 5, 5]),
    ],
    ids=["relu", "leaky_relu", "clip"],
)
def test_which_side_a_corner_belongs_to(op, expected):
    x = Tensor([-1.0, 0.0, 1.0], requires_grad=True)
    op(x).backward([5.0, 5.0, 5.0])
    assert x.grad.tolist() == expected


def test_softmax_of_large_numbers(check):
    check(ops.softmax, np.array([[1000.0, 1000.5, 999.0]]))
    check(ops.log_softmax, np.array([[1000.0, 1000.5, 990.0]]))


@pytest.mark.parametrize("op", [ops.softmax, ops.sigmoid], ids=lambda op: op.__name__)
def test_remembers_its_logits(op):
    x = Tensor([[1.0, 2.0]])
    assert op(x).logits is x


@pytest.mark.parametrize("op", [ops.relu, ops.leaky_relu, ops.sigmoid, ops.tanh], ids=lambda op: op.__name__)
def test_nan_goes_through_in_both_directions(op):
    x = Tensor([np.nan, 1.0], requires_grad=True)
    y = op(x)
    y.backward([1.0, 1.0])
    assert np.isnan(y.data).tolist() == [True, False]
    assert np.isnan(x.grad).tolist() == [True, False]


def test_integers_are_refused():
    with pytest.raises(TypeError, match="relu: x must be floating point, got int64"):
        ops.relu(Tensor(np.array([1, 2])))
