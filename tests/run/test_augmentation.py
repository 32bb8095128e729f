"""Augmentation by name: which layers, with which numbers, and what is told about a wrong one."""

import pytest

from minicnn.run.augmentation import PRESETS, UPRIGHT, augmentation_layers


def described(wanted):
    return [(type(layer).__name__, layer.get_config()) for layer in augmentation_layers(wanted)]


def test_named_transforms_have_their_numbers_and_moves_are_one_layer():
    (flip, flipped), (move, moved) = described("flip=both, zoom=0.25,rotation=18,translation=.1")
    assert [flip, move] == ["RandomFlip", "RandomAffine"]
    assert flipped["mode"] == "horizontal_and_vertical"
    assert (moved["rotation"], moved["zoom"], moved["translation"]) == (0.05, 0.25, 0.1)
    [(_, moved)] = described("zoom-in=0.4")
    assert moved["zoom"] == (-0.4, 0.0)
    names = [name for name, _ in described("rotation=9,brightness=0.1,contrast=0.2,zoom=0.1")]
    assert names == ["RandomAffine", "RandomBrightness", "RandomContrast", "RandomAffine"]


@pytest.mark.parametrize("wanted", [*PRESETS, UPRIGHT])
def test_presets_are_made_of_named_transforms(wanted):
    assert bool(augmentation_layers(wanted)) == (wanted != "none")


def test_none_is_nothing_and_flip_is_horizontal():
    assert augmentation_layers("none") == []
    assert described("flip")[0][1]["mode"] == "horizontal"
    assert "flip" not in UPRIGHT


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("turn", "no augmentation 'turn': there are none, light, strong, flip, rotation=NUMBER"),
        ("rotation", "rotation=: give a number above 0 and up to 180, degrees, such as rotation=15"),
        ("zoom=2", "zoom=2: give a number above 0 and up to 1"),
        ("zoom=-0.1", "zoom=-0.1: give"),
        ("zoom=0.1,rotation=9,zoom=0.2", "each of zoom, rotation may stand once"),
        ("zoom=0.1,zoom-in=0.2", "zoom and zoom-in exclude each other"),
        ("contrast=nan", "contrast=nan: give"),
        ("flip=diagonal", "flip=diagonal is not known"),
    ],
)
def test_wrong_ones_are_told(wanted, message):
    with pytest.raises(ValueError, match=message):
        augmentation_layers(wanted)
