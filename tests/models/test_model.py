"""Models written as classes, what they keep track of, and freezing."""

import numpy as np
import pytest

from minicnn import Input, Model, Sequential, ShapeError, Tensor, Variable, layers
from minicnn.layers import BatchNormalization, Dense


class Residual(Model):
    """Layers as attributes, in a list, and hidden behind an underscore."""

    def __init__(self):
        super().__init__()
        self.blocks = [Dense(4, "relu"), Dense(4, "relu")]
        self.scale = Variable(np.array([2.0], np.float32), name="scale")
        self._head = Dense(3)

    def call(self, inputs, training=False):
        x = inputs
        for block in self.blocks:
            x = x + block(x)
        return self._head(x * self.scale)


def test_subclass_finds_its_layers_and_variables(rng):
    model = Residual()
    assert model(rng.normal(size=(2, 4))).shape == (2, 3)
    assert len(model.layers) == 3
    assert model.count_params() == 1 + 2 * 20 + 15
    assert model.weights[0] is model.scale


def test_subclass_learns_all_its_weights(rng):
    model = Residual()
    model.compile("sgd", "mse")
    x, y = rng.normal(size=(8, 4)), rng.normal(size=(8, 3))
    model(x)
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    assert all((one != other).any() for one, other in zip(before, model.get_weights()))


def test_training_argument_is_handed_to_call(rng):
    heard = []

    class Listener(Model):
        def call(self, inputs, training=False):
            heard.append(training)
            return inputs

    model, x = Listener(), np.ones((1, 2))
    stack = Sequential([model])
    stack.build(x.shape)

    def told(function, *args, **options):
        heard.clear()
        function(*args, **options)
        return {bool(training) for training in heard}

    assert told(model, x) == {False}
    assert told(model, x, training=True) == {True}
    assert told(stack, x, training=True) == {True}
    assert told(model.predict, x) == {False}


class TestFreezing:
    X, Y = np.random.default_rng(0).normal(size=(2, 8, 4)).astype(np.float32)

    def model(self):
        model = Sequential([Input((4,)), Dense(4, name="a"), BatchNormalization(name="norm"), Dense(4, name="b")])
        model.compile("adam", "mse")
        return model

    def changed(self, model):
        before = model.get_weights()
        model.fit(self.X, self.Y, verbose=0)
        return [w.path for w, b in zip(model.weights, before) if (w.numpy() != b).any()]

    def test_all_but_the_frozen_change(self):
        model = self.model()
        model.get_layer("a").trainable = False
        assert self.changed(model) == [
            *("norm/gamma", "norm/beta", "norm/moving_mean", "norm/moving_variance"),
            *("b/kernel", "b/bias"),
        ]

    def test_frozen_weights_get_no_gradients(self):
        model = self.model()
        model.get_layer("a").trainable = False
        model(self.X, training=True).mean().backward()
        assert model.get_layer("a").kernel.grad is None
        assert model.get_layer("b").kernel.grad is not None

    def test_it_can_be_changed_at_any_time_without_compiling(self):
        model = self.model()
        model.trainable = False
        model.get_layer("b").trainable = True
        assert self.changed(model) == ["b/kernel", "b/bias"]
        model.trainable = True
        assert len(self.changed(model)) == 8

    def test_a_frozen_batch_normalization_uses_and_keeps_its_moving_statistics(self):
        model = self.model()
        norm = model.get_layer("norm")
        norm.trainable = False
        np.testing.assert_array_equal(norm(self.X, training=True).numpy(), norm(self.X, training=False).numpy())
        assert not any(path.startswith("norm") for path in self.changed(model))

    def test_moving_statistics_never_become_trainable(self):
        model = self.model()
        model.trainable = False
        assert model.trainable_weights == []
        model.trainable = True
        assert [w.path for w in model.non_trainable_weights] == ["norm/moving_mean", "norm/moving_variance"]

    def test_frozen_before_building(self):
        layer = Dense(3, trainable=False)
        layer(self.X)
        assert layer.trainable_weights == []
        layer.trainable = True
        assert len(layer.trainable_weights) == 2


def test_weights_by_hand(rng):
    model = Sequential([Input((4,)), Dense(3), BatchNormalization()])
    values = [rng.normal(size=w.shape) for w in model.weights]
    model.set_weights(values)
    for mine, theirs in zip(values, model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine.astype(np.float32), theirs)
    model.get_weights()[0][:] = 0
    assert (model.get_weights()[0] != 0).all()
    with pytest.raises(ShapeError):
        model.set_weights([*values[:-1], np.zeros(99)])
    np.testing.assert_array_equal(model.get_weights()[0], values[0].astype(np.float32))


def test_regularizers_are_penalties_of_the_trainable_weights():
    model = Sequential([Input((2,)), Dense(2, kernel_regularizer="l2", kernel_initializer="ones", name="dense")])
    assert sum(loss.item() for loss in model.losses) == pytest.approx(0.01 * 4)
    model.trainable = False
    assert model.losses == []


def test_a_model_computes_in_its_dtype():
    model = Sequential([Input((2,)), Dense(2)])
    assert model(np.ones((1, 2), np.uint8)).dtype == np.float32
    assert model(Tensor(np.ones((1, 2)))).dtype == np.float32


def test_call_that_is_missing():
    class Empty(layers.Layer):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty needs a call\(self, inputs\) method"):
        Empty()(np.ones((1, 2)))
