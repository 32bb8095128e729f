"""How a net begins: augmentation, then pixels to 0 … 1 exactly once; and nets from scripts."""

import numpy as np
import pytest

from minicnn.classify import probabilities, rescales
from minicnn.models import Model, load_model
from minicnn.run.nets import NETS, built
from minicnn.run.sources import Digits

HEAD = "import minicnn as keras\nfrom minicnn import layers\ndef model(input_shape, classes):\n"


@pytest.fixture
def script(tmp_path):
    def write(body):
        path = tmp_path / "net.py"
        path.write_text(HEAD + "".join(f"    {line}\n" for line in body.splitlines()))
        return path

    return write


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize("name", NETS)
def test_nets_begin_with_augmentation_and_rescale_once(settings_of, name):
    model = built(settings_of(Digits(), model=name, augment="flip,zoom=0.1"), Digits.class_names)
    assert kinds(model)[:4] == ["RandomFlip", "RandomAffine", "Rescaling", "Conv2D"]
    assert (model.name, model.class_names) == (name, Digits.class_names)
    assert rescales(model)


def test_without_augmentation_it_is_the_net_itself(settings_of):
    assert kinds(built(settings_of(Digits(), augment="none"), Digits.class_names))[0] == "Rescaling"


def test_a_script_that_does_not_rescale_gets_pixels_from_0_to_1(settings_of, script, tmp_path):
    path = script(
        "x = keras.Input(input_shape)\n"
        "return keras.Model(x, layers.Dense(classes, activation='softmax')(layers.Flatten()(x)), name='mine')"
    )
    model = built(settings_of(Digits(), model="script", augment="flip"), Digits.class_names, path)
    assert kinds(model) == ["RandomFlip", "Rescaling", "Functional"]
    pixels = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1)).astype(np.float32)
    inner: Model = model.layers[-1]
    np.testing.assert_allclose(probabilities(model, pixels), inner.predict(pixels / 255, verbose=0), rtol=1e-5)
    model.save(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(
        probabilities(load_model(tmp_path / "model.safetensors"), pixels), probabilities(model, pixels)
    )


@pytest.mark.parametrize("head", ["layers.Rescaling(1 / 255)", "layers.RandomFlip(), layers.Rescaling(1 / 127.5, -1)"])
def test_a_script_that_rescales_is_left_alone(settings_of, script, head):
    path = script(
        f"return keras.Sequential([keras.Input(input_shape), {head}, layers.Flatten(), layers.Dense(classes)])"
    )
    model = built(settings_of(Digits(), model="script"), Digits.class_names, path)
    assert kinds(model).count("Rescaling") == 1


def test_what_a_script_compiled_stays_compiled(settings_of, script):
    path = script(
        "net = keras.Sequential([keras.Input(input_shape), layers.Flatten(), layers.Dense(classes)])\n"
        "net.compile('rmsprop', 'categorical_crossentropy', metrics=['accuracy'])\n"
        "return net"
    )
    model = built(settings_of(Digits(), model="script", augment="flip"), Digits.class_names, path)
    assert kinds(model)[:2] == ["RandomFlip", "Rescaling"]
    assert type(model.optimizer).__name__ == "RMSprop"
    assert type(model.loss).__name__ == "CategoricalCrossentropy"
