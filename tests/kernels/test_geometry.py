import numpy as np
import pytest

from minicnn.kernels import ShapeError
from minicnn.kernels.geometry import extent, output_size, resolve_pads, same_pad, window_output


def test_extent_of_a_dilated_window():
    assert [extent(1, 5), extent(3), extent(3, 2), extent(5, 3)] == [1, 3, 5, 13]


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("window", range(1, 5))
@pytest.mark.parametrize("stride", range(1, 4))
@pytest.mark.parametrize("dilation", [1, 2])
def test_output_size_counts_the_places_of_the_window(size, window, stride, dilation):
    for pad in ((0, 0), (2, 1)):
        padded = np.arange(pad[0] + size + pad[1])
        places = [p for p in padded[::stride] if p + (window - 1) * dilation <= padded[-1]]
        if places:
            assert output_size(size, window, stride, pad, dilation) == len(places)
        else:
            with pytest.raises(ShapeError, match="does not fit"):
                output_size(size, window, stride, pad, dilation)


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("window", range(1, 5))
@pytest.mark.parametrize("stride", range(1, 4))
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_padding_gives_one_output_per_stride(size, window, stride, dilation):
    before, after = same_pad(size, window, stride, dilation)
    assert output_size(size, window, stride, (before, after), dilation) == -(-size // stride)
    assert after - before in (0, 1)  # the odd pixel goes to the end


def test_paddings_of_every_kind():
    sizes = {"size": (5, 6), "window": (3, 3), "strides": (1, 2)}
    assert resolve_pads("valid", **sizes) == ((0, 0), (0, 0))
    assert resolve_pads("same", **sizes) == ((1, 1), (0, 1))
    assert resolve_pads(2, **sizes) == ((2, 2), (2, 2))
    assert resolve_pads([[1, 2], [3, 4]], **sizes) == ((1, 2), (3, 4))
    with pytest.raises(ValueError, match=r"'full'"):
        resolve_pads("full", **sizes)


def test_both_axes_of_a_window():
    assert window_output((5, 9), (3, 2), (1, 3), ((1, 1), (0, 0)), (2, 1)) == (3, 3)
