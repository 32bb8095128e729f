"""Adam: momentum, with steps divided by a running root mean square of the gradient."""

from typing import Any

from .optimizer import Optimizer
from .schedules import LearningRateSchedule


class Adam(Optimizer):
    """m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², w ← w − η_t·m / (√v + ε), η_t = η·√(1 − β₂ᵗ) / (1 − β₁ᵗ).

    With amsgrad the largest v so far stands in for v. The other arguments are those of Optimizer.
    Source: Kingma & Ba, "Adam" (2015); Reddi et al. (2018) for AMSGrad.

    >>> Adam(learning_rate=0.01).beta_2
    0.999
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad
        self.slots = ("momentum", "velocity", *["velocity_hat"] * amsgrad)

    def update(self, k: Any, w: Any, g: Any, **state: Any) -> None:
        k.adam_update(w, g, state["momentum"], state["velocity"], state.get("velocity_hat"), **self._options())

    def _options(self) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "step": self.iterations + 1,
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
