"""What suits the pictures: net, size, augmentation, epochs; and that every choice can be overruled."""

import numpy as np
import pytest

from minicnn.run.sources import Digits, Source, source


class Some(Source):
    """Pictures of a size and number."""

    name, place, held_back, fingerprint = "some", None, "validation", ""

    def __init__(self, size=(300, 400), channels=3, counts=(500, 500)):
        self.size, self.channels, self._counts = size, channels, np.array(counts)
        self.class_names = [str(i) for i in range(len(counts))]

    @property
    def counts(self):
        return self._counts, self._counts // 4

    def pictures(self, settings, label_mode):
        raise NotImplementedError


def test_the_digits_are_trained_as_ever(settings_of):
    settings = settings_of(Digits())
    assert (settings.model, settings.image_shape, settings.epochs, settings.batch_size) == (
        "lenet",
        (28, 28, 1),
        40,
        64,
    )
    assert (settings.optimizer, settings.learning_rate, settings.patience) == ("adam", 0.003, 0)
    assert settings.augment == "rotation=15,zoom=0.15,translation=0.1"
    assert settings.class_weights is False
    assert (settings.weight_decay, settings.label_smoothing) == (0, 0)


def test_photographs_are_augmented_more_than_small_pictures(settings_of):
    assert settings_of(Some((32, 32))).augment == "light"
    settings = settings_of(Some())
    assert (settings.augment, settings.weight_decay, settings.label_smoothing) == ("strong", 0.05, 0.1)
    assert settings_of(Some(), optimizer="sgd").weight_decay == 0


@pytest.mark.parametrize(
    ("size", "channels", "expected"),
    [
        ((28, 28), 1, ("lenet", (28, 28))),
        ((32, 32), 3, ("convnet", (32, 32))),
        ((8, 8), 1, ("convnet", (8, 8))),
        ((100, 180), 3, ("convnet", (96, 96))),
        ((40, 300), 3, ("convnet", (32, 32))),
        ((2000, 3000), 3, ("convnet", (96, 96))),
    ],
)
def test_net_and_size_follow_the_pictures(settings_of, size, channels, expected):
    settings = settings_of(Some(size, channels))
    assert (settings.model, settings.image_size) == expected


@pytest.mark.parametrize(("images", "epochs", "batch_size"), [(100, 120, 16), (4000, 50, 32), (10**6, 10, 32)])
def test_few_pictures_are_seen_more_often(settings_of, images, epochs, batch_size):
    settings = settings_of(Some(counts=(images // 2, images // 2)))
    assert (settings.epochs, settings.batch_size) == (epochs, batch_size)
    assert settings.patience == max(5, epochs // 4)


def test_classes_are_weighted_when_they_are_unequal(settings_of):
    assert not settings_of(Some(counts=(150, 100))).class_weights
    assert settings_of(Some(counts=(151, 100))).class_weights


def test_a_script_is_not_augmented_unless_asked(settings_of):
    assert settings_of(Some(), model="script").augment == "none"
    assert settings_of(Some(), model="script", augment="strong").augment == "strong"


def test_what_is_wanted_is_taken(settings_of, photos):
    settings = settings_of(
        source(photos), image_size=(9, 7), epochs=3, class_weights=False, patience=0, optimizer="sgd"
    )
    assert (settings.image_size, settings.epochs, settings.class_weights, settings.patience) == ((9, 7), 3, False, 0)
    assert settings.learning_rate == 0.05
    assert settings.directory == str(photos)
