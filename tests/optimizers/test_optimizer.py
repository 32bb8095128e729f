"""What all optimizers share: learning rate, clipping, state, errors."""

import numpy as np
import pytest

from minicnn import ShapeError, Variable, optimizers
from minicnn.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from minicnn.optimizers.schedules import CosineDecay, ExponentialDecay


def step_of(optimizer, *gradients):
    """How far plain SGD with rate 1 moves: the gradients after clipping."""
    variables = [Variable(np.zeros_like(g), name=f"v{i}") for i, g in enumerate(gradients)]
    optimizer.apply(gradients, variables)
    return [-variable.data for variable in variables]


class TestLearningRate:
    def test_is_settable(self):
        optimizer = SGD(0.5)
        optimizer.learning_rate = 0.25
        assert optimizer.learning_rate == 0.25
        np.testing.assert_array_equal(step_of(optimizer, np.array([2.0])), [[0.5]])

    def test_follows_its_schedule(self):
        optimizer = SGD(ExponentialDecay(1.0, 1, 0.5))
        rates = []
        for _ in range(3):
            rates.append(optimizer.learning_rate)
            step_of(optimizer, np.array([1.0]))
        assert rates == [1, 0.5, 0.25]

    def test_a_schedule_cannot_be_overwritten_by_a_number(self):
        optimizer = SGD(ExponentialDecay(1.0, 1, 0.5))
        with pytest.raises(TypeError, match="follows a ExponentialDecay"):
            optimizer.learning_rate = 0.1
        optimizer.learning_rate = CosineDecay(0.5, 10)
        assert optimizer.learning_rate == 0.5

    @pytest.mark.parametrize("rate", ["fast", None])
    def test_must_be_a_number(self, rate):
        with pytest.raises(TypeError, match="learning_rate must be a number or a LearningRateSchedule"):
            Adam(rate)

    @pytest.mark.parametrize("rate", [-0.1, float("inf"), float("nan")])
    def test_must_be_finite_and_not_negative(self, rate):
        with pytest.raises(ValueError, match="learning_rate must be 0 or more, and finite"):
            SGD(rate)

    def test_may_be_zero(self):
        np.testing.assert_array_equal(step_of(SGD(0.0), np.array([2.0])), [[0.0]])


class TestClipping:
    G = np.array([[3.0, 0.0], [0.0, -4.0]])  # ‖G‖ = 5

    def test_by_value(self):
        (step,) = step_of(SGD(1.0, clipvalue=3.5), self.G)
        np.testing.assert_array_equal(step, [[3, 0], [0, -3.5]])

    def test_by_norm(self):
        large, small = step_of(SGD(1.0, clipnorm=2.5), self.G, np.array([1.0, 2.0]))
        np.testing.assert_allclose(large, self.G / 2)
        np.testing.assert_allclose(small, [1, 2])

    def test_by_global_norm(self):
        first, second = step_of(SGD(1.0, global_clipnorm=6.5), self.G, np.array([12.0]))  # together 13
        np.testing.assert_allclose(first, self.G / 2)
        np.testing.assert_allclose(second, [6])

    def test_by_global_norm_leaves_short_gradients(self):
        np.testing.assert_allclose(step_of(SGD(1.0, global_clipnorm=6.0), self.G)[0], self.G)

    @pytest.mark.parametrize("clipping", ["clipnorm", "global_clipnorm"])
    def test_zero_gradients_stay_zero(self, clipping):
        np.testing.assert_array_equal(step_of(SGD(1.0, **{clipping: 1.0}), np.zeros(3)), [[0, 0, 0]])

    @pytest.mark.parametrize("clipping", ["clipnorm", "global_clipnorm", "clipvalue"])
    def test_nan_is_not_lost(self, clipping):
        (step,) = step_of(SGD(1.0, **{clipping: 1.0}), np.array([np.nan, 1.0]))
        assert np.isnan(step[0])

    def test_infinity_makes_all_of_a_global_clip_nan(self):
        steps = step_of(SGD(1.0, global_clipnorm=1.0), np.array([np.inf]), np.array([1.0]))
        assert np.isnan(steps).all()

    def test_decay_is_not_clipped(self):
        w = Variable(np.array([100.0]))
        SGD(1.0, weight_decay=0.5, clipvalue=0.1).apply([np.array([5.0])], [w])
        assert w.item() == pytest.approx(49.9)

    @pytest.mark.parametrize("left_out", ["clipnorm", "clipvalue", "global_clipnorm"])
    def test_only_one(self, left_out):
        limits = {"clipnorm": 1.0, "clipvalue": 1.0, "global_clipnorm": 1.0, left_out: None}
        with pytest.raises(ValueError, match="give only one of clipnorm, clipvalue and global_clipnorm"):
            SGD(**limits)

    @pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
    @pytest.mark.parametrize("clipping", ["clipnorm", "clipvalue", "global_clipnorm"])
    def test_limits_that_are_refused(self, clipping, limit):
        with pytest.raises(ValueError, match=f"^{clipping} must be positive"):
            Adam(**{clipping: limit})


class TestGradients:
    def test_none_names_the_variable(self):
        variables = [Variable([1.0], name=name) for name in ("conv/kernel", "conv/bias")]
        with pytest.raises(ValueError, match="no gradient for conv/bias: the loss does not depend on it"):
            SGD().apply([np.ones(1, np.float32), None], variables)
        assert variables[0].item() == 1

    def test_shape(self):
        with pytest.raises(ShapeError, match=r"variable 'w' has shape \(2,\), its gradient \(1,\)"):
            SGD().apply([np.ones(1, np.float32)], [Variable([1.0, 2.0], name="w")])

    def test_count(self):
        with pytest.raises(ValueError, match="got 1 gradients for 2 variables"):
            SGD().apply([np.ones(1)], [Variable([1.0]), Variable([1.0])])

    def test_pairs(self):
        w = Variable(np.array([1.0]))
        assert SGD(0.5).apply_gradients([(np.array([1.0]), w)]) == 1
        assert w.item() == 0.5

    def test_nothing_to_update_is_no_step(self):
        optimizer = SGD()
        optimizer.apply([], [])
        assert optimizer.iterations == 0

    def test_assigned_variables_go_on(self):
        w, optimizer = Variable(np.array([1.0])), SGD(0.5, 0.5)
        optimizer.apply([np.array([2.0])], [w])
        w.assign([10.0])
        optimizer.apply([np.array([0.0])], [w])
        assert w.item() == 10 - 0.5  # momentum remembers the step before


def train(optimizer, variables, steps, seed):
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        optimizer.apply([rng.normal(size=v.shape) for v in variables], variables)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.1),
        lambda: SGD(0.1, 0.9),
        lambda: RMSprop(0.1, momentum=0.5, centered=True),
        lambda: Adam(0.1, amsgrad=True),
        lambda: AdamW(CosineDecay(0.1, 10)),
    ],
)
class TestState:
    def variables(self):
        return [Variable(np.ones((2, 3)), name="a"), Variable(np.ones(3), name="b")]

    def test_a_reloaded_optimizer_goes_on_as_if_nothing_had_happened(self, make):
        straight, optimizer = self.variables(), make()
        train(optimizer, straight, 3, seed=1)
        stopped = [Variable(v.data, name=v.name) for v in straight]
        for v in stopped:
            v.assign(v.data)
        state = {name: np.array(array) for name, array in optimizer.state().items()}
        train(optimizer, straight, 4, seed=2)

        again = type(optimizer).from_config(make().get_config())
        again.load_state(state)
        assert again.iterations == 3
        assert again.state().keys() == state.keys()
        train(again, stopped, 4, seed=2)
        for v, w in zip(straight, stopped):
            np.testing.assert_array_equal(v.data, w.data)

    def test_is_made_at_the_first_step(self, make):
        assert list(make().state()) == ["iterations"]

    def test_of_another_model_is_refused(self, make):
        optimizer = make()
        train(optimizer, self.variables(), 1, seed=1)
        state = optimizer.state()
        if len(state) == 1:
            return  # plain SGD keeps nothing
        other = make()
        other.load_state(state)
        with pytest.raises(ShapeError, match=r"the loaded optimizer state a/\w+ has shape \(2, 3\)"):
            train(other, [Variable(np.ones(5), name="a")], 1, seed=1)


@pytest.mark.parametrize(
    ("optimizer", "slots"),
    [
        (SGD(), []),
        (SGD(momentum=0.5), ["momentum"]),
        (RMSprop(), ["velocity"]),
        (RMSprop(momentum=0.5), ["velocity", "momentum"]),
        (RMSprop(centered=True), ["velocity", "average_gradient"]),
        (Adam(), ["momentum", "velocity"]),
        (AdamW(amsgrad=True), ["momentum", "velocity", "velocity_hat"]),
    ],
)
def test_state_is_what_the_rule_needs(optimizer, slots):
    optimizer = type(optimizer).from_config(optimizer.get_config())
    train(optimizer, [Variable(np.ones(3), name="w")], 1, seed=1)
    assert list(optimizer.state()) == ["iterations", *(f"w/{slot}" for slot in slots)]


def test_state_that_was_not_saved_starts_anew():
    saved = RMSprop(0.1, centered=True)
    train(saved, [Variable(np.ones(3), name="w")], 1, seed=1)
    optimizer = RMSprop(0.1, momentum=0.5, centered=True)  # its momentum stands between the two that were saved
    optimizer.load_state(saved.state())
    optimizer.apply([np.zeros(3)], [Variable(np.ones(3), name="w")])
    for name in ("w/velocity", "w/average_gradient"):
        np.testing.assert_allclose(optimizer.state()[name], 0.9 * saved.state()[name])
    np.testing.assert_array_equal(optimizer.state()["w/momentum"], 0)


def test_equal_names_keep_separate_state():
    optimizer = SGD(0.1, 0.9)
    train(optimizer, [Variable(np.ones(2)), Variable(np.ones(3))], 1, seed=1)
    assert {name: array.shape for name, array in optimizer.state().items()} == {
        "iterations": (),
        "variable/momentum": (2,),
        "variable_1/momentum": (3,),
    }


class TestByName:
    @pytest.mark.parametrize(("name", "kind"), [("sgd", SGD), ("Adam", Adam), ("RMSprop", RMSprop), ("adamw", AdamW)])
    def test_get(self, name, kind):
        assert type(optimizers.get(name)) is kind
        assert type(optimizers.get(kind)) is kind

    def test_unknown(self):
        with pytest.raises(ValueError, match="no optimizer 'lion'; there are: adam, adamw, rmsprop, sgd"):
            optimizers.get("lion")

    def test_an_optimizer_is_itself(self):
        optimizer = Adam()
        assert optimizers.get(optimizer) is optimizer

    @pytest.mark.parametrize(
        ("kind", "defaults"),
        [
            (SGD, {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False}),
            (RMSprop, {"learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False}),
            (Adam, ADAM := {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False}),
            (AdamW, {**ADAM, "weight_decay": 0.004}),
        ],
    )
    def test_defaults(self, kind, defaults):
        none = dict.fromkeys(["weight_decay", "clipnorm", "clipvalue", "global_clipnorm"])
        optimizer = kind()
        assert optimizer.get_config() == {**none, **defaults, "name": kind.__name__.lower()}
        assert {name: getattr(optimizer, name) for name in defaults} == defaults
        assert kind(name="step").get_config()["name"] == "step"

    def test_config_has_the_rate_as_it_is_now(self):
        optimizer = Adam(0.1)
        optimizer.learning_rate = 0.05
        assert Adam.from_config(optimizer.get_config()).learning_rate == 0.05


@pytest.mark.parametrize(("momentum"), [-0.1, 1.5])
def test_momentum_out_of_range(momentum):
    with pytest.raises(ValueError, match="momentum must lie in 0 … 1"):
        SGD(momentum=momentum)


def test_full_momentum_never_slows_down():
    w, optimizer = Variable(np.array([0.0])), SGD(0.5, momentum=1.0)
    for g in (1.0, 0.0, 0.0):
        optimizer.apply([np.array([g])], [w])
    assert w.item() == -1.5


def test_an_optimizer_writes_its_own_update():
    with pytest.raises(NotImplementedError):
        Optimizer(0.1).apply([np.ones(1)], [Variable(np.ones(1))])


def test_adamw_needs_a_decay():
    with pytest.raises(ValueError, match="AdamW needs a number as weight_decay"):
        AdamW(weight_decay=None)
