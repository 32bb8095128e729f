import numpy as np
import pytest

from minicnn import ShapeError, Tensor, ops

REDUCTIONS = ["mean", "none"]


def distribution(rng, shape):
    t = rng.uniform(0.1, 1, shape)
    return t / t.sum(-1, keepdims=True)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (5, 2), (4, 7)])
class TestSoftmax:
    def test_class_numbers(self, shape, reduction, check, rng):
        labels = rng.integers(0, shape[1], shape[0])
        check(lambda z: ops.softmax_cross_entropy(z, labels, reduction), rng.standard_normal(shape))

    def test_distributions(self, shape, reduction, check, rng):
        targets = distribution(rng, shape)
        check(lambda z: ops.softmax_cross_entropy(z, targets, reduction), rng.standard_normal(shape))

    def test_targets_that_do_not_sum_to_one(self, shape, reduction, check, rng):
        targets = rng.uniform(0.1, 1, shape)
        check(lambda z: ops.softmax_cross_entropy(z, targets, reduction), rng.standard_normal(shape))

    def test_one_hot_equals_class_numbers(self, shape, reduction, rng):
        z, labels = rng.standard_normal(shape), rng.integers(0, shape[1], shape[0])
        one_hot = np.eye(shape[1], dtype=np.int64)[labels]
        a, b = (ops.softmax_cross_entropy(Tensor(z), t, reduction).data for t in (labels, one_hot))
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(1, 1), (5, 1), (4, 7), (3,)])
def test_sigmoid(shape, reduction, check, rng):
    targets = rng.uniform(0, 1, shape)
    check(lambda z: ops.sigmoid_cross_entropy(z, targets, reduction), 3 * rng.standard_normal(shape))


def test_far_from_zero_is_exact():
    losses = ops.softmax_cross_entropy(Tensor(np.array([[1000.0, 0.0], [0.0, 1000.0]])), [0, 0], "none")
    assert losses.data.tolist() == [0.0, 1000.0]
    losses = ops.sigmoid_cross_entropy(Tensor(np.array([1000.0, -1000.0])), [1.0, 1.0], "none")
    assert losses.data.tolist() == [0.0, 1000.0]


@pytest.mark.parametrize("op", [ops.softmax_cross_entropy, ops.sigmoid_cross_entropy], ids=lambda op: op.__name__)
def test_unknown_reduction(op):
    with pytest.raises(ValueError, match='reduction must be "mean" or "none", got \'sum\''):
        op(Tensor([[1.0, 2.0]]), [[0.0, 1.0]], reduction="sum")


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0]])
def test_class_numbers_out_of_range(labels):
    with pytest.raises(ValueError, match="labels must lie in 0 … 2 because there are 3 outputs"):
        ops.softmax_cross_entropy(Tensor(np.ones((2, 3))), labels)


@pytest.mark.parametrize("labels", [np.zeros(3, int), np.zeros((2, 1), int), np.zeros((2, 2)), np.zeros(2)])
def test_labels_that_do_not_fit_the_logits(labels):
    with pytest.raises(ShapeError):
        ops.softmax_cross_entropy(Tensor(np.ones((2, 3))), labels)


def test_class_numbers_must_be_a_row():
    with pytest.raises(ShapeError, match=r"class numbers must have shape \(N,\), got \(2, 1\)"):
        ops.softmax_cross_entropy(Tensor(np.ones((2, 3))), np.zeros((2, 1), int))


def test_logits_must_be_rows():
    with pytest.raises(ShapeError, match=r"logits .* 2 axes \(N, K\)"):
        ops.softmax_cross_entropy(Tensor(np.ones(3)), [0, 1])


def test_sigmoid_targets_do_not_broadcast():
    with pytest.raises(ShapeError, match="shapes must be equal"):
        ops.sigmoid_cross_entropy(Tensor(np.ones((4, 1))), np.ones(4))
