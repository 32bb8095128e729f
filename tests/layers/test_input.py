"""Input and symbolic tensors."""

import numpy as np
import pytest

from minicnn import Input, Model, ShapeError, layers


def test_input_is_a_shape_without_a_batch():
    x = Input((28, 28, 1), name="image")
    assert (x.shape, x.ndim, x.dtype) == ((None, 28, 28, 1), 4, np.float32)


@pytest.mark.parametrize("shape", [(0, 3), (-1,), (2.5,), 3, "3"])
def test_refuses_shapes(shape):
    with pytest.raises(ShapeError, match="shape"):
        Input(shape)


def test_input_of_another_dtype():
    x = Input((2,), dtype="float64")
    model = Model(x, layers.Dense(1, dtype="float64")(x))
    assert model.predict(np.ones((1, 2)), verbose=0).dtype == np.float64


def test_arithmetic_on_symbols_says_which_layer_does_it():
    x = Input((3,))
    with pytest.raises(TypeError, match=r"layers\.Add"):
        x + x
