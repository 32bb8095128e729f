"""Stochastic gradient descent, with momentum or Nesterov's momentum."""

from typing import Any

from .optimizer import Optimizer
from .schedules import LearningRateSchedule


class SGD(Optimizer):
    """w ← w − η·g; with momentum μ: u ← μ·u − η·g, w ← w + u; with nesterov: w ← w + μ·u − η·g.

    Raises ValueError unless 0 ≤ momentum ≤ 1. The other arguments are those of Optimizer.
    Source: Sutskever et al., "On the importance of initialization and momentum" (2013).

    >>> SGD(learning_rate=0.1, momentum=0.9).get_config()["momentum"]
    0.9
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum must lie in 0 … 1, got {momentum}")
        self.momentum = momentum
        self.nesterov = nesterov
        self.slots = ("momentum",) if momentum else ()

    def update(self, k: Any, w: Any, g: Any, **state: Any) -> None:
        k.sgd_update(
            w,
            g,
            state.get("momentum"),
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
        )
