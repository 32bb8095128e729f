"""What the tables say about times that were measured in rounds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

Times = Sequence[float]  # one a round


class Ratio(NamedTuple):
    """How long one takes in units of another.

    of_medians      median / median
    of_rounds       median over the rounds of time / time: what slows a whole round down cancels
    """

    of_medians: float
    of_rounds: float


def quartiles(times: Times) -> tuple[float, float, float]:
    """
    >>> quartiles([1.0, 2.0, 3.0, 4.0, 100.0])
    (2.0, 3.0, 4.0)
    """
    low, median, high = np.percentile(times, (25, 50, 75))
    return float(low), float(median), float(high)


def ratio(ours: Times, theirs: Times) -> Ratio:
    """
    >>> ratio([1.0, 1.0, 30.0], [2.0, 3.0, 60.0])
    Ratio(of_medians=0.3333333333333333, of_rounds=0.5)
    """
    return Ratio(float(np.median(ours) / np.median(theirs)), float(np.median(np.divide(ours, theirs))))


def fastest(times: Mapping[str, Times]) -> str:
    """The name with the smallest median.

    >>> fastest({"a": [1.0, 2.0, 9.0], "b": [3.0, 1.0, 1.0]})
    'b'
    """
    return min(times, key=lambda name: float(np.median(times[name])))


def geometric_mean(numbers: Iterable[float]) -> float:
    """
    >>> geometric_mean([0.5, 2.0])
    1.0
    """
    return float(np.exp(np.mean(np.log(list(numbers)))))


def disagreement(answers: Mapping[str, Sequence[ArrayLike]]) -> tuple[str, float]:
    """Whose arrays are farthest from the median of all, and how far in units of an array's largest number.

    NaN is infinitely far.

    >>> disagreement({"a": [1.0, [2.0, 4.0]], "b": [1.0, [2.0, 4.0]], "c": [1.0, [2.0, 4.5]]})
    ('c', 0.125)
    """
    far = dict.fromkeys(answers, 0.0)
    for arrays in zip(*answers.values(), strict=True):
        stacked = np.stack([np.asarray(array, np.float64) for array in arrays])
        middle = np.median(stacked, axis=0)
        for name, array in zip(answers, stacked):
            distance = np.max(np.abs(array - middle)) / np.max(np.abs(middle))
            far[name] = max(far[name], np.inf if np.isnan(distance) else float(distance))
    worst = max(far, key=far.__getitem__)
    return worst, far[worst]
