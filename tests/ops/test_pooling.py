import numpy as np
import pytest

from minicnn import ShapeError, Tensor, ops

CASES = {
    "halves": {"pool_size": 2},
    "odd window": {"pool_size": 3},
    "oblong window": {"pool_size": (2, 3)},
    "overlap": {"pool_size": 3, "strides": 2},
    "every pixel": {"pool_size": 3, "strides": 1, "padding": "same"},
    "same": {"pool_size": 2, "padding": "same"},
    "same, overlap": {"pool_size": 3, "strides": 2, "padding": "same"},
    "gaps": {"pool_size": 2, "strides": 3},
    "oblong strides": {"pool_size": 3, "strides": (1, 2)},
    "padded": {"pool_size": 3, "strides": 2, "padding": 1},
    "lopsided padding": {"pool_size": 3, "strides": 2, "padding": ((0, 2), (1, 0))},
    "one pixel": {"pool_size": 1},
}


@pytest.mark.parametrize("shape", [(1, 6, 6, 1), (2, 7, 5, 3)])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("op", [ops.max_pool2d, ops.avg_pool2d], ids=lambda op: op.__name__)
def test_gradient(op, name, shape, check, rng):
    check(lambda x: op(x, **CASES[name]), rng.standard_normal(shape))


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 3, 5, 2), (2, 4, 3, 3)])
@pytest.mark.parametrize("op", [ops.global_avg_pool2d, ops.global_max_pool2d], ids=lambda op: op.__name__)
def test_global_gradient(op, shape, check, rng):
    check(op, rng.standard_normal(shape))


def test_max_pool2d_ties_go_to_the_first():
    x = Tensor(np.array([[1.0, 3.0, 0.0], [3.0, 3.0, 0.0], [3.0, 0.0, 0.0]]).reshape(1, 3, 3, 1), requires_grad=True)
    ops.max_pool2d(x, 2, strides=1).backward(np.array([[1.0, 10.0], [100.0, 1000.0]]).reshape(1, 2, 2, 1))
    assert x.grad[0, :, :, 0].tolist() == [[0, 11, 0], [100, 1000, 0], [0, 0, 0]]


def test_global_max_pool2d_ties_go_to_the_first():
    x = Tensor(np.array([[1.0, 3.0], [3.0, 3.0]]).reshape(1, 2, 2, 1), requires_grad=True)
    ops.global_max_pool2d(x).backward([[7.0]])
    assert x.grad[0, :, :, 0].tolist() == [[0, 7], [0, 0]]


def test_max_pool2d_of_negative_numbers_ignores_the_padding():
    x = Tensor(np.full((1, 3, 3, 1), -5.0))
    assert np.all(ops.max_pool2d(x, 3, strides=1, padding="same").data == -5)


def test_avg_pool2d_does_not_count_the_padding():
    x = Tensor(np.full((1, 3, 3, 1), -5.0))
    assert np.all(ops.avg_pool2d(x, 3, strides=1, padding="same").data == -5)


@pytest.mark.parametrize("op", [ops.max_pool2d, ops.avg_pool2d], ids=lambda op: op.__name__)
def test_errors(op):
    x = Tensor(np.ones((1, 4, 4, 1)))
    with pytest.raises(ShapeError, match="does not fit into"):
        op(x, 5)
    with pytest.raises(ShapeError, match="must be smaller than the window"):
        op(x, 2, padding=2)
    with pytest.raises(ValueError, match="pool_size must be a positive integer"):
        op(x, 0)
    with pytest.raises(ValueError, match="strides must be a positive integer"):
        op(x, 2, strides=(2, 0))
    with pytest.raises(ShapeError, match="add the batch axis"):
        op(Tensor(np.ones((4, 4, 1))), 2)
