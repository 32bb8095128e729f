"""Free stretches of a piece of memory, and who gets which: the lowest that fits is taken."""

import bisect


class Stretches:
    """Free stretches, in order.

    >>> stretches = Stretches(100)
    >>> stretches.take(60), stretches.take(30), stretches.take(20)
    (0, 60, None)
    >>> stretches.give_back(0, 60)
    >>> stretches.take(20), stretches.peak
    (0, 90)
    """

    def __init__(self, size: int):
        self._free = [(0, size)]
        self.peak = 0  # the end of the last that was ever in use

    def take(self, size: int) -> int | None:
        """The start of the first stretch of at least this size, if there is one."""
        for i, (start, free) in enumerate(self._free):
            if free >= size:
                self._free[i : i + 1] = [(start + size, free - size)] if free > size else []
                self.peak = max(self.peak, start + size)
                return start
        return None

    def give_back(self, start: int, size: int) -> None:
        """Make a stretch free again, and one with free neighbours."""
        i = bisect.bisect(self._free, (start, size))
        if i < len(self._free) and self._free[i][0] == start + size:
            size += self._free.pop(i)[1]
        if i > 0 and sum(self._free[i - 1]) == start:
            start, before = self._free[i - 1]
            size += before
            i -= 1
            self._free.pop(i)
        self._free.insert(i, (start, size))
