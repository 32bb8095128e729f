"""How blocks share a matrix of rows and channels (columns.cuh)."""

from dataclasses import dataclass

from .launch import THREADS

_LANES = 8  # side by side: they read whole sectors of 32 bytes, and leave more threads for rows than 32 would
_ROWS = 4  # of a thread, at least: what it computes for its channels should serve several
_BLOCKS = 1024  # enough for 132 processors; a constant, as sums must not depend on the machine


@dataclass(frozen=True)
class Columns:
    """Blocks of (lanes, rows at a time) threads, so many across the channels, and so many parts of the rows.

    >>> Columns(rows=1000, channels=64, width=4)
    Columns(rows=1000, channels=64, width=4)
    >>> Columns(1000, 64, 4).grid, Columns(1000, 64, 4).block
    ((2, 8), (8, 32))
    """

    rows: int
    channels: int
    width: int  # channels of a thread

    @property
    def block(self) -> tuple[int, int]:
        lanes = min(_LANES, 1 << (self._vectors - 1).bit_length())
        return lanes, THREADS // lanes

    @property
    def groups(self) -> int:
        """Blocks across the channels."""
        return -(-self._vectors // self.block[0])

    @property
    def parts(self) -> int:
        """Blocks down the rows."""
        return min(-(-self.rows // (_ROWS * self.block[1])), -(-_BLOCKS // self.groups))

    @property
    def grid(self) -> tuple[int, int]:
        return self.groups, self.parts

    def shared(self, nbytes: int) -> int:
        """Memory to combine so many bytes for each channel of each thread."""
        return THREADS * self.width * nbytes

    @property
    def _vectors(self) -> int:
        return -(-self.channels // self.width)
