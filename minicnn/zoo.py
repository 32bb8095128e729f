"""Networks that are used more than once."""

import itertools

from . import layers
from .models import Sequential

#: filters of the blocks of `convnet`
_FILTERS = (32, 64, 128, 256, 256)


def lenet(classes: int = 10, input_shape: tuple[int, int, int] = (28, 28, 1)) -> Sequential:
    """LeNet-5's plan with today's parts: small images with pixels 0 … 255 to class probabilities.

    Two rounds of 5×5 convolution, ReLU and 2×2 max-pooling, then two dense layers with dropout between them.
    Source: LeCun et al., "Gradient-based learning applied to document recognition" (1998).

    >>> lenet().count_params()
    80202
    """
    return Sequential(
        [
            layers.Input(input_shape),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(classes, activation="softmax"),
        ],
        name="lenet",
    )


def convnet(input_shape: tuple[int, int, int], classes: int) -> Sequential:
    """A net for photographs, to be trained from nothing: pixels 0 … 255 to class probabilities.

    Up to five blocks of 3×3 convolution, batch normalization, ReLU and 2×2 max-pooling, fewer where the image would
    become smaller than 3×3; then the mean of each channel, dropout and a dense layer.
    Source: Simonyan & Zisserman, "Very deep convolutional networks" (2015) for the blocks, Ioffe & Szegedy, "Batch
    normalization" (2015), Lin et al., "Network in network" (2013) for the mean.

    >>> convnet((128, 128, 3), classes=2).count_params()
    981218
    """
    side = min(input_shape[:2])
    blocks = [filters for block, filters in enumerate(_FILTERS) if side >> block >= 6] or [_FILTERS[0]]
    return Sequential(
        [
            layers.Input(input_shape),
            layers.Rescaling(1 / 255),
            *itertools.chain.from_iterable(map(_block, blocks)),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(classes, activation="softmax"),
        ],
        name="convnet",
    )


def _block(filters: int) -> list[layers.Layer]:
    return [
        layers.Conv2D(filters, 3, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=0.9),  # its averages are ready after some dozens of steps
        layers.ReLU(),
        layers.MaxPooling2D(),
    ]
