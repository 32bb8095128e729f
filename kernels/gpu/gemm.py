"""How a product of matrices is cut: into tiles (gemm.cuh), and along its depth into parts that are added (sums.cu)."""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from .launch import Kernel
from .machine import Array
from .memory import empty
from .sums import NO_FINISH, Finish, add_parts

#: keep an H200 busy, 512 for each of its 132 multiprocessors; the same on every GPU, as it decides in which order
#: sums are added
ENOUGH_THREADS = 132 * 512

#: of a part: what the addition of parts costs is then little beside it
_LEAST_DEPTH = 128

_VECTOR = 4  # numbers in 16 bytes


class Tile(NamedTuple):
    """A tile of gemm.cuh.

    `speed` is how fast its threads multiply, beside those of the largest: an estimate, from how many numbers they read
    of shared memory for each product.
    """

    name: str
    rows: int
    columns: int
    depth: int
    threads: int
    speed: float

    @property
    def shared(self) -> int:
        """Bytes of shared memory: two halves, with four numbers between the rows of an operand (Carrier)."""
        return 2 * self.depth * (self.rows + 4 + self.columns + 4) * 4

    def needed(self, rows: int, columns: int) -> int:
        return -(-rows // self.rows) * -(-columns // self.columns)


TILES = (
    Tile("Large", 128, 64, 8, 128, 1.0),
    Tile("Tall", 128, 32, 8, 128, 0.75),
    Tile("Wide", 32, 128, 8, 128, 0.75),
    Tile("Small", 32, 32, 16, 64, 0.6),
)


class Cut(NamedTuple):
    """A tile, how many there are, and the parts of the depth: how many, and how deep each is."""

    tile: Tile
    tiles: int
    parts: int
    depth: int

    def start(self, kernels: dict[str, Kernel], grid: tuple[int, int, int], *arguments: Any) -> None:
        """Launch the kernel for this tile."""
        kernels[self.tile.name](grid, self.tile.threads, *arguments, shared=self.tile.shared)


def kernels(source: str, name: str) -> dict[str, Kernel]:
    """A kernel for each tile, by the tile's name; in the name, {} stands for it."""
    return {tile.name: Kernel(source, name.format(tile.name)) for tile in TILES}


def cut(rows: int, columns: int, depth: int, count: int = 1) -> Cut:
    """For so many products of a size: the tile that takes least time, in parts where the blocks would be few.

    >>> cut(1000, 1000, 1000).tile.name, cut(100_000, 30, 1000).tile.name
    ('Large', 'Tall')
    >>> cut(27, 32, 100_000).parts
    695
    """
    return min((_cut(tile, rows, columns, depth, count) for tile in TILES), key=lambda cut: _time(cut, count))


def _cut(tile: Tile, rows: int, columns: int, depth: int, count: int) -> Cut:
    tiles = tile.needed(rows, columns)
    most = max(depth // _LEAST_DEPTH, 1)
    parts = min(max(ENOUGH_THREADS // (tiles * count * tile.threads), 1), most)
    part = -(-depth // (parts * tile.depth)) * tile.depth  # whole tiles
    return Cut(tile, tiles, -(-depth // part), part)


def _time(cut: Cut, count: int) -> float:
    """As an estimate: of all that is computed, needed or not, by as many threads as there are and have room."""
    tile = cut.tile
    busy = min(cut.tiles * cut.parts * count * tile.threads / ENOUGH_THREADS, 1)
    return cut.tiles * tile.rows * tile.columns / (tile.speed * busy)


def in_parts(
    parts: int, shape: tuple[int, ...], compute: Callable[[Array, Finish], None], finish: Finish = NO_FINISH
) -> Array:
    """The results of compute(results, finish); of parts, that adds them up and finishes them then."""
    results = empty(shape)
    if parts == 1:
        compute(results, finish)
    else:
        sums = empty((parts, prod(shape)))
        compute(sums, NO_FINISH)
        add_parts(sums, results, finish)
    return results


def has_vectors(length: int, *arrays: Array | None) -> bool:
    """Whether lines of such a length, one behind the other in arrays, begin at multiples of 16 bytes."""
    return length % _VECTOR == 0 and all(array is None or array.data.ptr % 16 == 0 for array in arrays)
