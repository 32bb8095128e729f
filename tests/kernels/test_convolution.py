import functools
import itertools
import zlib
from typing import NamedTuple

import numpy as np
import pytest

from minicnn.kernels import ShapeError, backend
from minicnn.kernels.geometry import Padding, Pair, resolve_pads, window_output
from minicnn.kernels.portable.convolution import _blocks

reference = backend("reference")


class Case(NamedTuple):
    kernel: Pair = (3, 3)
    strides: Pair = (1, 1)
    padding: Padding = "same"
    dilation: Pair = (1, 1)
    groups: int = 1
    channels: int = 2
    filters: int = 3
    size: Pair = (7, 8)
    batch: int = 1

    @property
    def pads(self):
        return resolve_pads(self.padding, self.size, self.kernel, self.strides, self.dilation)

    @property
    def options(self) -> dict:
        return {"strides": self.strides, "pads": self.pads, "dilation": self.dilation, "groups": self.groups}

    @property
    def fits(self) -> bool:
        try:
            window_output(self.size, self.kernel, self.strides, self.pads, self.dilation)
        except ShapeError:
            return False
        return True

    def __str__(self) -> str:
        """The fields that differ from the defaults."""
        changed = {name: value for name, value in self._asdict().items() if value != self._field_defaults[name]}
        return " ".join(f"{name}={value}".replace(" ", "") for name, value in changed.items()) or "default"

    def inputs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Random x, w, b and dy."""
        rng = np.random.default_rng(zlib.crc32(repr(self).encode()))
        size = window_output(self.size, self.kernel, self.strides, self.pads, self.dilation)
        shapes = (
            (self.batch, *self.size, self.channels),
            (*self.kernel, self.channels // self.groups, self.filters),
            (self.filters,),
            (self.batch, *size, self.filters),
        )
        return tuple(rng.standard_normal(shape, np.float32).astype(np.float64) for shape in shapes)

    def all_three(self, run, x, w, b, dy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """y, dx and dw; run("conv2d", …) calls a kernel."""
        return (
            run("conv2d", x, w, b, **self.options),
            run("conv2d_input_grad", dy, w, input_size=self.size, **self.options),
            run("conv2d_weight_grad", x, dy, kernel_size=self.kernel, **self.options),
        )


ASYMMETRIC = ((0, 2), (3, 1))

GEOMETRIES = [
    Case(kernel=kernel, strides=strides, padding=padding, dilation=dilation)
    for kernel, strides, padding, dilation in itertools.product(
        [(1, 1), (3, 3), (5, 5), (2, 3), (7, 1)],
        [(1, 1), (2, 2), (2, 1), (4, 6)],
        ["valid", "same", ASYMMETRIC],
        [(1, 1), (2, 2), (2, 3)],
    )
]
CHANNELS = [Case(channels=c, filters=k, size=(4, 3)) for c, k in itertools.product([1, 3, 5, 16, 17, 33], repeat=2)]
POINTWISE = [Case(kernel=(1, 1), channels=c, filters=k, batch=3) for c, k in [(1, 1), (16, 33), (17, 16), (33, 5)]]
GROUPS = [
    Case(groups=groups, channels=c, filters=k, kernel=kernel, strides=strides, dilation=dilation, batch=2)
    for (groups, c, k), kernel, (strides, dilation) in itertools.product(
        [(2, 4, 6), (6, 6, 6), (6, 6, 12), (17, 17, 17), (2, 2, 34)],
        [(1, 1), (3, 3), (2, 3)],
        [((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 1), (2, 2))],
    )
]
SIZES = [
    Case(size=(1, 1), batch=1),
    Case(size=(1, 9), batch=3),
    Case(size=(3, 3), padding="valid"),
    Case(size=(11, 13), batch=5),
    Case(size=(5, 5), padding=((6, 7), (5, 9))),  # some taps see padding only
    Case(size=(2, 3), kernel=(5, 5), padding=((2, 2), (2, 2))),
    Case(size=(19, 17), channels=3, filters=8),
]
CASES = [case for case in [*GEOMETRIES, *CHANNELS, *POINTWISE, *GROUPS, *SIZES] if case.fits]


def run_reference(kernel: str, *args, **options):
    return getattr(reference, kernel)(*args, **options)


@functools.cache
def reference_results(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return case.all_three(run_reference, *case.inputs())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_the_reference(case, implementation):
    implementation.assert_close(case.all_three(implementation.run, *case.inputs()), reference_results(case))


def test_bias_may_be_absent(implementation, draw):
    implementation.check("conv2d", draw(2, 5, 6, 3), draw(3, 3, 3, 4))


@pytest.mark.parametrize("shape", [(2, 5, 7, 3), (1, 1, 1, 33), (5, 4), (1, 1)])
def test_bias_gradient(shape, implementation, draw):
    implementation.check("bias_grad", draw(*shape))


@pytest.mark.parametrize(
    "case", [Case(channels=5, batch=2), Case(groups=2, channels=4, filters=6), Case(kernel=(1, 1))], ids=str
)
def test_any_memory_layout(case, layout, implementation):
    inputs = [layout(implementation.cast(array)) for array in case.inputs()]
    implementation.assert_close(case.all_three(implementation.run, *inputs), reference_results(case))


@pytest.mark.parametrize(("channels", "images"), [(64, 4), (512, 1)])
def test_columns_of_at_most_four_megabytes_at_once_or_of_one_image(channels, images):
    x = np.empty((5, 3, 1024, channels), np.float32)
    blocks = _blocks(x, output_size=(2, 1024), kernel_size=(2, 1))  # 1 MiB or 8 MiB of columns an image
    assert [(block.start, block.stop) for block in blocks] == [(n, n + images) for n in range(0, 5, images)]


@pytest.mark.parametrize(
    "case",
    [Case(channels=16, filters=32, kernel=(5, 5), size=(40, 40), batch=7), Case(channels=32, size=(32, 33), batch=9)],
    ids=str,
)
def test_a_batch_is_its_images_one_by_one(case, implementation):
    """Large enough to be cut into blocks; the images one by one in float64 are the second opinion."""
    x, w, b, dy = case.inputs()
    y, dx, dw = case.all_three(implementation.run, x, w, b, dy)
    portable = backend("portable")
    for n in range(case.batch):
        image = slice(n, n + 1)
        one_dx = portable.conv2d_input_grad(dy[image], w, input_size=case.size, **case.options)
        implementation.assert_close(y[image], portable.conv2d(x[image], w, b, **case.options))
        implementation.assert_close(dx[image], one_dx)
    one_by_one = [
        portable.conv2d_weight_grad(x[n : n + 1], dy[n : n + 1], kernel_size=case.kernel, **case.options)
        for n in range(case.batch)
    ]
    implementation.assert_close(dw, sum(one_by_one))


SPREADS = [
    Case(padding="valid"),
    Case(size=(6, 5), channels=8, filters=16),
    Case(strides=(2, 2)),
    Case(kernel=(1, 1), channels=5),
    Case(kernel=(5, 5), dilation=(2, 1)),
    Case(strides=(4, 6)),
    Case(groups=2, channels=4, filters=4),
    Case(groups=6, channels=6, filters=6),
]


def poisoned_inputs(case: Case, victim: int, where: float, value: float) -> tuple[np.ndarray, ...]:
    """The inputs with one number of x, w, b or dy replaced."""
    inputs = case.inputs()
    flat = inputs[victim].reshape(-1)
    flat[int(where * (flat.size - 1))] = value
    return inputs


@functools.cache
def poisoned_results(case: Case, victim: int, where: float, value: float) -> tuple[np.ndarray, ...]:
    return case.all_three(run_reference, *poisoned_inputs(case, victim, where, value))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", [0, 0.6, 1])
@pytest.mark.parametrize("victim", [0, 1, 2, 3], ids=["x", "w", "b", "dy"])
@pytest.mark.parametrize("case", SPREADS, ids=str)
def test_nan_and_infinity_reach_exactly_the_sums_that_contain_them(case, victim, where, value, implementation):
    inputs = poisoned_inputs(case, victim, where, value)
    implementation.assert_close(
        case.all_three(implementation.run, *inputs), poisoned_results(case, victim, where, value)
    )


def test_an_infinite_weight_meets_the_zeros_of_the_padding(implementation):
    w = np.ones((3, 3, 1, 1))
    w[0, 1] = np.inf  # reads the pixel above
    y = implementation.run("conv2d", np.ones((1, 4, 3, 1)), w, pads=((1, 1), (1, 1)))
    assert np.isnan(y[0, 0]).all()
    assert np.isposinf(y[0, 1:]).all()


# The reference against numbers worked out by hand.


def test_the_textbook_image():
    rows = ["11100", "01110", "00111", "00110", "01100"]
    image = np.array([[float(digit) for digit in row] for row in rows])
    kernel = np.array([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]])
    y = reference.conv2d(image[None, :, :, None], kernel[:, :, None, None])
    assert y[0, :, :, 0].tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_the_kernel_is_not_flipped():
    x = np.zeros((1, 3, 3, 1))
    x[0, 1, 1] = 1
    w = np.arange(1.0, 10).reshape(3, 3, 1, 1)
    y = reference.conv2d(x, w, pads=((1, 1), (1, 1)))
    assert y.ravel().tolist() == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def row(*numbers: float) -> np.ndarray:
    """An image of one row."""
    return np.array(numbers).reshape(1, 1, -1, 1)


def test_stride_padding_and_dilation_by_hand():
    w = np.array([1.0, 10]).reshape(1, 2, 1, 1)
    x = row(1.0, 2, 3, 4, 5)
    strided = {"strides": (1, 2), "pads": ((0, 0), (1, 0))}
    assert reference.conv2d(x, w, **strided).ravel().tolist() == [10, 32, 54]
    assert reference.conv2d(x, w, dilation=(1, 3)).ravel().tolist() == [41, 52]
    dy = row(1.0, 2, 3)
    assert reference.conv2d_input_grad(dy, w, input_size=(1, 5), **strided).ravel().tolist() == [10, 2, 20, 3, 30]
    assert reference.conv2d_weight_grad(x, dy, kernel_size=(1, 2), **strided).ravel().tolist() == [16, 22]


def test_channels_groups_and_bias_by_hand():
    x = np.array([1.0, 2, 3, 4]).reshape(1, 1, 1, 4)
    w = np.array([[1.0, 2, 3, 4], [10, 20, 30, 40]]).reshape(1, 1, 2, 4)
    assert reference.conv2d(x, w, np.full(4, 0.5), groups=2).ravel().tolist() == [21.5, 42.5, 129.5, 172.5]
    dy = np.array([1.0, 1, 0, 2]).reshape(1, 1, 1, 4)
    assert reference.conv2d_input_grad(dy, w, input_size=(1, 1), groups=2).ravel().tolist() == [3, 30, 8, 80]
    dw = reference.conv2d_weight_grad(x, dy, kernel_size=(1, 1), groups=2)
    assert dw[0, 0].tolist() == [[1, 1, 0, 6], [2, 2, 0, 8]]
    assert reference.bias_grad(np.arange(12.0).reshape(2, 1, 2, 3)).tolist() == [18, 22, 26]


# The reference against two laws: adjointness and the slope of the function itself.


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_adjoint(case):
    """⟨dy, conv(x, w)⟩ = ⟨dx, x⟩ = ⟨dw, w⟩, convolution being linear in x and in w."""
    x, w, b, dy = case.inputs()
    y, dx, dw = reference_results(case)
    expected = np.sum(dy * (y - b))
    np.testing.assert_allclose([np.sum(dx * x), np.sum(dw * w)], expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    "case", [Case(strides=(2, 1)), Case(groups=2, channels=4, filters=6, dilation=(1, 2))], ids=str
)
def test_gradients_are_slopes(case, assert_derivative):
    x, w, b, dy = case.inputs()
    _, dx, dw = reference_results(case)
    assert_derivative(lambda x: reference.conv2d(x, w, b, **case.options), dx, x, dy)
    assert_derivative(lambda w: reference.conv2d(x, w, b, **case.options), dw, w, dy)
    assert_derivative(lambda b: reference.conv2d(x, w, b, **case.options), reference.bias_grad(dy), b, dy)
