from types import SimpleNamespace

import numpy as np
import pytest

from minicnn.kernels import backend

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
    for dropout in (reference.dropout, backend(implementation.name).dropout):
        assert dropout(np.ones(4, np.float32), rate=0.5, rng=rng)[1].tolist() == [False, False, True, True]


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
