"""Which kernels compute a convolution on a GPU."""

import pytest

from minicnn.kernels import precision
from minicnn.kernels.gpu import choose

IMAGES, KERNEL, SIZE = (8, 32, 32, 64), (3, 3, 64, 64), (32, 32)


@pytest.fixture(autouse=True)
def compute_in():
    before = precision.precision()
    precision.set_precision("float32")
    yield precision.set_precision
    precision.set_precision(before)


def all_three(images, kernel, size, **window):
    """Of the convolution, of its input gradient and of its weight gradient."""
    gradients = (images[0], *size, kernel[3])
    return [
        choose.conv2d(images, kernel, size, **window),
        choose.conv2d_input_grad(gradients, kernel, images[1:3], **window),
        choose.conv2d_weight_grad(images, gradients, kernel[:2], **window),
    ]


@pytest.mark.parametrize("setting", ["float32", "tf32"])
def test_large_3x3_convolutions_go_to_tensor_cores(setting, compute_in):
    compute_in(setting)
    assert all_three(IMAGES, KERNEL, SIZE) == [("tensor cores", "100% of the tiles are used")] * 3


@pytest.mark.parametrize(
    ("images", "kernel", "window", "why"),
    [
        (IMAGES, (5, 5, 64, 64), {}, "3×3 windows"),
        (IMAGES, KERNEL, {"strides": (2, 1)}, "without stride"),
        (IMAGES, KERNEL, {"dilation": (1, 2)}, "without stride, dilation"),
        (IMAGES, (3, 3, 32, 64), {"groups": 2}, "and groups"),
        (IMAGES, (3, 3, 64, 18), {}, "filters in multiples of 4"),
    ],
)
def test_what_tensor_cores_cannot_compute(images, kernel, window, why):
    for choice in all_three(images, kernel, SIZE, **window):
        assert choice.algorithm == "direct"
        assert why in choice.why
    with choose.preferring("tensor cores"):
        assert {choice.algorithm for choice in all_three(images, kernel, SIZE, **window)} == {"direct"}


def test_exact_precision_sums_directly(compute_in):
    compute_in("exact")
    with choose.preferring("tensor cores"):
        assert all_three(IMAGES, KERNEL, SIZE) == [("direct", "precision is exact")] * 3


def test_small_images_are_left_to_direct_sums(compute_in):
    images, size = (8, 8, 8, 64), (8, 8)
    assert all_three(images, KERNEL, size) == [("direct", "only 25% of the tiles of tensor cores would be used")] * 3
    compute_in("tf32")
    assert all_three(images, KERNEL, size) == [("tensor cores", "25% of the tiles are used")] * 3


def test_the_colours_of_images_fill_three_of_eight_places(compute_in):
    forward, _, weight_grad = all_three((8, 32, 32, 3), (3, 3, 3, 64), SIZE)
    assert forward == weight_grad == ("direct", "only 38% of the tiles of tensor cores would be used")
    compute_in("tf32")
    forward, input_grad, weight_grad = all_three((8, 32, 32, 3), (3, 3, 3, 64), SIZE)
    assert forward == weight_grad == ("tensor cores", "38% of the tiles are used")
    assert input_grad == ("direct", "tensor cores give gradients to channels in multiples of 4")


def test_few_filters_fill_a_part_of_a_block():
    forward, input_grad, _ = all_three((8, 32, 32, 8), (3, 3, 8, 64), SIZE)
    assert forward == ("tensor cores", "100% of the tiles are used")
    assert input_grad == ("direct", "only 25% of the tiles of tensor cores would be used")


def test_a_preference_holds_until_its_block_ends():
    with choose.preferring("tensor cores"):
        assert all_three((1, 3, 3, 8), (3, 3, 8, 8), (1, 1)) == [("tensor cores", "preferred")] * 3
    with choose.preferring("direct"):
        assert all_three(IMAGES, KERNEL, SIZE) == [("direct", "preferred")] * 3
    assert choose.conv2d(IMAGES, KERNEL, SIZE).algorithm == "tensor cores"
