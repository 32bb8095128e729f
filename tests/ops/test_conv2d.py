import numpy as np
import pytest

from minicnn import ShapeError, Tensor, ops

CASES = {
    "odd image": {"x": (2, 5, 7, 3), "w": (3, 3, 3, 4)},
    "one of everything": {"x": (1, 1, 1, 1), "w": (1, 1, 1, 1)},
    "one pixel kernel": {"x": (1, 3, 4, 3), "w": (1, 1, 3, 2)},
    "long kernel": {"x": (1, 6, 5, 2), "w": (5, 2, 2, 3)},
    "whole image": {"x": (2, 4, 3, 2), "w": (4, 3, 2, 3)},
    "same": {"x": (2, 5, 4, 2), "w": (3, 2, 2, 3), "padding": "same"},
    "same, stride 2": {"x": (1, 7, 6, 2), "w": (3, 3, 2, 3), "padding": "same", "strides": 2},
    "stride leaves a rest": {"x": (1, 8, 7, 2), "w": (3, 3, 2, 2), "strides": (2, 3)},
    "stride larger than the kernel": {"x": (1, 7, 7, 1), "w": (2, 2, 1, 2), "strides": 3},
    "number padding": {"x": (1, 4, 4, 2), "w": (3, 3, 2, 2), "padding": 2},
    "lopsided padding": {"x": (1, 4, 5, 2), "w": (3, 3, 2, 2), "padding": ((0, 2), (1, 0))},
    "dilated": {"x": (1, 7, 8, 2), "w": (3, 3, 2, 2), "dilation_rate": 2},
    "dilated, strided, same": {
        "x": (1, 9, 7, 2),
        "w": (3, 2, 2, 2),
        "dilation_rate": (2, 3),
        "strides": 2,
        "padding": "same",
    },
    "two groups": {"x": (2, 5, 5, 4), "w": (3, 3, 2, 6), "groups": 2},
    "depthwise": {"x": (1, 5, 4, 3), "w": (3, 3, 1, 3), "groups": 3, "padding": "same"},
    "depthwise, twice the channels": {"x": (1, 5, 4, 3), "w": (3, 3, 1, 6), "groups": 3, "strides": 2},
}


@pytest.mark.parametrize("bias", [False, True], ids=["no bias", "bias"])
@pytest.mark.parametrize("name", CASES)
def test_gradient(name, bias, check, rng):
    options = dict(CASES[name])
    x, w = rng.standard_normal(options.pop("x")), rng.standard_normal(options.pop("w"))
    b = [rng.standard_normal(w.shape[3])] if bias else []
    check(lambda x, w, *b: ops.conv2d(x, w, *b, **options), x, w, *b)


@pytest.mark.parametrize("wanted", ["x", "w", "b"])
def test_one_gradient_alone_equals_that_among_all(wanted, rng):
    arrays = {"x": rng.standard_normal((2, 5, 5, 3)), "w": rng.standard_normal((3, 3, 3, 2)), "b": np.ones(2)}
    dy = rng.standard_normal((2, 3, 3, 2))

    def gradient(names):
        tensors = {name: Tensor(array, requires_grad=name in names) for name, array in arrays.items()}
        ops.conv2d(tensors["x"], tensors["w"], tensors["b"]).backward(dy)
        return tensors[wanted].grad

    assert np.array_equal(gradient([wanted]), gradient(["x", "w", "b"]))


@pytest.mark.parametrize(
    ("x", "w", "options", "message"),
    [
        ((1, 5, 5, 3), (3, 3, 4, 2), {}, "the input has C=3 channels"),
        ((5, 5, 3), (3, 3, 3, 2), {}, "add the batch axis"),
        ((1, 2, 5, 3), (3, 3, 3, 2), {}, "does not fit into"),
        ((1, 5, 5, 3), (3, 3, 1, 4), {"groups": 3}, "groups=3 must divide"),
        ((0, 5, 5, 3), (3, 3, 3, 2), {}, "empty"),
    ],
)
def test_shapes_that_do_not_fit(x, w, options, message):
    with pytest.raises(ShapeError, match=message):
        ops.conv2d(Tensor(np.ones(x)), Tensor(np.ones(w)), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strides": 0}, "strides must be a positive integer or two of them, got 0"),
        ({"strides": (1, 2, 3)}, "strides must be"),
        ({"dilation_rate": 1.5}, "dilation_rate must be"),
        ({"padding": "full"}, "padding must be"),
        ({"padding": -1}, "padding must not be negative"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        ops.conv2d(Tensor(np.ones((1, 5, 5, 1))), Tensor(np.ones((3, 3, 1, 1))), **options)
