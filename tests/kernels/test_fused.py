"""Fused kernels: what the kernels that they replace compute one after the other."""

import numpy as np
import pytest

from minicnn.kernels import fused, portable
from minicnn.kernels.cpu import choose, direct, pooled_input_grad, windows
from minicnn.kernels.cpu import fused as on_cpu
from minicnn.kernels.geometry import window_output
from minicnn.kernels.gpu import choose as gpu_choose
from minicnn.kernels.gpu import fused as on_gpu
from minicnn.kernels.gpu.machine import using

from ..emulator import Emulator, missing

# name: x, kernel, filters, stride, pad, dilation, groups
CASES = {
    "one panel, odd size": ((2, 11, 9, 3), (3, 3), 16, 1, 1, 1, 1),
    "few filters": ((3, 13, 12, 2), (5, 5), 6, 1, 2, 1, 1),
    "one filter": ((2, 7, 8, 4), (3, 3), 1, 1, 0, 1, 1),
    "a panel and some": ((1, 9, 9, 3), (3, 2), 21, 1, 0, 1, 1),
    "groups": ((2, 9, 10, 6), (3, 3), 15, 1, 1, 1, 3),
    "groups of whole panels": ((2, 7, 7, 4), (3, 3), 32, 1, 1, 1, 2),
    "stride": ((2, 12, 15, 4), (3, 3), 18, 2, 1, 1, 1),
    "a stride beyond the kernel": ((2, 17, 19, 4), (2, 2), 7, 3, 0, 1, 1),
    "dilation": ((2, 12, 13, 5), (3, 3), 19, 1, 2, 3, 1),
    "images in several blocks": ((40, 9, 10, 3), (5, 5), 17, 1, 2, 1, 1),
    "rows in several blocks": ((1, 60, 61, 9), (3, 3), 20, 1, 1, 1, 1),
    "filters split among threads": ((1, 5, 5, 8), (3, 3), 100, 1, 1, 1, 1),
    "depthwise": ((2, 8, 9, 6), (3, 3), 12, 1, 1, 1, 6),
    "pixels": ((2, 6, 7, 5), (1, 1), 9, 1, 0, 1, 1),
    "a kernel larger than the image": ((2, 4, 5, 3), (9, 9), 7, 1, 6, 1, 1),
    "one window": ((1, 3, 3, 3), (2, 2), 4, 1, 0, 1, 1),
}


def arrays(case, seed=0):
    """(x, w, b, options)."""
    shape, kernel, filters, stride, pad, dilation, groups = CASES[case]
    rng = np.random.default_rng(seed)
    x, w = (
        rng.standard_normal(shape, np.float32),
        rng.standard_normal((*kernel, shape[3] // groups, filters), np.float32),
    )
    pads, steps = ((pad, pad), (pad, pad)), {"strides": (stride, stride), "dilation": (dilation, dilation)}
    options = {"pads": pads, "groups": groups, **steps}
    return x, w, rng.standard_normal(filters, np.float32), options


def gradients(case, seed=0):
    """(dy, dy behind the pooling, code, w, y, sizes and options), y with NaN, dy with zeros."""
    x, w, _, options = arrays(case, seed)
    rng = np.random.default_rng(seed + 1)
    size = window_output(x.shape[1:3], w.shape[:2], options["strides"], options["pads"], options["dilation"])
    dy = rng.standard_normal((len(x), *size, w.shape[3]), np.float32)
    pooled = rng.standard_normal((len(x), size[0] // 2, size[1] // 2, w.shape[3]), np.float32)
    pooled[rng.random(pooled.shape) < 0.3] = 0
    x[rng.random(x.shape) < 0.1] = np.nan
    code = rng.integers(0, 4, pooled.shape).astype(np.uint8)
    return dy, pooled, code, w, x, {"input_size": x.shape[1:3], **options}, {"output_size": size}


def wide(*numbers):
    return [a.astype(np.float64) for a in numbers]


class OnCpu:
    """run(kernel, …): what it returns, after it has returned the same bits on 1, 2, 3 and 8 threads."""

    def __init__(self, set_threads):
        self._set_threads = set_threads

    def __call__(self, kernel, *args, **options):
        results = []
        for number in (1, 2, 3, 8):
            self._set_threads(number)
            found = getattr(on_cpu, kernel)(*args, **options)
            results.append(found if isinstance(found, tuple) else (found,))
        for other in results[1:]:
            for one, same in zip(results[0], other):
                assert one.tobytes() == same.tobytes()
        return found


class OnGpu:
    """run(kernel, …) on the emulator, with tensor cores wherever they apply."""

    def __init__(self):
        self._machine = Emulator()

    def __call__(self, kernel, *args, **options):
        with using(self._machine), gpu_choose.preferring("tensor cores"):
            found = getattr(on_gpu, kernel)(*map(self._put, args), **options)
        return tuple(map(self._get, found)) if isinstance(found, tuple) else self._get(found)

    def _put(self, array):
        if array is None or array.flags.c_contiguous:
            return array if array is None else self._machine.put(array)
        return self._machine.put(array.T).transpose()

    def _get(self, array):
        return self._machine.get([array])[0]


@pytest.fixture(params=["cpu", "gpu"])
def run(request, any_threads):
    if request.param == "cpu":
        return OnCpu(any_threads)
    if missing():
        pytest.skip(missing())
    return OnGpu()


def assert_pooled(found, expected, scale):
    """Codes count where a gradient flows: where the pooled ReLU is positive or NaN."""
    (y, code), (y_expected, code_expected) = found, expected
    np.testing.assert_allclose(y, y_expected, rtol=1e-5, atol=1e-5 * scale)
    flows = ~(y_expected <= 1e-4 * scale)
    np.testing.assert_array_equal(code[flows], code_expected[flows])
    assert code.dtype == np.uint8
    assert code.max() <= 3


@pytest.mark.parametrize("case", CASES)
def test_conv2d_relu(case, run):
    x, w, b, options = arrays(case)
    expected = fused.conv2d_relu(portable, *wide(x, w, b), **options)
    found = run("conv2d_relu", x, w, b, **options)
    np.testing.assert_allclose(found, expected, atol=1e-5 * expected.max())
    assert (found == 0).any()


@pytest.mark.parametrize("channels", [1, 5, 32, 96])
def test_relu_max_pool(channels, run):
    x = np.random.default_rng(channels).integers(-3, 3, (3, 7, 9, channels)).astype(np.float32)
    x[np.random.default_rng(0).random(x.shape) < 0.1] = np.nan
    expected = fused.relu_max_pool(portable, *wide(x))
    found = run("relu_max_pool", x)
    assert_pooled(found, expected, 1e-3)
    assert_pooled(run("relu_max_pool", np.asfortranarray(x)), expected, 1e-3)


@pytest.mark.parametrize("case", CASES)
def test_conv2d_relu_max_pool(case, run):
    x, w, b, options = arrays(case)
    expected = fused.conv2d_relu_max_pool(portable, *wide(x, w, b), **options)
    found = run("conv2d_relu_max_pool", x, w, b, **options)
    assert_pooled(found, expected, expected[0].max())


@pytest.mark.parametrize("case", CASES)
def test_conv2d_input_grad_relu(case, run):
    dy, _, _, w, y, options, _ = gradients(case)
    expected = fused.conv2d_input_grad_relu(portable, *wide(dy, w, y), **options)
    found = run("conv2d_input_grad_relu", dy, w, y, **options)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.nanmax(abs(expected)))


@pytest.mark.parametrize("case", CASES)
def test_conv2d_input_grad_of_pool(case, run):
    _, dy, code, w, y, options, size = gradients(case)
    args, wide_args = (dy, code, w), (dy.astype(np.float64), code, w.astype(np.float64))
    expected = fused.conv2d_input_grad_of_pool(portable, *wide_args, **options, **size)
    found = run("conv2d_input_grad_of_pool", *args, **options, **size)
    np.testing.assert_allclose(found, expected, atol=1e-5 * abs(expected).max())
    expected = fused.conv2d_input_grad_of_pool_relu(portable, *wide_args, y.astype(np.float64), **options, **size)
    found = run("conv2d_input_grad_of_pool_relu", *args, y, **options, **size)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.nanmax(abs(expected)))


@pytest.mark.parametrize("case", ["one panel, odd size", "few filters", "groups", "stride", "one filter"])
def test_conv2d_weight_grad_of_pool(case, run):
    x, w, _, options = arrays(case)
    _, dy, code, *_, size = gradients(case)
    kernel = {"kernel_size": w.shape[:2], **options, **size}
    expected = fused.conv2d_weight_grad_of_pool(portable, *wide(x, dy), code, **kernel)
    found = run("conv2d_weight_grad_of_pool", x, dy, code, **kernel)
    np.testing.assert_allclose(found, expected, atol=1e-5 * abs(expected).max())


@pytest.mark.parametrize("case", ["few filters", "stride", "groups", "dilation", "rows in several blocks"])
@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_gradients_that_are_not_finite_go_where_they_belong(case, special, run):
    dy, pooled, code, w, y, options, size = gradients(case)
    for gradient in (dy, pooled):
        gradient.ravel()[:: gradient.size // 3] = special
    expected = fused.conv2d_input_grad_relu(portable, *wide(dy, w, y), **options)
    assert np.isnan(expected).sum() < expected.size
    found = run("conv2d_input_grad_relu", dy, w, y, **options)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    wide_args = pooled.astype(np.float64), code, w.astype(np.float64)
    expected = fused.conv2d_input_grad_of_pool(portable, *wide_args, **options, **size)
    assert not np.isfinite(expected).all()
    assert np.isfinite(expected).any()
    found = run("conv2d_input_grad_of_pool", pooled, code, w, **options, **size)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("case", ["few filters", "stride", "groups"])
def test_infinite_weights_meet_the_zeros_of_a_pooling(case, run):
    _, dy, code, w, y, options, size = gradients(case)
    w[0, 0, 0, 0] = np.inf
    wide_args = dy.astype(np.float64), code, w.astype(np.float64)
    expected = fused.conv2d_input_grad_of_pool(portable, *wide_args, **options, **size)
    np.testing.assert_allclose(run("conv2d_input_grad_of_pool", dy, code, w, **options, **size), expected, atol=1e-4)
    expected = fused.conv2d_input_grad_of_pool_relu(portable, *wide_args, y.astype(np.float64), **options, **size)
    found = run("conv2d_input_grad_of_pool_relu", dy, code, w, y, **options, **size)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_without_bias(run):
    x, w, _, options = arrays("few filters")
    expected = fused.conv2d_relu_max_pool(portable, *wide(x, w), **options)
    assert_pooled(run("conv2d_relu_max_pool", x, w, **options), expected, expected[0].max())
    np.testing.assert_allclose(
        run("conv2d_relu", x, w, **options), fused.conv2d_relu(portable, *wide(x, w), **options), atol=1e-4
    )


@pytest.mark.parametrize("case", CASES)
def test_ties_go_to_the_first_pixel(case, run):
    """Whole numbers, few of them, so that every sum is exact and many are equal."""
    x, w, b, options = (a if isinstance(a, dict) else np.sign(a.round()) for a in arrays(case))
    expected, place = fused.conv2d_relu_max_pool(portable, *wide(x, w, b), **options)
    with choose.preferring("direct"):  # Winograd's sums are rounded even here
        y, code = run("conv2d_relu_max_pool", x, w, b, **options)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(code[y > 0], place[y > 0])


@pytest.mark.parametrize("case", ["one panel, odd size", "few filters", "a panel and some", "groups", "depthwise"])
def test_nan_and_infinities_go_where_they_belong(case, run):
    x, w, b, options = arrays(case)
    x.ravel()[:: x.size // 6] = np.resize(np.float32([np.nan, np.inf, -np.inf]), len(x.ravel()[:: x.size // 6]))
    relu = fused.conv2d_relu(portable, *wide(x, w, b), **options)
    assert np.isnan(relu).any()
    assert np.isinf(relu).any()
    np.testing.assert_allclose(run("conv2d_relu", x, w, b, **options), relu, atol=1e-4)
    expected = fused.conv2d_relu_max_pool(portable, *wide(x, w, b), **options)
    assert_pooled(run("conv2d_relu_max_pool", x, w, b, **options), expected, 10)


def test_windows_of_negative_pixels_are_zero(run):
    x, w, b, options = arrays("a panel and some")
    y, code = run("conv2d_relu_max_pool", x, w, b - 1000, **options)
    assert (y == 0).all()
    assert code.max() <= 3
    assert (run("conv2d_relu", x, w, b - 1000, **options) == 0).all()


def guarded(shape, dtype=np.float32):
    """An array, and all the memory that it lies in."""
    memory = np.full(int(np.prod(shape)) + 128, 99, dtype)
    return memory[64:-64].reshape(shape), memory


def assert_guarded(array, memory):
    assert (memory[:64] == 99).all()
    assert (memory[-64:] == 99).all()
    assert not (array == 99).any()


@pytest.mark.parametrize("number", [1, 2, 8])
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_written_beyond_the_results(case, number, any_threads):
    any_threads(number)
    x, w, b, options = arrays(case)
    pads, groups, strides, dilation = options.values()
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    reach = windows.forward_reach(w.shape[:2], strides, pads, dilation)
    (y, memory), panels = guarded((len(x), *size, w.shape[3])), direct.packed(w, groups)
    direct.correlate(x, panels, b, y, size, reach, groups, floor=0)
    assert_guarded(y, memory)
    shape = len(x), size[0] // 2, size[1] // 2, w.shape[3]
    (y, memory), (code, codes) = guarded(shape), guarded(shape, np.uint8)
    direct.correlate(x, panels, b, y, (2 * shape[1], 2 * shape[2]), reach, groups, code=code)
    assert_guarded(y, memory)
    assert_guarded(code, codes)


@pytest.mark.parametrize("case", [case for case in CASES if case not in ("depthwise", "pixels")])
def test_no_gradient_is_written_beyond_the_image(case, monkeypatch, any_threads):
    _, dy, code, w, y, options, _ = gradients(case)
    dx, memory = guarded(y.shape)
    monkeypatch.setattr(pooled_input_grad, "empty", lambda shape: dx)
    for number in (1, 2, 8):
        any_threads(number)
        dx[...] = 99
        pooled_input_grad.input_grad_of_pool(dy, code, w, **options)
        assert_guarded(dx, memory)
