"""Probabilities from models of every kind: with and without Rescaling, softmax, logits, one output."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.classify import class_names, cross_entropy, image_shape, probabilities


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (5, 4, 3, 1)).astype(np.float32)


def model_of(*layers):
    return mc.Sequential([mc.Input((4, 3, 1)), *layers])


def test_image_shape_is_height_width_channels():
    assert image_shape(model_of(mc.layers.Flatten())) == (4, 3, 1)


def test_models_that_take_no_image_are_refused():
    with pytest.raises(ValueError, match="does not take one image"):
        image_shape(mc.Sequential([mc.Input((7,)), mc.layers.Dense(2)]))


@pytest.mark.parametrize("functional", [False, True])
def test_pixels_are_scaled_once(pixels, functional):
    dense = mc.layers.Dense(3, activation="softmax")
    plain = model_of(mc.layers.Flatten(), dense)
    if functional:
        x = mc.Input((4, 3, 1))
        rescaling = mc.Model(x, dense(mc.layers.Flatten()(mc.layers.Rescaling(1 / 255)(x))))
    else:
        rescaling = model_of(mc.layers.Rescaling(1 / 255), mc.layers.Flatten(), dense)
    np.testing.assert_allclose(probabilities(plain, pixels), probabilities(rescaling, pixels), rtol=1e-5)
    np.testing.assert_array_equal(probabilities(rescaling, pixels), rescaling.predict(pixels))


def test_logits_become_probabilities(pixels):
    dense = mc.layers.Dense(3)
    from_logits = probabilities(model_of(mc.layers.Flatten(), dense), pixels)
    softmax = probabilities(model_of(mc.layers.Flatten(), dense, mc.layers.Softmax()), pixels)
    np.testing.assert_allclose(from_logits, softmax, rtol=1e-5)


def test_one_output_is_the_second_of_two_classes(pixels):
    dense = mc.layers.Dense(1)
    model = model_of(mc.layers.Flatten(), dense, mc.layers.Activation("sigmoid"))
    p = probabilities(model, pixels)
    np.testing.assert_array_equal(p[:, 1:], model.predict(pixels / np.float32(255)))
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    far = dense.get_weights()
    dense.set_weights([far[0] * 100, far[1] + 1])
    np.testing.assert_allclose(
        probabilities(model_of(mc.layers.Flatten(), dense), pixels), probabilities(model, pixels), rtol=1e-4, atol=1e-6
    )


def test_outputs_that_are_no_row_of_classes_are_refused(pixels):
    with pytest.raises(ValueError, match="no classifier"):
        probabilities(model_of(mc.layers.MaxPooling2D()), pixels)


def test_class_names_are_those_of_the_model_or_numbers():
    model = model_of(mc.layers.Flatten())
    assert class_names(model, 3) == ["0", "1", "2"]
    model.class_names = ["x", "y", "z"]
    assert class_names(model, 3) == ["x", "y", "z"]


def test_cross_entropy_is_that_of_the_loss():
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(4), 6).astype(np.float32)
    labels = rng.integers(0, 4, 6)
    assert cross_entropy(p, labels) == pytest.approx(
        mc.losses.SparseCategoricalCrossentropy()(labels, p).item(), rel=1e-5
    )
    assert cross_entropy(np.array([[0.0, 1.0]]), np.array([0])) == pytest.approx(-np.log(1e-7))
