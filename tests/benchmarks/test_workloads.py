"""The networks of the speed table are the same in every library."""

import numpy as np
import pytest
from workloads import (
    RMSPROP,
    WORKLOADS,
    Conv,
    Dense,
    MaxPool,
    Workload,
    activations,
    batch,
    build,
    channels_first,
    weights,
)

import minicnn

SMALL = Workload(
    "odd sizes",
    2,
    (7, 5, 3),
    (Conv(4, 3, "same"), MaxPool(), Conv(5, 2, "valid"), Dense(6, relu=True), Dense(1)),
    RMSPROP,
)
NETS = {**WORKLOADS, "small": SMALL}


@pytest.mark.parametrize("name", NETS)
def test_shapes_are_those_of_the_model(name):
    net = NETS[name]
    images, labels = batch(net)
    assert images.shape == (net.batch, *net.image)
    assert labels.shape == ((net.batch, 1) if net.classes == 1 else (net.batch,))
    model = build(minicnn, net)
    calls = [call for call in model.calls() if type(call.layer).__name__ not in ("InputLayer", "Flatten")]
    assert [call.outputs.shape[1:] for call in calls] == activations(net)[1:]
    for given, taken in zip(weights(net), model.get_weights(), strict=True):
        np.testing.assert_array_equal(given, taken)


def test_channels_first_computes_the_same():
    """In NCHW with weights converted, by equations written for NCHW, as a library of that layout would."""
    images, _ = batch(SMALL)
    expected = build(minicnn, SMALL).predict(images, verbose=0)
    parameters = iter(channels_first(SMALL))
    x = images.transpose(0, 3, 1, 2).astype(np.float64)
    for layer in SMALL.layers:
        match layer:
            case MaxPool():
                n, c, h, w = x.shape
                x = x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).max((3, 5))
            case Conv(_, size, padding):
                kernel, bias = next(parameters), next(parameters)
                pad = size // 2 if padding == "same" else 0
                x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
                windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (2, 3))
                x = np.maximum(np.einsum("ncpqrs,kcrs->nkpq", windows, kernel) + bias[:, None, None], 0)
            case Dense(_, relu):
                kernel, bias = next(parameters), next(parameters)
                x = x.reshape(len(x), -1) @ kernel.T + bias
                x = np.maximum(x, 0) if relu else x
    np.testing.assert_allclose(expected, x, rtol=1e-4, atol=1e-5)


def test_batches_and_weights_are_the_same_every_time():
    for make in (batch, weights):
        for one, other in zip(make(SMALL), make(SMALL), strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == np.float32
