"""Batches: every sample once an epoch, in order or shuffled by the project's seed, labels beside their images."""

import numpy as np
import pytest

from minicnn.data import Batches
from minicnn.utils import set_random_seed


def test_samples_come_in_order_and_the_last_batch_is_smaller():
    x, y = np.arange(7), np.arange(7) * 10
    batches = Batches((x, y), batch_size=3)
    assert len(batches) == 3
    assert [(a.tolist(), b.tolist()) for a, b in batches] == [
        ([0, 1, 2], [0, 10, 20]),
        ([3, 4, 5], [30, 40, 50]),
        ([6], [60]),
    ]


def test_shuffling_gives_every_sample_once_with_its_label_and_weight():
    set_random_seed(0)
    x = np.arange(10)
    epoch = list(Batches((x, x * 2, x * 3), batch_size=4, shuffle=True))
    images, labels, weights = (np.concatenate(parts) for parts in zip(*epoch))
    assert sorted(images) == list(range(10))
    assert images.tolist() != list(range(10))
    np.testing.assert_array_equal(labels, images * 2)
    np.testing.assert_array_equal(weights, images * 3)


def test_each_epoch_has_an_order_of_its_own_and_the_seed_gives_them_back():
    batches = Batches((np.arange(20),), batch_size=20, shuffle=True)

    def two_epochs():
        set_random_seed(4)
        return [next(iter(batches))[0].tolist() for _ in range(2)]

    first, second = two_epochs()
    assert first != second
    assert two_epochs() == [first, second]


def test_several_inputs_are_cut_together():
    left, right = np.arange(5), np.arange(5) + 100
    (inputs, labels), *_ = Batches(([left, right], np.arange(5)), batch_size=2)
    assert [part.tolist() for part in inputs] == [[0, 1], [100, 101]]
    assert labels.tolist() == [0, 1]


def test_augmentation_changes_the_images_of_each_batch_and_nothing_else():
    set_random_seed(0)
    x, y = np.zeros((4, 2)), np.arange(4)
    seen = []

    def noise(images, rng):
        seen.append(len(images))
        return images + rng.normal(size=images.shape)

    (first, labels), (second, _) = Batches((x, y), batch_size=2, augment=noise)
    assert seen == [2, 2]
    assert labels.tolist() == [0, 1]
    assert first.all()
    assert not np.array_equal(first, second)
    assert not x.any()


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, None])
def test_other_batch_sizes_are_refused(batch_size):
    with pytest.raises(ValueError, match="batch_size"):
        Batches((np.arange(3),), batch_size)


def test_no_samples_and_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="no samples"):
        Batches((np.zeros((0, 4)),), 2)
    with pytest.raises(ValueError, match="x 3, y 2"):
        Batches((np.arange(3), np.arange(2)), 2)
