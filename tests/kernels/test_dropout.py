from types import SimpleNamespace

import numpy as np
import pytest

from minicnn.kernels import backend, gpu
from minicnn.kernels.gpu.capture import Capture
from minicnn.kernels.gpu.machine import machine, using

from ..emulator import Emulator

reference = backend("reference")


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(2, 5, 7, 3), (4, 10), (1, 1)], ids=str)
def test_one_seed_gives_one_mask_everywhere(shape, rate, draw, implementation):
    x, dy = draw(*shape), draw(*shape)
    y, keep = implementation.run("dropout", x, rate=rate, rng=np.random.default_rng(3))
    expected_y, expected_keep = reference.dropout(x, rate=rate, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(keep, expected_keep)
    implementation.assert_close(y, expected_y)
    implementation.check("dropout_grad", dy, keep, rate=rate)


@pytest.mark.parametrize("doubles", [0, 1])
@pytest.mark.parametrize("singles", [0, 1, 2])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 1025])
def test_the_generator_is_left_as_if_it_had_drawn_number_by_number(count, singles, doubles, implementation):
    generators = np.random.default_rng(5), np.random.default_rng(5)
    for rng in generators:  # of the 64 bits of a step, some single numbers leave a half
        rng.random(singles, np.float32)
        rng.random(doubles)
    for _ in range(2):
        _, keep = implementation.run("dropout", np.ones(count), rate=0.5, rng=generators[0])
        np.testing.assert_array_equal(keep, generators[1].random(count, np.float32) >= 0.5)
    assert generators[0].bit_generator.state == generators[1].bit_generator.state


@pytest.mark.parametrize("algorithm", [np.random.MT19937, np.random.Philox, np.random.PCG64DXSM])
def test_any_generator_will_do(algorithm, implementation):
    _, keep = implementation.run("dropout", np.ones(100), rate=0.5, rng=np.random.Generator(algorithm(5)))
    expected = np.random.Generator(algorithm(5)).random(100, np.float32) >= 0.5
    np.testing.assert_array_equal(keep, expected)


@pytest.mark.parametrize("algorithm", [np.random.PCG64, np.random.MT19937])
def test_every_run_of_a_capture_on_a_gpu_draws_anew(algorithm):
    rng, expected = np.random.Generator(algorithm(5)), np.random.Generator(algorithm(5))
    with using(Emulator()):
        x, capture = machine().put(np.ones((3, 7), np.float32)), Capture()
        _, keep = capture.record(lambda: gpu.dropout(x, rate=0.5, rng=rng))
        for _ in range(3):
            np.testing.assert_array_equal(keep.get(), expected.random((3, 7), np.float32) >= 0.5)
            capture.run()


def test_any_memory_layout(layout, draw, implementation):
    x = layout(implementation.cast(draw(5, 6, 7)))
    y, keep = implementation.run("dropout", x, rate=0.4, rng=np.random.default_rng(3))
    expected, _ = reference.dropout(x, rate=0.4, rng=np.random.default_rng(3))
    implementation.assert_close(y, expected)
    implementation.check("dropout_grad", x, layout(keep), rate=0.4)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_dropped_values_are_exact_zeros(value, implementation):
    x = np.full(200, value)
    y, keep = implementation.run("dropout", x, rate=0.5, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(y, np.where(keep, value, 0))
    np.testing.assert_array_equal(implementation.run("dropout_grad", x, keep, rate=0.5), np.where(keep, value, 0))


def test_the_mask_is_the_generators_next_float32_numbers():
    _, keep = reference.dropout(np.ones((4, 5)), rate=0.3, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(keep, np.random.default_rng(7).random((4, 5), dtype=np.float32) >= 0.3)


def test_a_number_equal_to_the_rate_is_kept(implementation):
    rng = SimpleNamespace(random=lambda shape, dtype: np.array([0, 0.25, 0.5, 0.75], dtype))
    for _, keep in (
        reference.dropout(np.ones(4), rate=0.5, rng=rng),
        implementation.run("dropout", np.ones(4), rate=0.5, rng=rng),
    ):
        assert keep.tolist() == [False, False, True, True]


def test_values_by_hand():
    keep = np.array([True, False, True])
    assert reference.dropout_grad(np.array([1.0, 2, 3]), keep, rate=0.75).tolist() == [4, 0, 12]


def test_the_mean_stays(implementation):
    y, keep = implementation.run("dropout", np.ones(100_000), rate=0.2, rng=np.random.default_rng(0))
    assert abs(keep.mean() - 0.8) < 0.005
    assert abs(y.mean() - 1) < 0.006


def test_gradient_is_the_slope(draw, assert_derivative):
    x, dy = draw(4, 5), draw(4, 5)
    _, keep = reference.dropout(x, rate=0.4, rng=np.random.default_rng(1))
    dx = reference.dropout_grad(dy, keep, rate=0.4)
    assert_derivative(lambda x: reference.dropout(x, rate=0.4, rng=np.random.default_rng(1))[0], dx, x, dy)
