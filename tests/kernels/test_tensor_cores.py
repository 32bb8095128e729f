"""3×3 convolutions on tensor cores, with ReLU and pooling, against the kernels that they replace in float64."""

import numpy as np
import pytest

from minicnn.kernels import fused, portable, precision
from minicnn.kernels.geometry import window_output
from minicnn.kernels.gpu import tensor_cores
from minicnn.kernels.gpu.machine import using

from ..emulator import Emulator, Schedule, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

# name: images, pads, filters
CASES = {
    "part of a tile": ((2, 5, 7, 8), ((1, 1), (1, 1)), 8),
    "several tiles": ((2, 19, 33, 8), ((1, 1), (1, 1)), 16),
    "no padding": ((1, 18, 19, 16), ((0, 0), (0, 0)), 8),
    "three stages": ((1, 7, 6, 24), ((1, 1), (1, 1)), 40),
    "several stages": ((1, 6, 5, 72), ((1, 1), (1, 1)), 8),
    "several groups of filters": ((1, 4, 9, 8), ((1, 1), (1, 1)), 136),
    "pads of their own": ((3, 6, 5, 8), ((0, 2), (3, 1)), 8),
    "more padding than image": ((1, 2, 3, 8), ((3, 4), (5, 3)), 8),
    "colours": ((2, 5, 7, 3), ((1, 1), (1, 1)), 12),
    "channels of any number": ((1, 4, 6, 19), ((1, 1), (1, 1)), 36),
    "whole fours": ((2, 5, 6, 12), ((1, 1), (1, 1)), 20),
    "one pixel": ((1, 1, 1, 8), ((1, 1), (1, 1)), 8),
    "one window": ((1, 3, 3, 8), ((0, 0), (0, 0)), 8),
}
SCHEDULES = [(Schedule.FORWARD, 0), (Schedule.BACKWARD, 0), (Schedule.RANDOM, 1), (Schedule.RANDOM, 2)]


class Case:
    """Arrays of a case: x, w, b, dy, the pooling's dy with code, and the output y of a ReLU in front of x."""

    def __init__(self, name, draw=lambda rng, shape: rng.standard_normal(shape, np.float32)):
        shape, self.pads, filters = CASES[name]
        self.input_size, channels = shape[1:3], shape[3]
        self.output_size = window_output(self.input_size, (3, 3), (1, 1), self.pads)
        rng = np.random.default_rng(len(name))
        self.x, self.y = draw(rng, shape), draw(rng, shape)
        self.w, self.b = draw(rng, (3, 3, channels, filters)), draw(rng, (filters,))
        self.dy = draw(rng, (shape[0], *self.output_size, filters))
        self.pooled_dy = self.dy[:, : self.output_size[0] // 2, : self.output_size[1] // 2].copy()
        self.code = rng.integers(0, 4, self.pooled_dy.shape).astype(np.uint8)

    def all(self, run):
        """What every kernel returns that can compute it, by its name."""
        pads, sizes = {"pads": self.pads}, {"input_size": self.input_size, "pads": self.pads}
        kernel = {"kernel_size": (3, 3), "pads": self.pads}
        pooled, size = (self.pooled_dy, self.code), {"output_size": self.output_size}
        calls = {
            "conv2d": ((self.x, self.w, self.b), pads),
            "conv2d_relu": ((self.x, self.w, self.b), pads),
            "conv2d_relu_max_pool": ((self.x, self.w, self.b), pads),
            "conv2d_input_grad": ((self.dy, self.w), sizes),
            "conv2d_input_grad_relu": ((self.dy, self.w, self.y), sizes),
            "conv2d_input_grad_of_pool": ((*pooled, self.w), sizes | size),
            "conv2d_input_grad_of_pool_relu": ((*pooled, self.w, self.y), sizes | size),
            "conv2d_weight_grad": ((self.x, self.dy), kernel),
            "conv2d_weight_grad_of_pool": ((self.x, *pooled), kernel | size),
        }
        impossible = {"pool"} if min(self.output_size) < 2 else set()
        impossible |= {"input_grad"} if self.x.shape[3] % 4 else set()
        return {
            name: run(name, *arrays, **options)
            for name, (arrays, options) in calls.items()
            if not any(word in name for word in impossible)
        }


def on(schedule=Schedule.FORWARD, seed=0):
    """run(name, arrays…) on the emulator."""
    machine = Emulator(schedule, seed)

    def run(name, *arrays, **options):
        with using(machine):
            result = KERNELS[name](*map(machine.put, arrays), **options)
        return tuple(one.get() for one in result) if isinstance(result, tuple) else result.get()

    return run


KERNELS = {
    "conv2d": tensor_cores.conv2d,
    "conv2d_relu": lambda *arrays, **options: tensor_cores.conv2d(*arrays, relu=True, **options),
    "conv2d_relu_max_pool": tensor_cores.conv2d_relu_max_pool,
    "conv2d_input_grad": tensor_cores.conv2d_input_grad,
    "conv2d_input_grad_relu": lambda dy, w, y, **options: tensor_cores.conv2d_input_grad(dy, w, y=y, **options),
    "conv2d_input_grad_of_pool": tensor_cores.conv2d_input_grad_of_pool,
    "conv2d_input_grad_of_pool_relu": lambda dy, code, w, y, **options: tensor_cores.conv2d_input_grad_of_pool(
        dy, code, w, y=y, **options
    ),
    "conv2d_weight_grad": lambda x, dy, kernel_size, **options: tensor_cores.conv2d_weight_grad(x, dy, **options),
    "conv2d_weight_grad_of_pool": lambda x, dy, code, kernel_size, **options: tensor_cores.conv2d_weight_grad_of_pool(
        x, dy, code, **options
    ),
}


def expected(name, *arrays, **options):
    """The same in float64, one kernel after the other."""
    arrays = [array.astype(np.float64) if array.dtype == np.float32 else array for array in arrays]
    if name in fused.DEFINITIONS:
        return fused.DEFINITIONS[name](portable, *arrays, **options)
    return getattr(portable, name)(*arrays, **options)


def assert_close(found, wanted, tolerance):
    """The numbers; and the codes, where a gradient flows."""
    for name, value in wanted.items():
        result = found[name]
        if isinstance(value, tuple):
            (result, code), (value, wanted_code) = result, value
            flows = ~(value <= 1e-3)
            assert code.max() <= 3
            np.testing.assert_array_equal(code[flows], wanted_code[flows], err_msg=name)
        scale = np.max(np.abs(value[np.isfinite(value)]), initial=0)
        np.testing.assert_allclose(result, value, rtol=0, atol=tolerance * scale, err_msg=name)


@pytest.fixture
def compute_in():
    """compute_in("tf32") until the test ends."""
    before = precision.precision()
    yield precision.set_precision
    precision.set_precision(before)


def pair(result):
    return result if isinstance(result, tuple) else (result,)


def rounded(array):
    """To TF32's 10 bits of mantissa."""
    return ((array.view(np.uint32) + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)


def round_inputs(case):
    """All that is multiplied, so that TF32 gets its products right."""
    for name in ("x", "w", "dy", "pooled_dy"):
        setattr(case, name, rounded(getattr(case, name)))


@pytest.mark.parametrize("name", CASES)
def test_three_terms_agree_with_double_precision(name, compute_in):
    compute_in("float32")
    case = Case(name)
    assert_close(case.all(on()), case.all(expected), 2e-6)


@pytest.mark.parametrize("name", CASES)
def test_one_term_rounds_what_it_multiplies_and_nothing_else(name, compute_in):
    compute_in("tf32")
    case = Case(name)
    found = case.all(on())
    round_inputs(case)
    assert_close(found, case.all(expected), 2e-6)


def small(rng, shape):
    """Whole numbers, so few that every sum is exact and many are equal."""
    return rng.integers(-1, 2, shape).astype(np.float32)


@pytest.mark.parametrize("setting", ["tf32", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_whole_numbers_are_summed_exactly_and_ties_go_to_the_first_pixel(name, setting, compute_in):
    compute_in(setting)
    case = Case(name, small)
    assert_close(case.all(on()), case.all(expected), 0)


@pytest.mark.parametrize("setting", ["tf32", "float32"])
def test_the_same_bits_whichever_threads_run_ahead(setting, compute_in):
    compute_in(setting)
    case = Case("three stages")
    first, *others = [case.all(on(*schedule)) for schedule in SCHEDULES]
    for other in others:
        for kernel, value in first.items():
            for one, same in zip(pair(value), pair(other[kernel])):
                assert one.tobytes() == same.tobytes(), kernel


@pytest.mark.parametrize(("schedule", "seed"), SCHEDULES)
@pytest.mark.parametrize("blocks", [1, 5])
def test_blocks_sum_several_tiles_for_a_weight_gradient(blocks, schedule, seed, monkeypatch):
    monkeypatch.setattr(tensor_cores, "_BLOCKS", blocks)
    case = Case("several tiles", small)
    window = {"kernel_size": (3, 3), "pads": case.pads}
    inputs = ("conv2d_weight_grad", case.x, case.dy)
    np.testing.assert_array_equal(on(schedule, seed)(*inputs, **window), expected(*inputs, **window))


@pytest.mark.parametrize("setting", ["tf32", "float32"])
@pytest.mark.parametrize("special", [np.nan, np.inf])
@pytest.mark.parametrize("victims", [("x", "pooled_dy"), ("w", "y"), ("b", "dy")])
@pytest.mark.parametrize("name", ["part of a tile", "no padding"])
def test_nan_and_infinity_go_where_they_belong(name, victims, special, setting, compute_in):
    compute_in(setting)
    case = Case(name)
    round_inputs(case)
    for victim in victims:
        array = getattr(case, victim).reshape(-1)
        array[[0, array.size // 2, array.size - 1]] = special, -special, special
    with np.errstate(invalid="ignore"):
        wanted = case.all(expected)
    assert_close(case.all(on()), wanted, 2e-6)


def test_arrays_in_another_order_or_at_any_address(compute_in):
    compute_in("float32")
    case = Case("part of a tile")
    machine = Emulator()
    turned = np.ascontiguousarray(case.x.transpose(3, 1, 2, 0))
    shifted = np.concatenate([np.zeros(1, np.float32), case.w.ravel()])
    with using(machine):
        x, w = machine.put(turned).transpose(3, 1, 2, 0), machine.put(shifted)[1:].reshape(case.w.shape)
        y = tensor_cores.conv2d(x, w, pads=case.pads).get()
        dx = tensor_cores.conv2d_input_grad(machine.put(case.dy), w, input_size=case.input_size, pads=case.pads).get()
    np.testing.assert_array_equal(y, on()("conv2d", case.x, case.w, pads=case.pads))
    sizes = {"input_size": case.input_size, "pads": case.pads}
    np.testing.assert_array_equal(dx, on()("conv2d_input_grad", case.dy, case.w, **sizes))
