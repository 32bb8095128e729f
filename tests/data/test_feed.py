"""Feed: where epochs end, and coming back to a place among the batches."""

import numpy as np
import pytest

import minicnn as mc
from minicnn import random
from minicnn.data import Batches
from minicnn.data.dataset import Dataset
from minicnn.data.feed import Feed
from minicnn.data.py_dataset import Passes, PyDataset


def brightened(images, rng):
    """Each time by another amount."""
    return images + rng.random(dtype=np.float32)


X = np.arange(7, dtype=np.float32)[:, None]


class Unsized:
    """Five batches, as often as wanted."""

    def __iter__(self):
        return iter([(i,) for i in range(5)])


class Fixed(Dataset):
    """Three batches, under the names of tf.data."""

    def __iter__(self):
        return iter([(i,) for i in range(3)])

    def __len__(self):
        return 3

    cache = prefetch = shuffle = None


def counting(end):
    return ((i,) for i in range(end))


def epochs(feed, count):
    return [[batch[0] for batch in feed.epoch()] for _ in range(count)]


def test_all_the_data():
    assert epochs(Feed(Unsized()), 2) == [[0, 1, 2, 3, 4]] * 2


@pytest.mark.parametrize("data", [[(0,), (1,), (2,)], Batches((np.arange(3),), 1)])
def test_steps_go_on_and_sized_data_starts_anew(data):
    assert epochs(Feed(data, steps=2), 4) == [[0, 1], [2], [0, 1], [2]]
    assert epochs(Feed(data, steps=9), 2) == [[0, 1, 2]] * 2


def test_data_of_unknown_size_starts_anew_after_an_epoch_that_was_too_short():
    assert epochs(Feed(Unsized(), steps=3), 3) == [[0, 1, 2], [3, 4], [0, 1, 2]]


def test_data_of_unknown_size_that_ends_with_an_epoch():
    assert epochs(Feed(Unsized(), steps=5), 3) == [[0, 1, 2, 3, 4]] * 3


def test_data_that_is_empty():
    assert epochs(Feed([], steps=2), 2) == epochs(Feed(counting(0)), 2) == [[], []]


def test_generators_go_on():
    assert epochs(Feed(counting(7), steps=3), 4) == [[0, 1, 2], [3, 4, 5], [6], []]
    assert epochs(Feed(counting(3)), 2) == [[0, 1, 2], []]


def test_repeated_data_goes_on_across_its_end():
    data = Fixed().repeat()
    assert epochs(Feed(data, steps=2), 4) == [[0, 1], [2, 0], [1, 2], [0, 1]]
    assert epochs(Feed(data, steps=7), 2) == [[0, 1, 2, 0, 1, 2, 0], [1, 2, 0, 1, 2, 0, 1]]
    assert epochs(Feed(data, steps=2, anew=True), 2) == [[0, 1]] * 2


def test_data_without_end_needs_steps():
    with pytest.raises(ValueError, match="has no end: say with steps_per_epoch"):
        Feed(Fixed().repeat())


def test_anew():
    assert epochs(Feed(Unsized(), steps=3, anew=True), 2) == [[0, 1, 2]] * 2
    assert epochs(Feed(counting(7), steps=3, anew=True), 2) == [[0, 1, 2], [3, 4, 5]]


def test_an_endless_iterator_that_has_a_length():
    class Endless:
        def __init__(self):
            self.i = -1

        def __len__(self):
            return 3

        def __iter__(self):
            return self

        def __next__(self):
            self.i += 1
            return (self.i,)

    assert epochs(Feed(Endless()), 2) == [[0, 1, 2], [3, 4, 5]]


class Shuffled(Dataset):
    """Five numbers in an order that is drawn when a pass begins."""

    def __iter__(self):
        return iter([(i,) for i in random.generator().permutation(5)])

    def __len__(self):
        return 5

    cache = prefetch = shuffle = None


class Own:
    """Data with a generator of its own, from which a pass draws its order when it begins."""

    def __init__(self):
        self.generator = np.random.default_rng(4)

    def __iter__(self):
        return iter([(i,) for i in self.generator.permutation(5)])


class Numbered(PyDataset):
    """The same by number."""

    def __init__(self):
        super().__init__(workers=2)
        self.generator = np.random.default_rng(4)

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return (self.order[index],)

    def on_epoch_begin(self):
        self.order = self.generator.permutation(5)


MAKE = {
    "batches": lambda: Batches((X,), 2, shuffle=True),
    "augmented": lambda: Batches((X[:, :, None, None],), 2, shuffle=True, augment=brightened),
    "unsized": Unsized,
    "generator": lambda: counting(20),
    "own": Own,
    "endless": lambda: Shuffled().repeat(),
    "by number": lambda: Passes(Numbered()),
}


@pytest.mark.parametrize("steps", [None, 2, 3])
@pytest.mark.parametrize("stop", range(9))
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_coming_back(make, stop, steps):
    """After `stop` batches; in between, training draws numbers as well."""
    steps = 4 if make is MAKE["endless"] and steps is None else steps

    def batches(feed, epoch, done):
        for _ in range(epoch, 6):
            for batch in feed.epoch(done):
                done += 1
                drawn = random.generator().random()
                yield batch[0], drawn, done
            done = 0

    mc.utils.set_random_seed(2)
    first = Feed(make(), steps)
    all_of_it, epoch, done = [], 0, 0
    for number, (x, drawn, now_done) in enumerate(batches(first, 0, 0)):
        epoch, done = epoch + (now_done <= done), now_done
        all_of_it.append((x, drawn))
        if number + 1 == stop:
            place = first.state(), epoch, done, [random.state_of(generator) for generator in first.generators()]
    mc.utils.set_random_seed(2)
    second, epoch, done = Feed(make(), steps), 0, 0
    if stop:
        state, epoch, done, generators = place
        second.load_state(state)
        for generator, generator_state in zip(second.generators(), generators, strict=True):
            random.set_state(generator, generator_state)
    rest = [(x, drawn) for x, drawn, _ in batches(second, epoch, done)]
    np.testing.assert_equal(rest, all_of_it[stop:])


@pytest.mark.parametrize(
    "state",
    [{}, {"taken": 1}, {"taken": -1, "began": []}, {"taken": 1, "began": []}, {"taken": 1, "began": [{"a": 1}]}],
)
def test_what_is_no_place(state):
    with pytest.raises((ValueError, KeyError)):
        Feed(Unsized()).load_state(state)
