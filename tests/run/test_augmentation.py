"""Augmentation by name: which layers, with which numbers, and what is told about a wrong one."""

import pytest

from minicnn.run.augmentation import PRESETS, UPRIGHT, augmentation_layers


def described(wanted):
    return [(type(layer).__name__, layer.get_config()) for layer in augmentation_layers(wanted)]


def test_named_transforms_stand_in_their_order_with_their_numbers():
    (flip, flipped), (zoom, zoomed), (turn, turned), (move, moved) = described(
        "flip=both, zoom=0.25,rotation=18,translation=.1"
    )
    assert [flip, zoom, turn, move] == ["RandomFlip", "RandomZoom", "RandomRotation", "RandomTranslation"]
    assert flipped["mode"] == "horizontal_and_vertical"
    assert zoomed["height_factor"] == 0.25
    assert turned["factor"] == 0.05
    assert (moved["height_factor"], moved["width_factor"]) == (0.1, 0.1)
    assert [name for name, _ in described("brightness=0.1,contrast=0.2")] == ["RandomBrightness", "RandomContrast"]


@pytest.mark.parametrize("preset", [*PRESETS.values(), UPRIGHT])
def test_presets_are_made_of_named_transforms(preset):
    assert len(augmentation_layers(preset)) == len([name for name in preset.split(",") if name])


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
        ("contrast=nan", "contrast=nan: give"),
        ("flip=diagonal", "flip=diagonal is not known"),
    ],
)
def test_wrong_ones_are_told(wanted, message):
    with pytest.raises(ValueError, match=message):
        augmentation_layers(wanted)
