"""Each rule: where it applies, where it must not, and that the numbers stay what they were."""

import numpy as np
import pytest

from minicnn.kernels import fused, reference
from minicnn.kernels.contract import KERNELS
from minicnn.plan.fusion import fuse
from minicnn.plan.recorder import Recorder, StandIn
from minicnn.plan.steps import Script

PAD = ((1, 1), (1, 1))


class Written:
    """A script written by hand; `k` is the kernel namespace."""

    def __init__(self):
        self.recorder = Recorder()
        self.k = self.recorder.within("layer")
        self.inputs = {}

    def array(self, *shape, dtype=np.float32):
        stand_in = self.recorder.input(np.empty(shape, dtype))
        self.inputs[stand_in] = None
        return stand_in

    def fused(self, *outputs, updates=()):
        script = Script(self.recorder.calls, {}, list(self.inputs), list(outputs), updates=list(updates))
        return script, fuse(script, {*KERNELS, *fused.DEFINITIONS})


def names(script):
    return [call.kernel for call in script.calls]


def numbers(script, inputs):
    """What every stand-in holds, computed by the reference in float64."""
    held = dict(inputs)
    for call in script.calls:
        operands = [held.get(value, value) if isinstance(value, StandIn) else value for value in call.operands]
        function = getattr(fused, call.kernel, None)
        if function is not None:
            results = function(reference, *operands, **call.options)
        else:
            results = getattr(reference, call.kernel)(*operands, **call.options)
        held |= dict(zip(call.results, results if isinstance(results, tuple) else (results,)))
    return held


def draw(inputs):
    rng = np.random.default_rng(0)
    return {value: rng.standard_normal(value.shape) for value in inputs}


def assert_same(written, outputs, updates=()):
    before, after = written.fused(*outputs, updates=updates)
    first, second = draw(written.inputs), draw(written.inputs)
    found, expected = numbers(after, second), numbers(before, first)
    for value in (*outputs, *written.inputs):  # updates change inputs in place
        np.testing.assert_allclose(found[value], expected[value], rtol=1e-12, atol=1e-12)
    return names(after)


def test_convolution_relu_and_pooling_become_one():
    s = Written()
    y = s.k.relu(s.k.conv2d(s.array(2, 7, 6, 3), s.array(3, 3, 3, 4), s.array(4), pads=PAD))
    pooled, _ = s.k.max_pool2d(y, pool_size=(2, 2), strides=(2, 2))
    assert assert_same(s, [pooled]) == ["conv2d_relu_max_pool"]


def test_relu_and_pooling_behind_another_kernel_become_one():
    s = Written()
    y = s.k.relu(s.k.batch_norm(s.array(2, 7, 6, 3), *(s.array(3) for _ in range(2)), epsilon=1e-3)[0])
    pooled, _ = s.k.max_pool2d(y, pool_size=(2, 2), strides=(2, 2))
    assert assert_same(s, [pooled]) == ["batch_norm", "relu_max_pool"]


@pytest.mark.parametrize("pool", [{"pool_size": (3, 3), "strides": (2, 2)}, {"pool_size": (2, 2), "strides": (1, 1)},
                                  {"pool_size": (2, 2), "strides": (2, 2), "pads": PAD}])  # fmt: skip
def test_other_poolings_stay(pool):
    s = Written()
    y = s.k.relu(s.k.conv2d(s.array(2, 7, 6, 3), s.array(3, 3, 3, 4)))
    pooled, _ = s.k.max_pool2d(y, **pool)
    assert assert_same(s, [pooled]) == ["conv2d_relu", "max_pool2d"]


@pytest.mark.parametrize("who", ["another call", "the user"])
def test_what_others_need_stays(who):
    s = Written()
    z = s.k.dense(s.array(2, 3), s.array(3, 4), s.array(4))
    y = s.k.relu(z)
    outputs = [y, s.k.tanh(z)] if who == "another call" else [y, z]
    assert "dense" in assert_same(s, outputs)


def test_dense_and_relu_become_one():
    s = Written()
    y = s.k.relu(s.k.dense(s.array(2, 3), s.array(3, 4)))
    assert assert_same(s, [y]) == ["dense_relu"]


def test_the_gradient_of_pooling_is_never_spread():
    s = Written()
    x, w, b = s.array(2, 6, 8, 3), s.array(3, 3, 3, 4), s.array(4)
    y = s.k.relu(s.k.conv2d(x, w, b, pads=PAD))
    pooled, code = s.k.max_pool2d(y, pool_size=(2, 2), strides=(2, 2))
    d = s.k.max_pool2d_grad(s.array(*pooled.shape), code, input_size=(6, 8), pool_size=(2, 2), strides=(2, 2))
    d = s.k.relu_grad(d, y)
    dx = s.k.conv2d_input_grad(d, w, input_size=(6, 8), pads=PAD)
    dw, db = s.k.conv2d_weight_grad(x, d, kernel_size=(3, 3), pads=PAD), s.k.bias_grad(d)
    assert assert_same(s, [pooled, dx, dw, db]) == [
        "conv2d_relu_max_pool", "relu_grad", "conv2d_input_grad_of_pool", "conv2d_weight_grad_of_pool", "bias_grad",
    ]  # fmt: skip


def test_a_spread_gradient_that_others_read_stays():
    s = Written()
    code = s.array(1, 2, 2, 3, dtype=np.uint8)
    d = s.k.max_pool2d_grad(s.array(1, 2, 2, 3), code, input_size=(4, 4), pool_size=(2, 2), strides=(2, 2))
    dw = s.k.conv2d_weight_grad(s.array(1, 4, 4, 2), d, kernel_size=(1, 1))
    _, after = s.fused(dw, s.k.tanh(d))
    assert names(after) == ["max_pool2d_grad", "conv2d_weight_grad", "tanh"]


@pytest.mark.parametrize("gradient", ["conv2d_input_grad", "dense_input_grad"])
def test_an_input_gradient_takes_the_mask_of_the_relu(gradient):
    s = Written()
    if gradient == "dense_input_grad":
        dx, y = s.k.dense_input_grad(s.array(2, 4), s.array(3, 4)), s.array(2, 3)
    else:
        dx = s.k.conv2d_input_grad(s.array(1, 4, 4, 2), s.array(3, 3, 5, 2), input_size=(4, 4), pads=PAD)
        y = s.array(1, 4, 4, 5)
    assert assert_same(s, [s.k.relu_grad(dx, y)]) == [f"{gradient}_relu"]


UPDATES = {
    "sgd_update": ({"learning_rate": 0.1}, 0),
    "rmsprop_update": ({"learning_rate": 0.1, "rho": 0.5}, 1),
    "adam_update": ({"learning_rate": 0.1, "step": 2}, 2),
    "adamw_update": ({"learning_rate": 0.1, "step": 2, "weight_decay": 0.5}, 2),
}


def update(s, kernel, w, g):
    options, states = UPDATES[kernel]
    getattr(s.k, kernel)(w, g, *[s.array(*w.shape) for _ in range(states)], **options)
    return s.recorder.calls[-1]


def squared_states(inputs):
    return {value: np.square(array) if i > 2 else array for i, (value, array) in enumerate(inputs.items())}


@pytest.mark.parametrize("kernel", UPDATES)
def test_an_update_takes_the_weight_gradient_where_it_is_computed(kernel, monkeypatch):
    drawn = draw
    monkeypatch.setitem(globals(), "draw", lambda inputs: squared_states(drawn(inputs)))  # a mean square is positive
    s = Written()
    x, dy, w = s.array(2, 3), s.array(2, 4), s.array(3, 4)
    g = s.k.dense_weight_grad(x, dy)
    last = s.k.tanh(dy)
    call = update(s, kernel, w, g)
    fused_name = f"dense_weight_grad_{kernel.replace('adam_', 'adamw_')}"
    assert assert_same(s, [last], [call]) == [fused_name, "tanh"]
    _, after = s.fused(last, updates=[call])
    assert after.updates == [after.calls[0]]


def test_an_update_waits_for_those_who_read_the_weights():
    s = Written()
    x, dy, w = s.array(2, 3), s.array(2, 4), s.array(3, 4)
    g = s.k.dense_weight_grad(x, dy)
    penalty = s.k.multiply(w, w)
    later = s.k.tanh(dy)
    call = update(s, "sgd_update", w, g)
    assert assert_same(s, [penalty, later], [call]) == ["multiply", "dense_weight_grad_sgd_update", "tanh"]


def test_an_update_waits_for_the_decay_of_the_weights():
    s = Written()
    x, dy, w = s.array(2, 3), s.array(2, 4), s.array(3, 4)
    g = s.k.dense_weight_grad(x, dy)
    decay, call = update(s, "sgd_update", w, w), update(s, "sgd_update", w, g)
    assert assert_same(s, [], [decay, call]) == ["sgd_update", "dense_weight_grad_sgd_update"]
    _, after = s.fused(updates=[decay, call])
    assert after.updates == after.calls


def backward(s, kernel, relu=False):
    """The input gradient of a dense layer, and the call that updates its weights; both are fused with neighbours."""
    x, dy, w = s.array(2, 3), s.array(2, 4), s.array(3, 4)
    dx, g = s.k.dense_input_grad(dy, w), s.k.dense_weight_grad(x, dy)
    dx = s.k.relu_grad(dx, x) if relu else dx
    return dx, update(s, kernel, w, g)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("kernel", UPDATES)
def test_the_input_gradient_and_the_update_become_one(kernel, relu, monkeypatch):
    drawn = draw
    monkeypatch.setitem(globals(), "draw", lambda inputs: squared_states(drawn(inputs)))
    s = Written()
    dx, call = backward(s, kernel, relu)
    last = s.k.tanh(dx)
    assert assert_same(s, [last], [call]) == [f"dense_backward_{kernel.replace('adam_', 'adamw_')}", "tanh"]
    _, after = s.fused(last, updates=[call])
    assert after.updates == [after.calls[0]]
    masks = ("relu_grad",) if relu else ()
    assert after.calls[0].replaces == ("dense_input_grad", *masks, "dense_weight_grad", kernel)


def test_an_update_waits_for_those_who_read_the_weights_after_the_input_gradient():
    s = Written()
    dy, w = s.array(2, 4), s.array(3, 4)
    dx, g = s.k.dense_input_grad(dy, w), s.k.dense_weight_grad(s.array(2, 3), dy)
    penalty = s.k.multiply(w, w)
    call = update(s, "sgd_update", w, g)
    names = assert_same(s, [dx, penalty], [call])
    assert names == ["dense_input_grad", "multiply", "dense_weight_grad_sgd_update"]


def test_an_input_gradient_with_another_mask_stays():
    s = Written()
    x, y, dy, w = s.array(2, 3), s.array(2, 3), s.array(2, 4), s.array(3, 4)
    dx = s.k.relu_grad(s.k.dense_input_grad(dy, w), y)
    call = update(s, "sgd_update", w, s.k.dense_weight_grad(x, dy))
    assert assert_same(s, [dx], [call]) == ["dense_input_grad_relu", "dense_weight_grad_sgd_update"]


@pytest.mark.parametrize("other", ["gradient", "weights"])
def test_an_input_gradient_of_something_else_stays(other):
    s = Written()
    dy, w = s.array(2, 4), s.array(3, 4)
    dx = s.k.dense_input_grad(s.array(2, 4), w) if other == "gradient" else s.k.dense_input_grad(dy, s.array(3, 4))
    call = update(s, "sgd_update", w, s.k.dense_weight_grad(s.array(2, 3), dy))
    assert assert_same(s, [dx], [call]) == ["dense_input_grad", "dense_weight_grad_sgd_update"]


def test_an_update_waits_for_what_the_layer_read():
    s = Written()
    dy, w = s.array(2, 4), s.array(3, 4)
    dx = s.k.dense_input_grad(dy, w)
    x = s.k.tanh(s.array(2, 3))  # computed again for the weight gradient
    call = update(s, "sgd_update", w, s.k.dense_weight_grad(x, dy))
    assert assert_same(s, [dx], [call]) == ["dense_input_grad", "tanh", "dense_weight_grad_sgd_update"]


def test_a_gradient_that_is_the_same_in_every_step_is_no_stand_in():
    s = Written()
    w, dy = s.array(3, 4), np.ones((2, 4), np.float32)
    dx = s.k.dense_input_grad(dy, w)
    call = update(s, "sgd_update", w, s.k.dense_weight_grad(s.array(2, 3), dy))
    assert assert_same(s, [dx], [call]) == ["dense_input_grad", "dense_weight_grad_sgd_update"]


def test_a_gradient_that_is_clipped_is_needed():
    s = Written()
    g = s.k.clip(s.k.dense_weight_grad(s.array(2, 3), s.array(2, 4)), low=-1.0, high=1.0)
    call = update(s, "sgd_update", s.array(3, 4), g)
    assert assert_same(s, [], [call]) == ["dense_weight_grad", "clip", "sgd_update"]


def test_every_fused_kernel_is_made_by_a_rule():
    made = {
        *[
            "conv2d_relu",
            "conv2d_relu_max_pool",
            "relu_max_pool",
            "dense_relu",
            "conv2d_input_grad_relu",
            "dense_input_grad_relu",
        ],
        *["conv2d_input_grad_of_pool", "conv2d_input_grad_of_pool_relu", "conv2d_weight_grad_of_pool"],
        *[
            f"dense_{what}_{kernel}"
            for what in ("weight_grad", "backward")
            for kernel in UPDATES
            if kernel != "adam_update"
        ],
    }
    assert made == set(fused.DEFINITIONS)
