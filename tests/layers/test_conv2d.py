"""Conv2D: its weights, options and errors; its numbers are compared under tests/tensorflow."""

import numpy as np
import pytest

from minicnn import ShapeError, layers, regularizers


def test_weights_have_kernel_and_bias_in_keras_shapes():
    layer = layers.Conv2D(6, (3, 2), groups=2)
    layer.build((None, 8, 8, 4))
    assert [(w.name, w.shape) for w in layer.weights] == [("kernel", (3, 2, 2, 6)), ("bias", (6,))]
    assert layer.count_params() == 78


def test_bias_starts_at_zero_and_kernel_does_not():
    layer = layers.Conv2D(4, 3)
    layer.build((None, 5, 5, 2))
    assert not layer.bias.numpy().any()
    assert layer.kernel.numpy().all()


def test_output_is_the_sum_over_a_window(rng):
    layer = layers.Conv2D(3, (2, 3), activation="relu", bias_initializer="ones")
    x = rng.standard_normal((2, 4, 5, 2)).astype(np.float32)
    y = layer(x).numpy()
    w, b = layer.get_weights()
    expected = np.zeros((2, 3, 3, 3))
    for n, p, q, k in np.ndindex(expected.shape):
        expected[n, p, q, k] = max(0.0, (x[n, p : p + 2, q : q + 3] * w[..., k]).sum() + b[k])
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


def test_without_bias():
    layer = layers.Conv2D(2, 1, use_bias=False)
    assert not layer(np.zeros((1, 2, 2, 3))).numpy().any()
    assert layer.bias is None
    assert len(layer.weights) == 1


def test_regularizers_apply_to_what_they_are_for():
    layer = layers.Conv2D(
        1,
        1,
        kernel_initializer="ones",
        bias_initializer="ones",
        kernel_regularizer="l2",
        bias_regularizer=regularizers.L1(3.0),
    )
    layer.build((None, 1, 1, 5))
    assert [round(loss.item(), 6) for loss in layer.losses] == [0.05, 3.0]


@pytest.mark.parametrize(("padding", "widths"), [(1, ((1, 1), (1, 1))), (((0, 1), (2, 0)), ((0, 1), (2, 0)))])
def test_padding_in_numbers(rng, padding, widths):
    x = rng.standard_normal((1, 4, 4, 1)).astype(np.float32)
    layer, plain = layers.Conv2D(2, 3, padding=padding), layers.Conv2D(2, 3)
    y = layer(x)
    padded = np.pad(x, ((0, 0), *widths, (0, 0)))
    plain.build(padded.shape)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(y.numpy(), plain(padded).numpy(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 3, "groups": 2}, "groups"),
        ({"filters": 0}, "filters"),
        ({"data_format": "channels_first"}, "channels_last"),
        ({"activation": "none_such"}, "none_such"),
    ],
)
def test_refuses_options(options, message):
    with pytest.raises(ValueError, match=message):
        layers.Conv2D(**({"filters": 4, "kernel_size": 3} | options))


@pytest.mark.parametrize(
    ("shape", "options"),
    [((2, 5, 5), {}), ((2, 2, 2, 3), {}), ((2, 5, 5, 3), {"groups": 2}), ((2, 5), {})],
)
def test_refuses_inputs(shape, options):
    with pytest.raises(ShapeError, match="Conv2D"):
        layers.Conv2D(4, 3, **options)(np.zeros(shape))
