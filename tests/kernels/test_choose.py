"""Which algorithm computes a convolution, and the reason that it gives."""

import pytest

from minicnn.kernels import precision
from minicnn.kernels.cpu.choose import conv2d, conv2d_input_grad, conv2d_weight_grad, preferring
from minicnn.kernels.cpu.simd import LANES

SAME = ((1, 1), (1, 1))


@pytest.fixture
def any_precision():
    before = precision.precision()
    yield precision.set_precision
    precision.set_precision(before)


@pytest.mark.parametrize(
    ("batch", "size", "channels", "filters"), [(32, 122, 32, 64), (32, 61, 64, 128), (20, 74, 16, 32), (64, 32, 32, 32)]
)
def test_large_images_with_many_channels_are_winograds(batch, size, channels, filters):
    x, w, y = (batch, size, size, channels), (3, 3, channels, filters), (batch, size, size, filters)
    assert conv2d(x, w, (size, size), pads=SAME).algorithm == "winograd"
    assert conv2d_input_grad(y, w, (size, size), pads=SAME).algorithm == "winograd"
    assert conv2d_weight_grad(x, y, (3, 3), pads=SAME).algorithm == "winograd"


def test_winograd_must_be_worth_its_transforms():
    algorithm, why = conv2d((64, 32, 32, 3), (3, 3, 3, 32), (32, 32), pads=SAME)
    assert algorithm == "direct"
    assert why.startswith("Winograd would take ")
    assert conv2d((1, 1, 1, 64), (3, 3, 64, 64), (1, 1), pads=SAME).algorithm == "direct"
    half, whole = (conv2d((8, 64, 64, 16), (3, 3, 16, filters), (64, 64), pads=SAME) for filters in (LANES // 2, LANES))
    assert (half.algorithm, whole.algorithm) == ("direct", "winograd")
    assert conv2d_weight_grad((64, 32, 32, 3), (64, 32, 32, 32), (3, 3), pads=SAME).algorithm == "direct"
    assert conv2d_weight_grad((1, 14, 14, 256), (1, 14, 14, 256), (3, 3), pads=SAME).algorithm == "direct"


@pytest.mark.parametrize(
    ("kernel", "options", "algorithm"),
    [
        ((1, 1, 32, 32), {}, "dense"),
        ((1, 1, 32, 32), {"strides": (2, 2)}, "direct"),
        ((3, 3, 1, 32), {"groups": 32}, "depthwise"),
        ((3, 3, 16, 32), {"groups": 2}, "direct"),
        ((3, 3, 32, 32), {"strides": (1, 2)}, "direct"),
        ((3, 3, 32, 32), {"dilation": (2, 1)}, "direct"),
        ((3, 5, 32, 32), {}, "direct"),
        ((3, 3, 32, 32), {}, "winograd"),
    ],
)
def test_what_winograd_cannot_do_is_done_otherwise(kernel, options, algorithm):
    for choose in (conv2d, conv2d_input_grad):
        choice = choose((64, 32, 32, 32), kernel, (32, 32), **options)
        assert choice.algorithm == algorithm
        assert choice.why
    images = (64, 32, 32, 32)
    assert conv2d_weight_grad(images, images, kernel[:2], **options).algorithm == algorithm


def test_exact_precision_sums_directly(any_precision):
    case = (64, 32, 32, 32), (3, 3, 32, 32), (30, 30)
    any_precision("exact")
    with preferring("winograd"):
        assert conv2d(*case) == ("direct", "precision is exact")
        assert conv2d_weight_grad(case[0], case[0], (3, 3)) == ("direct", "precision is exact")
    any_precision("float32")
    assert conv2d(*case).algorithm == "winograd"


def test_a_preferred_algorithm_is_taken_where_it_applies():
    with preferring("winograd"):
        assert conv2d((1, 3, 3, 1), (3, 3, 1, 1), (1, 1)).algorithm == "winograd"
        assert conv2d((1, 5, 5, 1), (5, 5, 1, 1), (1, 1)).algorithm == "direct"
    with preferring("direct"):
        assert conv2d((64, 32, 32, 32), (3, 3, 32, 32), (30, 30)).algorithm == "direct"


def test_few_filters_are_dot_products_of_many_channels():
    assert conv2d((4, 40, 40, 64), (3, 3, 64, 2), (38, 38)).algorithm == "dots"
    assert conv2d((4, 40, 40, 5), (3, 3, 5, 2), (38, 38)).algorithm == "direct"
    assert conv2d((4, 40, 40, 64), (3, 3, 64, 9), (38, 38)).algorithm != "dots"
    assert conv2d((4, 40, 40, 64), (3, 3, 32, 2), (38, 38), groups=2).algorithm == "direct"
    with preferring("direct"):
        assert conv2d((4, 40, 40, 64), (3, 3, 64, 2), (38, 38)).algorithm == "direct"


def test_windows_that_leave_no_lane_without_work_are_added_up():
    assert conv2d_input_grad((64, 32, 32, 32), (3, 3, 3, 32), (32, 32), pads=SAME).algorithm == "col2im"
    assert conv2d_input_grad((4, 10, 10, 40), (5, 5, 11, 40), (30, 30), (3, 3), groups=4).algorithm == "col2im"
    assert conv2d_input_grad((4, 32, 32, 64), (5, 5, 64, 64), (32, 32)).algorithm == "direct"
    assert conv2d_input_grad((4, 1, 5, 40), (5, 5, 3, 40), (5, 9)).algorithm == "direct"  # less than a tile
    with preferring("direct"):
        assert conv2d_input_grad((64, 32, 32, 32), (3, 3, 3, 32), (32, 32), pads=SAME).algorithm == "direct"


def test_of_weight_gradients_behind_a_pooling_the_zeros_are_left_out(any_precision):
    images = (64, 32, 32, 32)
    for value in precision.PRECISIONS:
        any_precision(value)
        assert conv2d_weight_grad(images, images, (3, 3), pads=SAME, pooled=True).algorithm == "sparse"
    assert conv2d_weight_grad(images, images, (3, 3), groups=2, pooled=True).algorithm == "direct"
