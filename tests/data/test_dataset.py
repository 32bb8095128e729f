"""Datasets that are made from others, under tf.data's names."""

import numpy as np
import pytest

from minicnn.data.dataset import Dataset


class Numbers(Dataset):
    """Batches (n, −n); remembers what was asked of it."""

    def __init__(self, count):
        self.count, self.asked, self.class_names, self.generator = count, [], ["a", "b"], np.random.default_rng(0)

    def __iter__(self):
        return iter([(n, -n) for n in range(self.count)])

    def __len__(self):
        return self.count

    def cache(self, memory=None):
        return self._asked("cache", memory)

    def prefetch(self, buffer_size):
        return self._asked("prefetch", buffer_size)

    def shuffle(self, buffer_size, seed=None):
        return self._asked("shuffle", seed)

    def _asked(self, *question):
        other = Numbers(self.count)
        other.asked = [*self.asked, question]
        return other


def numbers_of(dataset, most=20):
    return [n for n, _ in [batch for batch, _ in zip(dataset, range(most))]]


def test_map_changes_every_batch_of_every_pass():
    mapped = Numbers(3).map(lambda x, y: (10 * x, y))
    assert len(mapped) == 3
    assert [list(mapped), list(mapped)] == [[(0, 0), (10, -1), (20, -2)]] * 2


def test_map_of_images_alone():
    mapped = Numbers(2).map(lambda x, y: x + 5).map(lambda x: x * 2)
    assert list(mapped) == [10, 12]


@pytest.mark.parametrize("count", [0, 2, 5, 9, -1])
def test_take_and_skip(count):
    taken, expected = Numbers(5).take(count), [0, 1, 2, 3, 4][: None if count < 0 else count]
    assert numbers_of(taken) == numbers_of(taken) == expected
    assert len(taken) == len(expected)
    if count >= 0:
        rest = Numbers(5).skip(count)
        assert numbers_of(rest) == [0, 1, 2, 3, 4][count:]
        assert len(rest) == max(5 - count, 0)


@pytest.mark.parametrize(("drop", "expected"), [(False, [[0, 1, 2], [3, 4, 5], [6]]), (True, [[0, 1, 2], [3, 4, 5]])])
def test_single_samples_become_batches(drop, expected):
    batched = Numbers(7).batch(3, drop_remainder=drop)
    assert [x.tolist() for x, _ in batched] == [(-y).tolist() for _, y in batched] == expected
    assert len(batched) == len(expected)
    assert [x.tolist() for x in Numbers(7).map(lambda x, y: x).batch(3, drop)] == expected


def test_repeat():
    twice = Numbers(2).repeat(2)
    assert numbers_of(twice) == [0, 1, 0, 1]
    assert len(twice) == 4


@pytest.mark.parametrize("endless", [Numbers(2).repeat(), Numbers(2).repeat(-1), Numbers(2).repeat().map(lambda *b: b)])
def test_what_has_no_end_has_no_length(endless):
    assert numbers_of(endless, 5) == [0, 1, 0, 1, 0]
    assert not hasattr(endless, "__len__")
    assert len(endless.take(7)) == 7
    assert numbers_of(endless.take(3)) == [0, 1, 0]


def test_datasets_chain():
    chained = Numbers(6).skip(1).take(4).map(lambda x, y: (x * x, y)).repeat(2)
    assert numbers_of(chained) == [1, 4, 9, 16] * 2


def test_caching_prefetching_and_shuffling_are_for_the_images_themselves():
    chained = Numbers(3).map(lambda x, y: (x + 1, y)).cache(7).shuffle(100, seed=3).prefetch(-1).take(2).cache()
    assert chained.source.source.asked == [("cache", 7), ("shuffle", 3), ("prefetch", -1), ("cache", None)]
    assert numbers_of(chained) == [1, 2]


def test_shuffling_a_part_is_refused():
    with pytest.raises(ValueError, match="shuffle before take"):
        Numbers(3).take(2).shuffle(10)


def test_what_is_known_of_the_images_stays_known():
    numbers = Numbers(3)
    derived = numbers.map(lambda *batch: batch).take(2)
    assert derived.class_names == ["a", "b"]
    derived.generator = generator = np.random.default_rng(1)
    assert numbers.generator is derived.generator is generator
