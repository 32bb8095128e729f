"""Work done ahead of time: results in order, some of them computed in background threads before they are asked for."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from .background import Background, drawn_ahead

Item = TypeVar("Item")
Result = TypeVar("Result")


def look_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int = 2, at_most: int = 4
) -> Iterator[Result]:
    """function(item) of each item, in order; up to `at_most` results are computed or wait before they are asked for.

    The items themselves are taken in the thread of whoever iterates, so many ahead and no more: what they draw from a
    random generator does not depend on timing. An error of the function is raised where its result should have come.

    >>> list(look_ahead(abs, [3, -4, 5]))
    [3, 4, 5]
    """
    background = Background(workers)
    begun = (background.submit(function, item) for item in items)
    try:
        for result in drawn_ahead(begun, at_most):
            yield result.result()
    finally:
        background.drop()
