"""The grid of layers: many kinds, and shapes that fit together."""

from collections import Counter

import pytest
from convolutions import CLASSICAL, DRAWN, GRID, LARGEST, LAYERS, LEAST, MOST, Convolution, arrays, drawn

from minicnn.kernels import backend


def test_the_grid_is_the_same_every_time():
    assert drawn() == drawn()
    assert len(GRID) == 3 * len(LAYERS) == 3 * (len(CLASSICAL) + DRAWN)


def test_the_grid_has_everything():
    layers = LAYERS
    assert {layer.size for layer in layers} >= {1, 3, 5, 7}
    assert {layer.stride for layer in layers} >= {1, 2, 3}
    assert {layer.dilation for layer in layers} >= {1, 2, 4}
    assert {layer.batch for layer in layers} >= {1, 32}
    assert {layer.padded for layer in layers} == {False, True}
    assert any(layer.height % 2 and layer.width % 2 for layer in layers)
    kinds = Counter(layer.kind for layer in layers)
    assert min(kinds["dense"], kinds["grouped"], kinds["depthwise"]) >= 5


def test_layers_are_neither_tiny_nor_huge():
    for layer in drawn(20, seed=1):
        x, _, dy = arrays(layer)
        assert LEAST <= layer.multiplications <= MOST
        assert max(x.size, dy.size) <= LARGEST


@pytest.mark.parametrize("layer", drawn(10, seed=2), ids=str)
def test_arrays_fit_together(layer):
    x, w, dy = arrays(layer)
    options = {
        "strides": (layer.stride,) * 2,
        "pads": ((layer.pad,) * 2,) * 2,
        "dilation": (layer.dilation,) * 2,
        "groups": layer.groups,
    }
    kernels = backend("portable")
    assert kernels.conv2d(x, w, **options).shape == dy.shape
    assert kernels.conv2d_weight_grad(x, dy, kernel_size=w.shape[:2], **options).shape == w.shape


def test_names():
    assert str(Convolution(1, 9, 7, 4, 6, 3)) == "1×9×7×4→6, 3×3"
    assert str(Convolution(1, 9, 7, 4, 6, 3, 2, 3, 2, False)) == (
        "1×9×7×4→6, 3×3, stride 2, dilation 3, 2 groups, no padding"
    )
    assert str(Convolution(1, 9, 7, 4, 8, 1, groups=4, padded=False)) == "1×9×7×4→8, 1×1, depthwise"


def test_multiplications():
    assert Convolution(2, 4, 4, 6, 8, 3, groups=2).multiplications == 2 * 4 * 4 * 8 * 9 * 3
