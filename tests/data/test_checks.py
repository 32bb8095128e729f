"""Warnings about data that would teach nothing, and their silence where all is well."""

import warnings

import numpy as np
import pytest

import minicnn as mc
from minicnn import layers
from minicnn.data import Batches
from minicnn.data.checks import warn_about_pixels

PIXELS = Batches((np.full((4, 6, 6, 3), 200, np.uint8),), 2)


def model_of(*parts):
    return mc.Sequential([mc.Input((6, 6, 3)), *parts, layers.Conv2D(2, 3)])


@pytest.mark.parametrize(
    "parts",
    [
        [layers.Rescaling(1 / 255)],
        [layers.Resizing(4, 4), layers.RandomFlip(), layers.RandomZoom(0.1), layers.Rescaling(1 / 255)],
        [mc.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)]), layers.Rescaling(1 / 255)],
        [mc.Sequential([layers.Rescaling(1 / 255)])],
        [layers.Conv2D(2, 1), layers.BatchNormalization()],
    ],
)
def test_models_that_scale_pixels_are_left_alone(parts):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_about_pixels(model_of(*parts), PIXELS)


@pytest.mark.parametrize("parts", [[], [layers.RandomFlip(), layers.Resizing(4, 4)]])
def test_models_that_do_not_are_warned_about(parts):
    with pytest.warns(UserWarning, match="pixels up to 200"):
        warn_about_pixels(model_of(*parts), PIXELS)
