import numpy as np
import pytest

from minicnn.kernels import backend

reference = backend("reference")

SHAPES = [(4, 10), (1, 1), (1, 2), (33, 3), (5, 129)]


@pytest.fixture
def problem(draw):
    """problem(shape): logits, a distribution per row, and integer labels."""

    def make(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        targets = np.round(np.abs(draw(*shape)) * 8) / 64  # sums of rows differ from 1, some targets are 0
        labels = np.abs(draw(shape[0]) * 1000).astype(np.int64) % shape[1]
        return 5 * draw(*shape), targets, labels

    return make


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_agrees_with_the_reference(shape, problem, implementation):
    logits, targets, labels = problem(shape)
    implementation.check("softmax_cross_entropy", logits, targets)
    implementation.check("sigmoid_cross_entropy", logits, targets)
    for dtype in ("int64", "int32", "uint8"):
        implementation.check("sparse_softmax_cross_entropy", logits, labels.astype(dtype))


def test_any_memory_layout(layout, problem, implementation):
    logits, targets, labels = problem((5, 7))
    logits, targets = layout(implementation.cast(logits)), layout(implementation.cast(targets))
    implementation.check("softmax_cross_entropy", logits, targets)
    implementation.check("sigmoid_cross_entropy", logits, targets)
    implementation.check("sparse_softmax_cross_entropy", logits, layout(labels))


def test_sigmoid_cross_entropy_takes_any_shape(draw, implementation):
    for shape in ((), (3,), (2, 3, 4)):
        implementation.check("sigmoid_cross_entropy", draw(*shape), np.asarray(np.clip(draw(*shape), 0, 1)))


EXTREME_LOGITS = [
    [1e4, -1e4, 0],
    [-1e4, 1e4, 1e4],
    [1e38, -1e38, 0],
    [1e-40, -1e-40, 0],
    [-np.inf, 0, 1],
    [0, -np.inf, -np.inf],
    [np.inf, 0, 1],
    [np.nan, 0, 1],
    [-np.inf, -np.inf, -np.inf],
]


@pytest.mark.parametrize("logits", EXTREME_LOGITS, ids=str)
@pytest.mark.parametrize("targets", [[1, 0, 0], [0, 0.5, 0.5], [0, 0, 1]], ids=str)
def test_extreme_logits(logits, targets, implementation):
    logits = np.stack([np.float32(logits).astype(np.float64), np.zeros(3)])
    targets = np.stack([np.float64(targets), np.full(3, 0.25)])
    implementation.check("softmax_cross_entropy", logits, targets)
    implementation.check("sigmoid_cross_entropy", logits, targets)
    implementation.check("sparse_softmax_cross_entropy", logits, targets.argmax(axis=1))


def test_a_class_with_target_0_adds_nothing_even_at_minus_infinity(implementation):
    logits = np.array([[-np.inf, 0.0, 0.0]])
    loss, dz = implementation.run("softmax_cross_entropy", logits, np.array([[0.0, 1.0, 0.0]]))
    np.testing.assert_allclose(loss, [np.log(2)], rtol=1e-6)
    np.testing.assert_allclose(dz, [[0, -0.5, 0.5]], rtol=1e-6)


def test_sparse_and_one_hot_labels_are_one_loss(problem, implementation):
    logits, _, labels = problem((6, 5))
    sparse = implementation.run("sparse_softmax_cross_entropy", logits, labels)
    dense = implementation.run("softmax_cross_entropy", logits, np.eye(5)[labels])
    implementation.assert_close(sparse, dense)


# The reference against numbers worked out by hand.


def test_values_by_hand():
    logits = np.log([[1.0, 2, 5]])  # probabilities 1/8, 2/8, 5/8
    loss, dz = reference.sparse_softmax_cross_entropy(logits, np.array([1]))
    np.testing.assert_allclose(loss, [np.log(4)], rtol=1e-14)
    np.testing.assert_allclose(dz, [[1 / 8, -6 / 8, 5 / 8]], rtol=1e-14)
    loss, dz = reference.softmax_cross_entropy(logits, np.array([[1.0, 1, 0]]))
    np.testing.assert_allclose(loss, [np.log(32)], rtol=1e-14)
    np.testing.assert_allclose(dz, [[-6 / 8, -4 / 8, 10 / 8]], rtol=1e-14)
    loss, dz = reference.sigmoid_cross_entropy(np.log([3.0, 1 / 3]), np.array([1.0, 1.0]))
    np.testing.assert_allclose(loss, np.log([4 / 3, 4]), rtol=1e-14)
    np.testing.assert_allclose(dz, [-1 / 4, -3 / 4], rtol=1e-14)


# The reference against the slope of the function itself.


def test_gradients_are_slopes(problem, draw, assert_derivative):
    z, targets, labels = problem((4, 5))
    weights = draw(4)

    _, dz = reference.softmax_cross_entropy(z, targets)
    assert_derivative(lambda z: reference.softmax_cross_entropy(z, targets)[0], weights[:, None] * dz, z, weights)
    _, dz = reference.sparse_softmax_cross_entropy(z, labels)
    assert_derivative(lambda z: reference.sparse_softmax_cross_entropy(z, labels)[0], weights[:, None] * dz, z, weights)
    _, dz = reference.sigmoid_cross_entropy(z, targets)
    weights = draw(4, 5)
    assert_derivative(lambda z: reference.sigmoid_cross_entropy(z, targets)[0], weights * dz, z, weights)
