"""Networks that are used more than once."""

from . import layers
from .models import Sequential


def lenet(classes: int = 10) -> Sequential:
    """LeNet-5's plan with today's parts: grey 28×28 images with pixels 0 … 255 to class probabilities.

    Two rounds of 5×5 convolution, ReLU and 2×2 max-pooling, then two dense layers with dropout between them.
    Source: LeCun et al., "Gradient-based learning applied to document recognition" (1998).

    >>> lenet().count_params()
    80202
    """
    return Sequential(
        [
            layers.Input((28, 28, 1)),
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
