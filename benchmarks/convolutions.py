"""Layers of convolution that nobody tuned anything for: some from well-known networks, most of them drawn by lot."""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np


class Convolution(NamedTuple):
    """A layer without bias, and the images that it is given; padding keeps the size where the stride is 1, or is 0."""

    batch: int
    height: int
    width: int
    channels: int
    filters: int
    size: int
    stride: int = 1
    dilation: int = 1
    groups: int = 1
    padded: bool = True

    def __str__(self) -> str:
        text = f"{self.batch}×{self.height}×{self.width}×{self.channels}→{self.filters}, {self.size}×{self.size}"
        for number, word in ((self.stride, "stride"), (self.dilation, "dilation")):
            text += f", {word} {number}" if number > 1 else ""
        text += "" if self.kind == "dense" else ", depthwise" if self.kind == "depthwise" else f", {self.groups} groups"
        return text if self.padded or self.size == 1 else f"{text}, no padding"

    @property
    def kind(self) -> str:
        if self.groups == 1:
            return "dense"
        return "depthwise" if self.groups == self.channels else "grouped"

    @property
    def pad(self) -> int:
        return self.size // 2 * self.dilation if self.padded else 0

    @property
    def output_size(self) -> tuple[int, int]:
        reach = (self.size - 1) * self.dilation - 2 * self.pad
        return ((self.height - reach - 1) // self.stride + 1, (self.width - reach - 1) // self.stride + 1)

    @property
    def multiplications(self) -> int:
        """Of the forward pass."""
        p, q = self.output_size
        return self.batch * p * q * self.filters * self.size**2 * self.channels // self.groups


@functools.lru_cache(maxsize=1)
def arrays(layer: Convolution) -> tuple[np.ndarray, ...]:
    """x (N, H, W, C), w (R, S, C/g, K) and dy (N, P, Q, K)."""
    rng = np.random.default_rng(0)
    x = (layer.batch, layer.height, layer.width, layer.channels)
    w = (layer.size, layer.size, layer.channels // layer.groups, layer.filters)
    dy = (layer.batch, *layer.output_size, layer.filters)
    return tuple(rng.standard_normal(shape, np.float32) for shape in (x, w, dy))


# ---------------------------------------------------------------------------------------------------------- the grid

CLASSICAL = (
    Convolution(128, 28, 28, 1, 6, 5),  # LeNet
    Convolution(128, 14, 14, 6, 16, 5, padded=False),
    Convolution(8, 227, 227, 3, 96, 11, stride=4, padded=False),  # AlexNet
    Convolution(8, 27, 27, 96, 256, 5, groups=2),
    Convolution(2, 224, 224, 3, 64, 3),  # VGG
    Convolution(2, 56, 56, 256, 256, 3),
    Convolution(1, 14, 14, 512, 512, 3),
    Convolution(4, 224, 224, 3, 64, 7, stride=2),  # ResNet
    Convolution(4, 56, 56, 64, 256, 1),
    Convolution(4, 56, 56, 256, 512, 1, stride=2),
    Convolution(4, 28, 28, 128, 128, 3, stride=2),
    Convolution(4, 28, 28, 256, 256, 3, groups=32),  # ResNeXt
    Convolution(4, 112, 112, 64, 64, 3, groups=64),  # MobileNet
    Convolution(4, 56, 56, 144, 144, 3, stride=2, groups=144),
    Convolution(4, 28, 28, 192, 64, 1),
    Convolution(4, 28, 28, 240, 240, 5, groups=240),  # EfficientNet
    Convolution(1, 65, 65, 128, 128, 3, dilation=2),  # DeepLab
    Convolution(1, 33, 33, 256, 256, 3, dilation=6),
)
DRAWN, SEED = 60, 0
LEAST, MOST = 2**18, 2**30  # multiplications
LARGEST = 2**22  # numbers in x or y


def drawn(count: int = DRAWN, seed: int = SEED) -> list[Convolution]:
    """Layers whose sizes and numbers of channels are any integers, small ones as likely as large ones."""
    rng = np.random.default_rng(seed)
    layers: list[Convolution] = []
    while len(layers) < count:
        layer = _draw(rng)
        y = layer.batch * layer.filters * math.prod(layer.output_size)
        x = layer.batch * layer.height * layer.width * layer.channels
        fits = min(layer.output_size) > 0 and max(x, y) <= LARGEST and LEAST <= layer.multiplications <= MOST
        if fits and layer not in layers:
            layers.append(layer)
    return layers


def _draw(rng: np.random.Generator) -> Convolution:
    def integer(low: int, high: int) -> int:
        return int(np.exp(rng.uniform(np.log(low), np.log(high + 1))))

    def one_of(*choices: int) -> int:
        return int(rng.choice(choices))

    groups = one_of(1, 1, 1, 1, 1, 2, 4, 0)  # 0: depthwise
    channels, filters, size = integer(1, 256), integer(1, 256), one_of(1, 3, 3, 3, 5, 7)
    if groups == 0:
        groups, filters = channels, channels
    return Convolution(
        batch=one_of(1, 1, 4, 32),
        height=integer(5, 160),
        width=integer(5, 160),
        channels=-(-channels // groups) * groups,
        filters=-(-filters // groups) * groups,
        size=size,
        stride=one_of(1, 1, 1, 2, 3),
        dilation=one_of(1, 1, 1, 1, 2, 4) if size > 1 else 1,
        groups=groups,
        padded=bool(rng.random() < 0.7),
    )


LAYERS = (*CLASSICAL, *drawn())
FORWARD, INPUT_GRADIENT, WEIGHT_GRADIENT = DIRECTIONS = "forward", "input gradient", "weight gradient"


class Pass(NamedTuple):
    """One of the three things that are computed of a layer."""

    layer: Convolution
    direction: str

    def __str__(self) -> str:
        return f"{self.layer}: {self.direction}"


GRID: dict[str, Pass] = {str(case): case for case in (Pass(*both) for both in itertools.product(LAYERS, DIRECTIONS))}
