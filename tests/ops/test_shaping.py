import itertools

import numpy as np
import pytest

from minicnn import ShapeError, Tensor, ops

AXES = [None, 0, 1, -1, -3, (0, 2), (-1, 0), (0, 1, 2), ()]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("op", [ops.sum, ops.mean], ids=lambda op: op.__name__)
def test_reductions(op, axis, keepdims, check, rng):
    x = rng.standard_normal((3, 1, 4))
    expected = getattr(np, op.__name__)(x, axis=axis, keepdims=keepdims)
    y = op(Tensor(x), axis, keepdims)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.data, expected, rtol=1e-12)
    check(lambda x: op(x, axis, keepdims), x)


@pytest.mark.parametrize("op", [ops.sum, ops.mean], ids=lambda op: op.__name__)
def test_reductions_drop_their_axes(op):
    x = Tensor(np.ones((2, 3)))
    assert (op(x).shape, op(x, 0).shape) == ((), (3,))


@pytest.mark.parametrize("op", [ops.sum, ops.mean], ids=lambda op: op.__name__)
def test_reduction_over_an_axis_that_is_not_there(op):
    with pytest.raises(ValueError, match="axis 2 does not exist in a tensor of 2 axes"):
        op(Tensor(np.ones((2, 3))), axis=2)


@pytest.mark.parametrize("shape", [(12,), (2, 6), (-1, 3), (2, -1, 2), (1, 12, 1)])
def test_reshape(shape, check, rng):
    x = rng.standard_normal((3, 4))
    assert np.array_equal(ops.reshape(Tensor(x), shape).data, x.reshape(shape))
    check(lambda x: ops.reshape(x, shape), x)


@pytest.mark.parametrize("shape", [(5,), (-1, 5), (-1, -1), (0,)])
def test_reshape_that_does_not_fit(shape):
    with pytest.raises(ShapeError, match="holds 12 numbers and cannot become"):
        ops.reshape(Tensor(np.ones((3, 4))), shape)


@pytest.mark.parametrize("axes", [None, *itertools.permutations(range(3))])
def test_transpose(axes, check, rng):
    x = rng.standard_normal((2, 3, 4))
    assert np.array_equal(ops.transpose(Tensor(x), axes).data, x.transpose(axes))
    check(lambda x: ops.transpose(x, axes), x)


@pytest.mark.parametrize("axes", [(0, 1), (0, 1, 1), (0, 1, 3)])
def test_transpose_with_wrong_axes(axes):
    with pytest.raises(ShapeError, match="must name each of the 3 axes once"):
        ops.transpose(Tensor(np.ones((2, 3, 4))), axes)


KEYS = {
    "number": 1,
    "from the end": -1,
    "slice": slice(1, None),
    "steps": (slice(None), slice(None, None, 2)),
    "backwards": slice(None, None, -1),
    "ellipsis": (..., 0),
    "new axis": (None, 2),
    "one element": (2, 3, 1),
    "empty": slice(0, 0),
    "list with repeats": [0, 2, 2, 0],
    "pairs with repeats": ([0, 0, 2], [1, 1, 3]),
    "mask": np.arange(4)[:, None] % 2 == np.arange(5) % 2,
}


@pytest.mark.parametrize("name", KEYS)
def test_getitem(name, check, rng):
    x, key = rng.standard_normal((4, 5, 2)), KEYS[name]
    assert np.array_equal(Tensor(x)[key].data, x[key])
    check(lambda x: x[key], x)


def test_getitem_outside():
    with pytest.raises(ShapeError, match="cannot index shape"):
        Tensor(np.ones((2, 3)))[2]


@pytest.mark.parametrize("widths", [((0, 0), (0, 0)), ((1, 2), (0, 3)), ((0, 1), (2, 0))])
def test_pad(widths, check, rng):
    x = rng.standard_normal((2, 3))
    assert np.array_equal(ops.pad(Tensor(x), widths).data, np.pad(x, widths))
    check(lambda x: ops.pad(x, widths), x)


def test_pad_with_too_few_widths():
    with pytest.raises(ShapeError, match="for each of the 2 axes"):
        ops.pad(Tensor(np.ones((2, 3))), ((1, 1),))


@pytest.mark.parametrize(
    ("axis", "shapes"),
    [
        (0, [(1, 3), (2, 3)]),
        (1, [(2, 1), (2, 3), (2, 2)]),
        (-1, [(2, 2, 1), (2, 2, 4)]),
        (-2, [(2, 2, 3), (2, 1, 3)]),
        (0, [(3,)]),
    ],
)
def test_concatenate(axis, shapes, check, rng):
    arrays = [rng.standard_normal(shape) for shape in shapes]
    assert np.array_equal(ops.concatenate([Tensor(a) for a in arrays], axis).data, np.concatenate(arrays, axis))
    check(lambda *tensors: ops.concatenate(tensors, axis), *arrays)


def test_concatenate_joins_along_the_last_axis(rng):
    a, b = rng.standard_normal((2, 2, 3)), rng.standard_normal((2, 2, 4))
    assert np.array_equal(ops.concatenate([Tensor(a), Tensor(b)]).data, np.concatenate([a, b], axis=-1))


def test_concatenate_one_tensor_twice(check, rng):
    check(lambda x: ops.concatenate([x, x * 2.0, x], axis=0), rng.standard_normal((2, 3)))


def test_concatenate_errors():
    x = Tensor(np.ones((2, 3)))
    with pytest.raises(ShapeError, match="shapes must agree except along axis 1"):
        ops.concatenate([x, Tensor(np.ones((3, 3)))])
    with pytest.raises(ValueError, match="axis 2 does not exist"):
        ops.concatenate([x, x], axis=2)
