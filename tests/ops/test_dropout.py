import numpy as np
import pytest

from minicnn import Tensor, ops


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(1,), (5, 3), (1, 4, 3, 2)])
def test_gradient(shape, rate, check, rng):
    check(lambda x: ops.dropout(x, rate, np.random.default_rng(7)), rng.standard_normal(shape))


def test_keeps_the_mean():
    y = ops.dropout(Tensor(np.ones(100_000)), 0.3, np.random.default_rng(0)).data
    assert sorted(set(y)) == [0.0, 1 / 0.7]
    assert y.mean() == pytest.approx(1, abs=0.01)


def test_advances_the_generator(rng):
    x = Tensor(np.ones(100))
    assert not np.array_equal(ops.dropout(x, 0.5, rng).data, ops.dropout(x, 0.5, rng).data)


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan")])
def test_wrong_rate(rate, rng):
    with pytest.raises(ValueError, match="dropout rate must be at least 0 and below 1"):
        ops.dropout(Tensor([1.0]), rate, rng)
