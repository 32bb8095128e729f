"""Small folders of images for tests."""

from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 210), "grey": (120, 120, 120)}


def make_images(folder: Path, count: int, colour: str, size: tuple[int, int] = (12, 12), seed: int = 0) -> None:
    """`count` PNG files of noisy colour, (width, height) in size."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, *colour.encode()])
    for number in range(count):
        noise = rng.integers(-40, 40, (size[1], size[0], 3))
        Image.fromarray((COLOURS[colour] + noise).astype(np.uint8)).save(folder / f"{number:03d}.png")


def make_folder(root: Path, counts: dict[str, int], size: tuple[int, int] = (12, 12)) -> Path:
    """One folder of images for each colour."""
    for colour, count in counts.items():
        make_images(root / colour, count, colour, size)
    return root
