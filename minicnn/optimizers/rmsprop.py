"""RMSprop: steps divided by a running root mean square of the gradient."""

from typing import Any

from .optimizer import Optimizer
from .schedules import LearningRateSchedule


class RMSprop(Optimizer):
    """s ← ρ·s + (1 − ρ)·g², w ← w − η·g / √(s + ε); `centered` and `momentum` as in the kernel rmsprop_update.

    The other arguments are those of Optimizer.
    Source: Tieleman & Hinton, "Lecture 6.5: rmsprop" (2012); Graves (2013) for the centred form.

    >>> RMSprop().rho
    0.9
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered
        self.slots = ("velocity", *["momentum"] * (momentum > 0), *["average_gradient"] * centered)

    def update(self, k: Any, w: Any, g: Any, **state: Any) -> None:
        k.rmsprop_update(
            w,
            g,
            state["velocity"],
            state.get("average_gradient"),
            state.get("momentum"),
            learning_rate=self.learning_rate,
            rho=self.rho,
            momentum=self.momentum,
            epsilon=self.epsilon,
        )
