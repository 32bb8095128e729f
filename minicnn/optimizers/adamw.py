"""AdamW: Adam whose weight decay does not pass through the moving averages."""

from typing import Any

from .adam import Adam
from .schedules import LearningRateSchedule


class AdamW(Adam):
    """w ← (1 − η·λ)·w, then Adam's step, in one kernel.

    The arguments are those of Adam; weight_decay λ has a default. Raises ValueError when it is None.
    Source: Loshchilov & Hutter, "Decoupled weight decay regularization" (2019).

    >>> AdamW().weight_decay
    0.004
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        *,
        name: str | None = None,
    ):
        if weight_decay is None:
            raise ValueError("AdamW needs a number as weight_decay; for no decay use Adam")
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            name=name,
        )

    def decay(self, k: Any, w: Any) -> None:
        """Nothing: adamw_update decays the weights itself."""

    def update(self, k: Any, w: Any, g: Any, **state: Any) -> None:
        k.adamw_update(
            w,
            g,
            state["momentum"],
            state["velocity"],
            state.get("velocity_hat"),
            weight_decay=self.weight_decay,
            **self._options(),
        )
