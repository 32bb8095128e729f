import numpy as np
import pytest

from minicnn import ShapeError, Tensor, ops

SHAPES = [(), (1,), (7,), (2, 3), (1, 5, 1, 3)]
PAIRS = [((), ()), ((7,), (7,)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((3,), (4, 1)), ((), (2, 3)), ((2, 1, 3), (5, 1))]


@pytest.mark.parametrize(("a", "b"), PAIRS)
@pytest.mark.parametrize("op", [ops.add, ops.subtract, ops.multiply], ids=lambda op: op.__name__)
def test_two_operands(op, a, b, check, rng):
    check(op, rng.standard_normal(a), rng.standard_normal(b))


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_divide(a, b, check, rng):
    check(ops.divide, rng.standard_normal(a), rng.uniform(0.5, 2, b) * rng.choice([-1, 1], b))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("op", [ops.negative, ops.absolute, ops.exp], ids=lambda op: op.__name__)
def test_one_operand(op, shape, check, rng):
    check(op, rng.standard_normal(shape))


@pytest.mark.parametrize("shape", SHAPES)
def test_log(shape, check, rng):
    check(ops.log, rng.uniform(0.5, 3, shape))


@pytest.mark.parametrize("exponent", [-2, -0.5, 0, 0.5, 1, 2, 3, 2.7])
def test_power(exponent, check, rng):
    check(lambda a: ops.power(a, exponent), rng.uniform(0.5, 3, (2, 3)))


@pytest.mark.parametrize("exponent", [0, 1, 2, 3])
def test_power_of_zero_and_below(exponent, check):
    check(lambda a: ops.power(a, exponent), np.array([0.0, -1.5, 2.0]))


def test_power_zero_is_constant_everywhere():
    a = Tensor([0.0, -2.0, np.inf], requires_grad=True)
    y = ops.power(a, 0)
    y.backward([5.0, 5.0, 5.0])
    assert (y.data.tolist(), a.grad.tolist()) == ([1, 1, 1], [0, 0, 0])


def test_absolute_at_zero_has_gradient_zero():
    x = Tensor([0.0, -2.0, 3.0], requires_grad=True)
    ops.absolute(x).backward([5.0, 5.0, 5.0])
    assert x.grad.tolist() == [0.0, -5.0, 5.0]


def test_exponent_must_be_a_number():
    with pytest.raises(TypeError, match="the exponent must be a number"):
        ops.power(Tensor([1.0]), Tensor([2.0]))


@pytest.mark.parametrize("op", [ops.add, ops.subtract, ops.multiply, ops.divide], ids=lambda op: op.__name__)
def test_shapes_that_do_not_broadcast(op):
    with pytest.raises(ShapeError, match=rf"{op.__name__}: shapes \(2, 3\) and \(2,\) do not broadcast"):
        op(Tensor(np.ones((2, 3))), Tensor(np.ones(2)))


@pytest.mark.parametrize("op", [ops.negative, ops.absolute, ops.exp, ops.log], ids=lambda op: op.__name__)
def test_integers_are_refused(op):
    with pytest.raises(TypeError, match=f"{op.__name__}: a must be floating point, got int64"):
        op(Tensor(np.array([1, 2])))
