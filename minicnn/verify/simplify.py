"""Plainer numbers in a failing case: hypothesis shrinks its shapes and options, this what the arrays hold."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from .case import Case, arrays_in, each_array

#: numbers of an array that are tried one by one
SMALL = 64

Change = Callable[[np.ndarray], np.ndarray]


def simplified(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The case with as many zeros and whole numbers in it as still fail.

    >>> case = Case("relu", "float64", [np.array([0.1, np.nan, -2.7])])
    >>> simplified(case, lambda case: bool(np.isnan(case.args[0]).any())).args
    [array([ 0., nan,  0.])]
    """
    for i, array in enumerate(arrays_in(case.args)):
        for change in _changes(array):
            plainer = _changed(case, i, change)
            if plainer.code() != case.code() and fails(plainer):
                case = plainer
    return case


def _changes(array: np.ndarray) -> Iterator[Change]:
    """All zeros, all rounded, a zero in each place; codes, labels and masks stay."""
    if array.dtype.kind == "f":
        yield np.zeros_like
        yield lambda a: np.asarray(np.round(a))
        yield from (_zero_at(place) for place in range(min(array.size, SMALL)))


def _zero_at(place: int) -> Change:
    return lambda a: np.where(np.arange(a.size).reshape(a.shape) == place, 0, a).astype(a.dtype)


def _changed(case: Case, which: int, change: Change) -> Case:
    """The case with one of its arrays changed."""
    arrays = iter([change(a) if i == which else a for i, a in enumerate(arrays_in(case.args))])
    return replace(case, args=[each_array(lambda _: next(arrays), arg) for arg in case.args])
