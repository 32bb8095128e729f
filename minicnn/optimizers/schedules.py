"""Learning rates that change with the step: functions step → η, under Keras's names."""

import bisect
import math
from collections.abc import Sequence

from ..configurable import Configurable


class LearningRateSchedule(Configurable):
    """Base of the schedules; a subclass writes `__call__(step)` for step = 0, 1, 2, …"""

    def __call__(self, step: int) -> float:
        raise NotImplementedError


class ExponentialDecay(LearningRateSchedule):
    """η₀ · rate^(step / decay_steps); with staircase the exponent is rounded down.

    Raises ValueError unless decay_steps is positive.

    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ):
        _check_decay_steps(decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: int) -> float:
        periods = step / self.decay_steps
        if self.staircase:
            periods = math.floor(periods)
        return self.initial_learning_rate * self.decay_rate**periods


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], …

    Raises ValueError unless there is one more value than boundaries.

    >>> schedule = PiecewiseConstantDecay([100, 200], [1.0, 0.5, 0.1])
    >>> schedule(100), schedule(101), schedule(999)
    (1.0, 0.5, 0.1)
    """

    def __init__(self, boundaries: Sequence[int], values: Sequence[float], name: str = "PiecewiseConstant"):
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                f"{len(boundaries)} boundaries make {len(boundaries) + 1} pieces, but there are {len(values)} values"
            )
        self.boundaries = list(boundaries)
        self.values = list(values)
        self.name = name

    def __call__(self, step: int) -> float:
        return self.values[bisect.bisect_left(self.boundaries, step)]


class CosineDecay(LearningRateSchedule):
    """Half a cosine from η₀ down to α·η₀ in decay_steps steps, then constant.

    With t = step / decay_steps: η = η₀ · ((1 − α)·(1 + cos πt)/2 + α).
    With warmup_target the rate first rises in a line from η₀ to the target in warmup_steps steps, and the cosine
    goes down from the target.

    Raises ValueError unless decay_steps is positive.
    Source: Loshchilov & Hutter, "SGDR" (2017); Goyal et al. (2017) for the warm-up.

    >>> schedule = CosineDecay(0.0, decay_steps=10, warmup_target=0.5, warmup_steps=2)
    >>> schedule(0), schedule(1), schedule(2), schedule(12)
    (0.0, 0.25, 0.5, 0.0)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ):
        _check_decay_steps(decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: int) -> float:
        if self.warmup_target is None:
            return self._decayed(self.initial_learning_rate, step)
        if step < self.warmup_steps:
            rise = self.warmup_target - self.initial_learning_rate
            return self.initial_learning_rate + rise * step / self.warmup_steps
        return self._decayed(self.warmup_target, step - self.warmup_steps)

    def _decayed(self, start: float, step: int) -> float:
        fraction = min(step / self.decay_steps, 1.0)
        cosine = (1.0 + math.cos(math.pi * fraction)) / 2.0
        return start * ((1.0 - self.alpha) * cosine + self.alpha)


def _check_decay_steps(decay_steps: int) -> None:
    if decay_steps <= 0:
        raise ValueError(f"decay_steps must be positive, got {decay_steps}")
