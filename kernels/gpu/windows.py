"""Windows that slide over images, described to the kernels: windows.cuh."""

import ctypes
from collections.abc import Sequence
from math import gcd, prod
from typing import NamedTuple

from ..geometry import Pads, Pair, window_output
from .division import Divisor

MOST_PHASES = 4  # along an axis, in one launch


class Axis(ctypes.Structure):
    """How the windows' rows, or their columns, lie on the images."""

    _fields_ = (
        ("size", ctypes.c_int),
        ("start", ctypes.c_int),
        ("step", ctypes.c_int),
        ("reach", ctypes.c_int),
        ("taps", ctypes.c_int),
        ("_by_positions", Divisor),
        ("by_taps", Divisor),
        ("first_position", ctypes.c_int),
        ("position_step", ctypes.c_int),
        ("first_tap", ctypes.c_int),
        ("tap_step", ctypes.c_int),
    )
    taps: int

    @classmethod
    def of(
        cls,
        size: int,
        start: int,
        step: int,
        reach: int,
        positions: int,
        taps: int,
        places: Pair = (0, 1),
        weights: Pair = (0, 1),
    ) -> "Axis":
        """`places` of positions among the results, `weights` of taps: of the first one, and from one to the next."""
        return cls(size, start, step, reach, taps, Divisor(positions), Divisor(max(taps, 1)), *places, *weights)

    @property
    def positions(self) -> int:
        return int(self._by_positions.divisor)


class Convolution(ctypes.Structure):
    """A convolution, or one of its gradients, as the kernels need to know it."""

    _fields_ = (
        ("rows", Axis * MOST_PHASES),
        ("columns", Axis * MOST_PHASES),
        ("column_phases", ctypes.c_int),
        ("images", ctypes.c_int),
        ("inputs", Divisor),
        ("all_inputs", Divisor),
        ("outputs", Divisor),
        ("all_outputs", Divisor),
        ("height", ctypes.c_int),
        ("width", ctypes.c_int),
        ("window_columns", ctypes.c_int),
        ("parts", ctypes.c_int),
        ("part", ctypes.c_int),
        ("read_vectors", ctypes.c_int),
        ("other_vectors", ctypes.c_int),
        ("write_vectors", ctypes.c_int),
    )


class Axes(NamedTuple):
    """Rows and columns: of a convolution one each, of an input gradient some phases along each."""

    rows: Sequence[Axis]
    columns: Sequence[Axis]

    @property
    def size(self) -> Pair:
        """Rows and columns of positions: of the first phase, which has most."""
        return self.rows[0].positions, self.columns[0].positions

    @property
    def window(self) -> Pair:
        """Rows and columns of taps, where there is one phase."""
        return self.rows[0].taps, self.columns[0].taps

    @property
    def positions(self) -> int:
        return prod(self.size)

    @property
    def taps(self) -> int:
        """The most of a phase."""
        return max(row.taps for row in self.rows) * max(column.taps for column in self.columns)

    @property
    def phases(self) -> int:
        return len(self.rows) * len(self.columns)


Phases = Sequence[Axes]


def convolution(
    axes: Axes,
    images: int,
    channels: Pair,
    groups: int,
    size: Pair,
    window_columns: int,
    parts: Pair = (1, 0),
    vectors: tuple[bool, bool, bool] = (False, False, False),
) -> Convolution:
    """`channels` of a group, read and written; `size` of the results; `parts` of the depth, and how deep each is."""
    inputs, outputs = channels
    return Convolution(
        (Axis * MOST_PHASES)(*axes.rows),
        (Axis * MOST_PHASES)(*axes.columns),
        len(axes.columns),
        images,
        *map(Divisor, (inputs, inputs * groups, outputs, outputs * groups)),
        *size,
        window_columns,
        *parts,
        *vectors,
    )


def forward_axes(size: Pair, window: Pair, strides: Pair, pads: Pads, dilation: Pair) -> Axes:
    """Tap t of position p reads pixel p·σ + t·δ − π."""
    positions = window_output(size, window, strides, pads, dilation)
    rows, columns = (Axis.of(size[i], -pads[i][0], strides[i], dilation[i], positions[i], window[i]) for i in range(2))
    return Axes([rows], [columns])


def phases_of(input_size: Pair, size: Pair, window: Pair, strides: Pair, pads: Pads, dilation: Pair) -> list[Axes]:
    """The convolutions that an input gradient consists of: as many as fit into a launch, and the next."""
    rows, columns = (
        [
            _phase(a, input_size[i], size[i], window[i], strides[i], pads[i][0], dilation[i])
            for a in range(min(strides[i], input_size[i]))
        ]
        for i in range(2)
    )
    return [Axes(some_rows, some_columns) for some_rows in _cut(rows) for some_columns in _cut(columns)]


def _cut(phases: list[Axis]) -> list[list[Axis]]:
    return [phases[i : i + MOST_PHASES] for i in range(0, len(phases), MOST_PHASES)]


def _phase(a: int, pixels: int, size: int, window: int, stride: int, pad: int, dilation: int) -> Axis:
    """Pixels a, a + σ, …: tap t reads the output at (a + π − t·δ)/σ, where that is a whole number."""
    apart = stride // gcd(stride, dilation)
    tap = next((t for t in range(apart) if (a + pad - t * dilation) % stride == 0), window)
    start, reach = (a + pad - tap * dilation) // stride, -(apart * dilation // stride)
    positions, taps = -(-(pixels - a) // stride), max(-(-(window - tap) // apart), 0)
    return Axis.of(size, start, 1, reach, positions, taps, (a, stride), (tap, apart))
