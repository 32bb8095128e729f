"""Products of matrices and convolutions on a GPU: every tile, sums in parts, fused forms, any order of the warps."""

import numpy as np
import pytest

from minicnn.kernels import fused, gpu, portable
from minicnn.kernels.gpu import choose, dense_update, gemm, grouped
from minicnn.kernels.gpu import fused as fused_on_gpu
from minicnn.kernels.gpu.convolution import conv2d_input_grad_relu, conv2d_relu, conv2d_weight_grad_of_pool
from minicnn.kernels.gpu.dense import dense_input_grad_relu, dense_relu
from minicnn.kernels.gpu.machine import using

from ..emulator import Emulator, Schedule, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

every_tile = pytest.mark.parametrize("tile", gemm.TILES, ids=lambda tile: tile.name)


def on_emulator(kernel, *arrays, machine=None, **options):
    machine = machine or Emulator()
    with using(machine):
        return kernel(*[a if a is None else machine.put(a) for a in arrays], **options).get()


def draw(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).standard_normal(shape, np.float32)


def check(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * np.nanmax(np.abs(expected[np.isfinite(expected)])))


def wide(*arrays):
    return [array.astype(np.float64) for array in arrays]


@pytest.fixture(autouse=True)
def without_tensor_cores():
    with choose.preferring("direct"):
        yield


@pytest.fixture
def only(monkeypatch):
    """Use one tile alone, and cut the depth into parts that are no longer than so."""

    def use(tile, depth=None):
        monkeypatch.setattr(gemm, "TILES", (tile,))
        if depth is not None:
            monkeypatch.setattr(gemm, "_LEAST_DEPTH", depth)

    return use


@every_tile
@pytest.mark.parametrize("size", [(1, 1, 1), (131, 133, 37), (132, 136, 40)], ids=str)
def test_products_of_matrices(tile, size, only):
    only(tile)
    n, c, k = size[0], size[2], size[1]
    x, w, b, dy = draw(n, c), draw(c, k), draw(k), draw(n, k)
    check(on_emulator(gpu.dense, x, w, b), portable.dense(*wide(x, w, b)))
    check(on_emulator(gpu.dense_input_grad, dy, w), portable.dense_input_grad(*wide(dy, w)))
    check(on_emulator(gpu.dense_weight_grad, x, dy), portable.dense_weight_grad(*wide(x, dy)))


# x, kernel, filters, stride, dilation, groups: within tiles and over their edges; what can be read by 16 bytes and not
CONVOLUTIONS = {
    "vectors": ((2, 9, 8, 8), (3, 3), 132, 1, 1, 1),
    "odd": ((1, 12, 12, 5), (3, 2), 35, 1, 1, 1),
    "stride": ((2, 9, 8, 4), (3, 3), 12, 2, 1, 1),
    "stride and dilation": ((1, 13, 14, 3), (3, 3), 9, 6, 4, 1),
    "groups": ((2, 5, 5, 24), (3, 3), 24, 1, 1, 2),
}
every_convolution = pytest.mark.parametrize("case", CONVOLUTIONS)


def inputs(case):
    """x, w, b, dy, options."""
    shape, kernel, filters, stride, dilation, groups = CONVOLUTIONS[case]
    x, w, b = draw(*shape), draw(*kernel, shape[3] // groups, filters), draw(filters)
    pads = ((kernel[0] // 2 * dilation, 0), (1, dilation))
    options = {"strides": (stride, stride), "pads": pads, "dilation": (dilation, dilation), "groups": groups}
    dy = draw(*portable.conv2d(x, w, **options).shape, seed=1)
    return x, w, b, dy, options


def check_convolution(case, machine=None):
    x, w, b, dy, options = inputs(case)
    size, kernel = {"input_size": x.shape[1:3]}, {"kernel_size": w.shape[:2]}
    for name, arrays, more in (
        ("conv2d", (x, w, b), {}),
        ("input_grad", (dy, w), size),
        ("weight_grad", (x, dy), kernel),
    ):
        name = name if name == "conv2d" else f"conv2d_{name}"
        found = on_emulator(getattr(gpu, name), *arrays, machine=machine, **options, **more)
        check(found, getattr(portable, name)(*wide(*arrays), **options, **more))


@every_tile
@every_convolution
def test_convolutions(tile, case, only):
    only(tile)
    check_convolution(case)


@every_convolution
def test_sums_in_parts(case, only):
    only(gemm.TILES[-1], depth=8)
    check_convolution(case)


@pytest.mark.parametrize("schedule", [Schedule.BACKWARD, Schedule.RANDOM])
@every_tile
def test_any_order_of_the_warps(tile, schedule, only):
    only(tile, depth=32)
    check_convolution("vectors", Emulator(schedule, seed=1))


@pytest.mark.parametrize("case", ["vectors", "odd", "stride", "groups"])
@pytest.mark.parametrize("depth", [8, 1024], ids=["in parts", "whole"])
def test_fused_convolutions(case, depth, only):
    only(gemm.TILES[-1], depth)
    x, w, b, dy, options = inputs(case)
    x.ravel()[:: x.size // 3] = np.nan
    expected = fused.conv2d_relu(portable, *wide(x, w, b), **options)
    check(on_emulator(conv2d_relu, x, w, b, **options), expected)
    options["input_size"] = x.shape[1:3]
    expected = fused.conv2d_input_grad_relu(portable, *wide(dy, w, x), **options)
    check(on_emulator(conv2d_input_grad_relu, dy, w, x, **options), expected)


@every_tile
@pytest.mark.parametrize("case", ["vectors", "odd", "stride", "groups"])
def test_weight_gradients_of_a_pooled_convolution(tile, case, only):
    only(tile)
    x, w, _, dy, options = inputs(case)
    options = {**options, "kernel_size": w.shape[:2], "output_size": dy.shape[1:3]}
    pooled = draw(len(x), dy.shape[1] // 2, dy.shape[2] // 2, dy.shape[3])
    code = np.random.default_rng(0).integers(0, 4, pooled.shape).astype(np.uint8)
    pooled[0, 0, 0, 0] = np.nan
    expected = fused.conv2d_weight_grad_of_pool(portable, *wide(x, pooled), code, **options)
    for kernel in conv2d_weight_grad_of_pool, fused_on_gpu.conv2d_weight_grad_of_pool:
        check(on_emulator(kernel, x, pooled, code, **options), expected)


@pytest.mark.parametrize("depth", [8, 1024], ids=["in parts", "whole"])
def test_fused_dense_layers(depth, only):
    only(gemm.TILES[-1], depth)
    x, w, b, dy, y = draw(5, 70), draw(70, 20), draw(20), draw(5, 20), draw(5, 70, seed=1)
    y[1, 3] = np.nan
    check(on_emulator(dense_relu, x, w, b), fused.dense_relu(portable, *wide(x, w, b)))
    check(on_emulator(dense_input_grad_relu, dy, w, y), fused.dense_input_grad_relu(portable, *wide(dy, w, y)))


@pytest.mark.parametrize("case", ["vectors", "stride"])
@pytest.mark.parametrize("depth", [8, 1024], ids=["in parts", "whole"])
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_infinite_weights_meet_gradients_alone(case, depth, value, only):
    """No pixel gets NaN from a window that is not there."""
    only(gemm.TILES[-1], depth)
    _, w, _, dy, options = inputs(case)
    w[0, 1, 0, 0], options["input_size"] = value, inputs(case)[0].shape[1:3]
    expected = portable.conv2d_input_grad(*wide(dy, w), **options)
    assert np.isfinite(expected[..., 0]).any()
    check(on_emulator(gpu.conv2d_input_grad, dy, w, **options), expected)


@pytest.mark.parametrize("shape", [(3, 5, 70), (2000, 3), (5000, 1), (700, 40)])
def test_bias_gradients(shape):
    dy = draw(*shape)
    check(on_emulator(gpu.bias_grad, dy), portable.bias_grad(*wide(dy)))


def test_small_groups_are_computed_one_by_one(monkeypatch):
    """Depthwise, and so many positions that their sums are added in parts."""
    monkeypatch.setattr(grouped, "_LEAST_POSITIONS", 16)
    monkeypatch.setitem(CONVOLUTIONS, "depthwise", ((2, 9, 8, 35), (3, 3), 70, 1, 1, 35))
    check_convolution("depthwise")


#: optimizer, number of states, options
UPDATES = [
    ("sgd", 0, {}),
    ("sgd", 1, {"momentum": 0.9, "nesterov": True}),
    ("rmsprop", 1, {}),
    ("rmsprop", 3, {"rho": 0.8, "momentum": 0.9, "epsilon": 1e-3}),
    ("adamw", 2, {"step": 3, "weight_decay": 0.0}),
    ("adamw", 3, {"step": 7, "weight_decay": 0.1, "beta_1": 0.8, "epsilon": 1e-3}),
]


@pytest.mark.parametrize("depth", [8, 1024], ids=["in parts", "whole"])
@pytest.mark.parametrize(("optimizer", "count", "options"), UPDATES)
@every_tile
def test_updates_of_dense_layers(tile, optimizer, count, options, depth, only):
    """Of weights and states in any layout, with the input gradient of the weights as they were."""
    only(tile, depth)
    x, dy, w = draw(33, 70), draw(33, 37), draw(70, 37)
    states = [np.abs(draw(70, 37, seed=i)) + (1e3 if i == 0 else 0.1) for i in range(count)]
    expected = wide(w, *states)
    dx = portable.dense_input_grad(*wide(dy, w))
    getattr(fused, f"dense_weight_grad_{optimizer}_update")(
        portable, *wide(x, dy), *expected, learning_rate=0.1, **options
    )
    machine = Emulator()
    with using(machine):
        places = [machine.put(array) for array in (x, dy)]
        changed = [transposed(machine, array) for array in (w, *states)]
        update = getattr(dense_update, f"dense_backward_{optimizer}_update")
        check(update(*places, *changed, relu=False, learning_rate=0.1, **options).get(), dx)
    for found, wanted in zip(changed, expected, strict=True):
        check(found.get(), wanted)


def transposed(machine, array):
    """The same numbers, column by column in memory."""
    return machine.put(np.ascontiguousarray(array.T)).transpose()
