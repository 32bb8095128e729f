"""Batches epoch after epoch, and how to come back to a place among them."""

import copy
import itertools
from collections.abc import Iterator, Sized
from typing import Any

import numpy as np

from .. import random
from .batches import Batch


class Feed:
    """The batches of one epoch after the other: all the data, or `steps` batches of it.

    data    an iterable of batches; where it draws numbers from a generator of its own, its attribute `generator`.
            Data without end says what it repeats in `repeated`
    steps   how many batches make an epoch. The next goes on where the last one stopped, and the data starts anew
            once it has come to its end
    anew    every epoch starts anew, with `steps` too

    An iterator, such as what a generator function returns, cannot start anew: every epoch goes on with it.

    >>> feed = Feed([(0,), (1,), (2,)], steps=2)
    >>> [list(feed.epoch()) for _ in range(3)]
    [[(0,), (1,)], [(2,)], [(0,), (1,)]]
    """

    def __init__(self, data: Any, steps: int | None = None, anew: bool = False):
        self.data = data
        self.steps = steps
        self.anew = anew
        self._is_iterator = isinstance(data, Iterator)
        self._is_endless = hasattr(data, "repeated")
        if self._is_endless and not steps:
            raise ValueError("the data has no end: say with steps_per_epoch or validation_steps how much of it to take")
        self._pass: Iterator[Batch] | None = None  # through the data, unless it is at its end
        self._taken = 0  # batches of it
        self._began: list[dict[str, Any]] = []  # the states of the generators when it began
        self._place: dict[str, Any] | None = None  # to come back to

    @property
    def size(self) -> int | None:
        """Batches in the data, where it knows."""
        return len(self.data) if isinstance(self.data, Sized) else None

    def epoch(self, done: int = 0) -> Iterator[Batch]:
        """The batches of the next epoch; those after the first `done` of an epoch that was interrupted."""
        self._come_back()
        may_be_at_its_end = self._pass is not None and not self._is_iterator and not done
        limit = self.steps or (self.size if self._is_iterator else None)
        for batch in itertools.islice(self._batches(), limit and limit - done):
            done += 1
            yield batch
        if not self._is_iterator and (self.anew or self.steps is None or self._taken == self.size or done < self.steps):
            self._pass = None
        if may_be_at_its_end and not done:
            yield from self.epoch()

    def state(self) -> dict[str, Any]:
        """The place, for `load_state`: how many batches of a pass were taken, and the generators when it began."""
        begun = self._pass is not None
        return {"taken": self._taken if begun else 0, "began": self._began if begun else []}

    def load_state(self, state: dict[str, Any]) -> None:
        """Come back to a place before the next batch: take as many batches, beginning with the same generators.

        Raises ValueError, TypeError or KeyError for what is no place.
        """
        taken, began = state["taken"], state["began"]
        if not isinstance(taken, int) or taken < 0:
            raise ValueError(f"{taken!r} batches cannot have been taken")
        for generator, began_at in zip(self.generators(), began, strict=taken > 0):
            random.set_state(copy.deepcopy(generator), began_at)
        self._place = state

    def generators(self) -> list[np.random.Generator]:
        """Those that the batches may depend on."""
        own = getattr(self.data, "generator", None)
        return [random.generator(), *([own] if isinstance(own, np.random.Generator) else [])]

    def _batches(self) -> Iterator[Batch]:
        """What is left of the pass, or a new one; without end where the data has none."""
        while True:
            for batch in self._begin() if self._pass is None else self._pass:
                self._taken += 1
                yield batch
            if not self._is_endless or not self._taken:
                return
            self._pass = None

    def _begin(self) -> Iterator[Batch]:
        self._began = [random.state_of(generator) for generator in self.generators()]
        self._pass, self._taken = iter(self.data.repeated if self._is_endless else self.data), 0
        return self._pass

    def _come_back(self) -> None:
        place, self._place = self._place, None
        if place is None or not place["taken"]:
            return
        generators = self.generators()
        now = [random.state_of(generator) for generator in generators]
        for generator, state in zip(generators, place["began"]):
            random.set_state(generator, state)
        self._taken = sum(1 for _ in zip(range(place["taken"]), self._begin()))
        for generator, state in zip(generators, now):
            random.set_state(generator, state)
        if self._taken < place["taken"]:
            raise ValueError(
                f"the data ends after {self._taken} batches, but the training that was interrupted had taken "
                f"{place['taken']}: is it the same data?"
            )
