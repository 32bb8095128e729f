"""Work for the next moments, done by threads in the background while the present one is busy."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Calls that some threads make. A thread lives only while there is work, and no longer than the main thread.

    >>> background = Background(threads=2)
    >>> calls = [background.submit(pow, 2, n) for n in range(4)]
    >>> [call.result() for call in calls]
    [1, 2, 4, 8]
    """

    def __init__(self, threads: int):
        self._threads = threads
        self._running = 0
        self._waiting: deque[tuple[Future, Callable[..., Any], tuple]] = deque()
        self._lock = threading.Lock()

    def submit(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        """Have function(*arguments) called after what was submitted before; its `result()` waits for it."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting.append((future, function, arguments))
            if self._running < self._threads:
                threading.Thread(target=self._work, name="minicnn-background").start()
                self._running += 1
        return future

    def drop(self) -> None:
        """Forget the calls that have not begun: the threads end after those that have."""
        self._waiting.clear()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not (self._waiting and threading.main_thread().is_alive()):
                    self._running -= 1
                    return
                future, function, arguments = self._waiting.popleft()
            try:
                future.set_result(function(*arguments))
            except BaseException as error:  # whoever asks for the result gets it
                future.set_exception(error)


def drawn_ahead(items: Iterable[T], count: int) -> Iterator[T]:
    """The same items, so many of them always drawn before they are asked for.

    >>> items = drawn_ahead(iter([1, 2, 3, 4]), 2)
    >>> list(items)
    [1, 2, 3, 4]
    """
    drawn: deque[T] = deque()
    for item in items:
        drawn.append(item)
        if len(drawn) > count:
            yield drawn.popleft()
    yield from drawn
