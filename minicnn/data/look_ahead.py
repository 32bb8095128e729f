"""Work done ahead of time: results in order, some of them computed in background threads before they are asked for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

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
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="look-ahead")
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > at_most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # which may come in any thread, when garbage is collected: wait for nobody
        pool.shutdown(wait=False, cancel_futures=True)
