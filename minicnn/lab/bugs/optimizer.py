"""Bugs in optimizers: every gradient is right, and what is made of it is not."""

import numpy as np

import minicnn as mc
from minicnn import Variable, layers, optimizers

from ..bug import Bug


def model() -> mc.Sequential:
    """A dense network with AdamW, a schedule and clipped gradients; try the other optimizers too."""
    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Flatten()])
    net.add(layers.Dense(32, activation="tanh"))
    net.add(layers.Dense(10, activation="softmax"))
    rate = optimizers.schedules.CosineDecay(0.005, decay_steps=20)
    net.compile(optimizers.AdamW(rate, 0.1, clipnorm=0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def weights_after(optimizer: optimizers.Optimizer, *gradients: float) -> np.ndarray:
    """Where a weight and its double, both starting at 1, stand after steps along these gradients."""
    w, v = Variable(np.array([1.0])), Variable(np.array([1.0]))
    for g in gradients:
        optimizer.apply([np.array([g]), np.array([2 * g])], [w, v])
    return np.concatenate([w.data, v.data])


def momentum() -> None:
    """u ← μ·u − η·g, w ← w + u."""
    np.testing.assert_allclose(weights_after(optimizers.SGD(0.1, 0.5), 1.0, 1.0), [1 - 0.1 - 0.15, 1 - 0.2 - 0.3])


def nesterov() -> None:
    """w ← w + μ·u − η·g."""
    after = weights_after(optimizers.SGD(0.1, 0.5, nesterov=True), 1.0)
    np.testing.assert_allclose(after, [1 - 0.05 - 0.1, 1 - 0.1 - 0.2])


def first_step_of_adam() -> None:
    """With bias correction the first step is η whatever the gradient: m = g and √v = |g|."""
    np.testing.assert_allclose(weights_after(optimizers.Adam(0.1), 0.01), [0.9, 0.9], rtol=1e-4)


def second_step_of_adam() -> None:
    """The same gradient again is the same step again."""
    np.testing.assert_allclose(weights_after(optimizers.Adam(0.1), 1.0, 1.0), [0.8, 0.8], rtol=1e-5)


def epsilon_of_adam() -> None:
    """ε stands beside √v̂: with v = g²·(1 − β₂) it is added to that root."""
    m, v, correction = 0.1, 0.001, np.sqrt(0.001) / 0.1
    expected = 1 - correction * m / (np.sqrt(v) + 0.5)
    np.testing.assert_allclose(weights_after(optimizers.Adam(1.0, epsilon=0.5), 1.0)[0], expected)


def rmsprop() -> None:
    """s ← ρ·s + (1 − ρ)·g², w ← w − η·g / √s."""
    after = weights_after(optimizers.RMSprop(0.1, rho=0.75), 3.0)
    np.testing.assert_allclose(after, 1 - 0.1 / np.sqrt(0.25), rtol=1e-5)


def centred_rmsprop() -> None:
    """The variance of the gradient, s − a², takes the place of its mean square."""
    after = weights_after(optimizers.RMSprop(0.1, rho=0.75, centered=True), 3.0)
    np.testing.assert_allclose(after, 1 - 0.1 / np.sqrt(0.25 - 0.25**2), rtol=1e-5)


def amsgrad() -> None:
    """After a large gradient v does not fall again: a second Adam with the same averages goes further."""
    slow, fast = (weights_after(optimizers.Adam(0.1, beta_2=0.5, amsgrad=a), 3.0, 0.1)[0] for a in (True, False))
    np.testing.assert_array_less(fast, slow)


def decoupled_decay() -> None:
    """Without gradients each step shrinks the weights by η·λ."""
    np.testing.assert_allclose(weights_after(optimizers.AdamW(0.1, weight_decay=0.5), 0.0), [0.95, 0.95])


def clipping() -> None:
    """(3, 4) is 5 long; cut to 1 it keeps its direction."""
    w = Variable(np.zeros(2))
    optimizers.SGD(1.0, clipnorm=1.0).apply([np.array([3.0, 4.0])], [w])
    np.testing.assert_allclose(w.data, [-0.6, -0.8])


def clipping_by_value() -> None:
    w = Variable(np.zeros(2))
    optimizers.SGD(1.0, clipvalue=1.0).apply([np.array([3.0, -4.0])], [w])
    np.testing.assert_allclose(w.data, [-1, 1])


def clipping_together() -> None:
    """3 and 4 together are 5 long."""
    w, v = Variable(np.zeros(1)), Variable(np.zeros(1))
    optimizers.SGD(1.0, global_clipnorm=1.0).apply([np.array([3.0]), np.array([4.0])], [w, v])
    np.testing.assert_allclose([w.item(), v.item()], [-0.6, -0.8])


def schedules() -> None:
    """The first step has the rate of step 0."""
    rate = optimizers.schedules.ExponentialDecay(0.5, decay_steps=1, decay_rate=0.5)
    np.testing.assert_allclose(weights_after(optimizers.SGD(rate), 1.0, 1.0)[0], 1 - 0.5 - 0.25)


def end_of_the_cosine() -> None:
    np.testing.assert_allclose(optimizers.schedules.CosineDecay(1.0, decay_steps=10)(15), 0.0)


BUGS = (
    Bug(
        name="adam_corrects_one_step_late",
        place="minicnn.optimizers.adam:Adam._options",
        old="self.iterations + 1",
        new="max(self.iterations, 1)",
        story="counts steps from 0, divides by zero, and mends that instead of the counting",
        hint="Follow one weight through two steps with the same gradient.",
        level=3,
        check=second_step_of_adam,
    ),
    Bug(
        name="adam_does_not_correct",
        place="minicnn.kernels.portable.optimizer:adam_update",
        old="float(learning_rate) * sqrt(1 - float(beta_2) ** step) / (1 - float(beta_1) ** step)",
        new="float(learning_rate)",
        story="leaves the bias correction out: √v starts even smaller than m, and the first steps are too long",
        hint="Follow one weight through one step.",
        level=3,
        check=first_step_of_adam,
    ),
    Bug(
        name="adam_squares_the_momentum",
        place="minicnn.kernels.portable.optimizer:adam_update",
        old="np.multiply(g, g, out=scratch)",
        new="np.multiply(m, m, out=scratch)",
        story="feeds the second average with the first one squared instead of the gradient squared",
        hint="Follow one weight through one step.",
        level=3,
        check=first_step_of_adam,
    ),
    Bug(
        name="adam_epsilon_inside_the_root",
        place="minicnn.kernels.portable.optimizer:adam_update",
        old="np.sqrt(v, out=scratch)\n    denominator += float(epsilon)",
        new="np.sqrt(v + float(epsilon), out=scratch)",
        story="adds ε under the root, as RMSprop does: tiny gradients then make much smaller steps",
        hint="Almost right. What keeps the division from going wrong, and where does it stand?",
        level=3,
        check=epsilon_of_adam,
    ),
    Bug(
        name="momentum_is_dampened",
        place="minicnn.kernels.portable.optimizer:sgd_update",
        old="velocity -= step",
        new="velocity -= (1 - float(momentum)) * step",
        story="averages the gradients where they should be summed: the same algorithm with a tenth of the rate",
        hint="Follow one weight through two steps of SGD.",
        level=3,
        check=momentum,
    ),
    Bug(
        name="nesterov_is_ignored",
        place="minicnn.kernels.portable.optimizer:sgd_update",
        old="if not nesterov:",
        new="if True:",
        story="takes the option and does what it does without",
        hint="Does every option change something?",
        level=3,
        check=nesterov,
    ),
    Bug(
        name="rmsprop_does_not_square",
        place="minicnn.kernels.portable.optimizer:rmsprop_update",
        old="np.multiply(g, g, out=scratch)",
        new="np.abs(g, out=scratch)",
        story="averages |g| and then takes the root that belonged to the square",
        hint="Follow one weight through one step of RMSprop.",
        level=3,
        check=rmsprop,
    ),
    Bug(
        name="rmsprop_does_not_centre",
        place="minicnn.kernels.portable.optimizer:rmsprop_update",
        old="        np.subtract(mean_square, denominator, out=denominator)\n",
        new="        denominator[...] = mean_square\n",
        story="averages the gradients for the centred form and never subtracts the square of that average",
        hint="Does every option change something?",
        level=3,
        check=centred_rmsprop,
    ),
    Bug(
        name="amsgrad_keeps_the_largest_in_a_drawer",
        place="minicnn.kernels.portable.optimizer:adam_update",
        old="v = np.maximum(v_max, v, out=v_max)",
        new="np.maximum(v_max, v, out=v_max)",
        story="keeps the largest v, saves it to files, and divides by the present one all the same",
        hint="Does every option change something?",
        level=3,
        check=amsgrad,
    ),
    Bug(
        name="averages_forget_too_fast",
        place="minicnn.kernels.portable.optimizer:_average",
        old="np.multiply(value, 1 - float(decay), out=scratch)\n    mean *= float(decay)",
        new="np.multiply(value, float(decay), out=scratch)\n    mean *= 1 - float(decay)",
        story="gives the new value the weight of the old ones: a memory of one step",
        hint="Follow one weight through two steps, with RMSprop too.",
        level=3,
        check=rmsprop,
    ),
    Bug(
        name="decay_without_the_rate",
        place="minicnn.kernels.portable.optimizer:adamw_update",
        old="1 - float(learning_rate) * float(weight_decay)",
        new="1 - float(weight_decay)",
        story="shrinks the weights by λ at each step instead of η·λ: a thousand times too much",
        hint="What does AdamW do without gradients?",
        level=3,
        check=decoupled_decay,
    ),
    Bug(
        name="clipping_bends_the_gradient",
        place="minicnn.optimizers.clipping:clip_by_norm",
        old="k.divide(k.multiply(g, g.dtype.type(limit)), longest)",
        new="k.clip(g, low=-limit, high=limit)",
        story="cuts element by element, which changes the direction, where only the length should change",
        hint="In which direction does a clipped gradient point?",
        level=3,
        check=clipping,
    ),
    Bug(
        name="clipping_holds_on_one_side",
        place="minicnn.optimizers.clipping:clip_by_value",
        old="low=-limit",
        new='low=float("-inf")',
        story="cuts large gradients and lets large negative ones through",
        hint="Try gradients of both signs.",
        level=3,
        check=clipping_by_value,
    ),
    Bug(
        name="global_norm_leaves_one_out",
        place="minicnn.optimizers.clipping:clip_by_global_norm",
        old="for g in gradients[1:]:",
        new="for g in gradients[2:]:",
        story="starts its loop one late, so that the second gradient is not counted",
        hint="How long are all gradients together?",
        level=3,
        check=clipping_together,
    ),
    Bug(
        name="schedule_is_one_step_ahead",
        place="minicnn.optimizers.optimizer:Optimizer.learning_rate",
        old="self._learning_rate(self.iterations)",
        new="self._learning_rate(self.iterations + 1)",
        story="asks the schedule for the next step's rate",
        hint="Which rate has the first step?",
        level=3,
        check=schedules,
    ),
    Bug(
        name="every_variable_is_a_step",
        place="minicnn.optimizers.optimizer:Optimizer.apply",
        old="        self.iterations += 1",
        new="            self.iterations += 1",
        story="counts inside the loop: a network with six variables is six steps on after one",
        hint="How many steps has the optimizer counted after one batch?",
        level=3,
        check=second_step_of_adam,
    ),
    Bug(
        name="cosine_rises_again",
        place="minicnn.optimizers.schedules:CosineDecay._decayed",
        old="min(step / self.decay_steps, 1.0)",
        new="step / self.decay_steps",
        story="does not stop at the end of the half wave; whoever trains longer goes up the hill again",
        hint="Draw the learning rate over more steps than planned.",
        level=3,
        check=end_of_the_cosine,
    ),
)
