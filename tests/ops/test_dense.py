import numpy as np
import pytest

from minicnn import ShapeError, Tensor, ops

SIZES = [(1, 1, 1), (1, 5, 3), (4, 1, 3), (3, 7, 1), (5, 4, 3), (4, 3, 3)]


@pytest.mark.parametrize(("n", "c", "k"), SIZES)
def test_dense_gradient(n, c, k, check, rng):
    x, w, b = rng.standard_normal((n, c)), rng.standard_normal((c, k)), rng.standard_normal(k)
    check(ops.dense, x, w)
    check(ops.dense, x, w, b)


@pytest.mark.parametrize(("n", "c", "k"), SIZES)
def test_matmul_gradient(n, c, k, check, rng):
    check(ops.matmul, rng.standard_normal((n, c)), rng.standard_normal((c, k)))


def test_matmul_with_itself(check, rng):
    check(lambda a: a @ a, rng.standard_normal((3, 3)))


def test_dense_shapes_that_do_not_fit():
    x = Tensor(np.ones((2, 3)))
    with pytest.raises(ShapeError, match="has 3 features"):
        ops.dense(x, Tensor(np.ones((4, 2))))
    with pytest.raises(ShapeError, match="bias b must have shape"):
        ops.dense(x, Tensor(np.ones((3, 2))), Tensor(np.ones(3)))
    with pytest.raises(ShapeError, match="Flatten"):
        ops.dense(Tensor(np.ones((2, 3, 3))), Tensor(np.ones((3, 2))))


@pytest.mark.parametrize(("a", "b"), [((2, 3), (2, 3)), ((3,), (3,)), ((1, 2, 3), (3, 2))])
def test_matmul_shapes_that_do_not_fit(a, b):
    with pytest.raises(ShapeError, match=r"matmul: need \(I, M\) and \(M, J\)"):
        ops.matmul(Tensor(np.ones(a)), Tensor(np.ones(b)))
