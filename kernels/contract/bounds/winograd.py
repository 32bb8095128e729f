"""The bound of a convolution that Winograd's F(4×4, 3×3) may compute, in tiles of 4×4 outputs from the first one on.

Every term of Y = Aᵀ [Σ_c (G g_c Gᵀ) ⊙ (Bᵀ d_c B)] A + b is rounded at most 4 times for each axis of Bᵀ d B and of
G g Gᵀ, the entries of G included, C times as a product in its sum, 5 times for each axis of Aᵀ M A, and once with the
bias.
The magnitudes of an output's terms add up to Y of the magnitudes of all matrices: they depend on all pixels that its
tile reads, not on its own window alone.
A tile that holds a NaN or an infinity, or overflows, is to be summed directly.
So it is with the weight gradient Gᵀ [Σ_tiles (A y Aᵀ) ⊙ (Bᵀ d B)] G, whose terms are rounded at most 4 times for each
axis of A y Aᵀ and Bᵀ d B, once for each tile, and 5 times for each axis of Gᵀ M G.
"""

import math

import numpy as np

from ...geometry import Pads, Pair
from ...winograd import OUTPUTS, POINTS, TAPS, matrices
from .rounding import Rounding

_TRANSFORMS = 2 * (4 + 4 + 5) + 1  # roundings of a term, besides those of products


def applies(e: Rounding, w: np.ndarray, strides: Pair, dilation: Pair, groups: int) -> bool:
    """Whether this may be computed so."""
    return e.winograd and w.shape[:2] == (TAPS, TAPS) and tuple(strides) == tuple(dilation) == (1, 1) and groups == 1


def widened(
    direct: np.ndarray, e: Rounding, x: np.ndarray, w: np.ndarray, bias: np.ndarray | float, pads: Pads
) -> np.ndarray:
    """The larger bound, that of the direct sum or that of Winograd's, for magnitudes x, w and bias."""
    magnitude = _magnitude(x, w, direct.shape[1:3], (pads[0][0], pads[1][0])) + bias
    winograd = e.after(w.shape[2] + _TRANSFORMS, magnitude)
    return _larger(direct, winograd)


def widened_weights(direct: np.ndarray, e: Rounding, x: np.ndarray, dy: np.ndarray, pads: Pads) -> np.ndarray:
    """The same for a weight gradient, for magnitudes x and dy."""
    at, g, bt = map(np.abs, matrices())
    d = np.einsum("ih,npqchw,jw->npqcij", bt, _tiles(x, dy.shape[1:3], (pads[0][0], pads[1][0])), bt, optimize=True)
    rest = [(0, -length % OUTPUTS) for length in dy.shape[1:3]]
    down, across = (length + more for length, (_, more) in zip(dy.shape[1:3], rest))
    y = np.pad(dy, ((0, 0), *rest, (0, 0))).reshape(len(dy), down // OUTPUTS, OUTPUTS, across // OUTPUTS, OUTPUTS, -1)
    products = np.einsum("ai,npaqbk,bj,npqcij->ckij", at, y, at, d, optimize=True)
    magnitude = np.einsum("ir,ckij,js->rsck", g, products, g, optimize=True)
    winograd = e.after(math.prod(d.shape[:3]) + _TRANSFORMS, magnitude)
    return _larger(direct, winograd)


def _larger(direct: np.ndarray, winograd: np.ndarray) -> np.ndarray:
    """The larger bound; where Winograd's has none, its tile is summed directly."""
    return np.where(np.isfinite(winograd), np.maximum(direct, winograd), direct)


def _magnitude(x: np.ndarray, w: np.ndarray, size: tuple[int, ...], before: Pair) -> np.ndarray:
    """|Aᵀ| [Σ_c (|G| w_c |Gᵀ|) ⊙ (|Bᵀ| x_c |B|)] |A|; tap r of output p reads pixel p + r − before."""
    at, g, bt = map(np.abs, matrices())
    d = np.einsum("ih,npqchw,jw->npqcij", bt, _tiles(x, size, before), bt, optimize=True)
    u = np.einsum("ir,rsck,js->ckij", g, w, g, optimize=True)
    y = np.einsum("ai,npqcij,ckij,bj->npaqbk", at, d, u, at, optimize=True)
    return y.reshape(len(x), d.shape[1] * OUTPUTS, d.shape[2] * OUTPUTS, -1)[:, : size[0], : size[1]]


def _tiles(x: np.ndarray, size: tuple[int, ...], before: Pair) -> np.ndarray:
    """tiles[n, p, q, c, i, j]: the 6×6 pixels that each tile of the outputs reads, zeros outside."""
    down, across = (-(-length // OUTPUTS) * OUTPUTS for length in size)
    h, v = np.arange(down + TAPS - 1) - before[0], np.arange(across + TAPS - 1) - before[1]
    inside = ((h >= 0) & (h < x.shape[1]))[:, None, None] & ((v >= 0) & (v < x.shape[2]))[:, None]
    pixels = np.where(inside, x[:, np.clip(h, 0, x.shape[1] - 1)][:, :, np.clip(v, 0, x.shape[2] - 1)], 0)
    return np.lib.stride_tricks.sliding_window_view(pixels, (POINTS, POINTS), (1, 2))[:, ::OUTPUTS, ::OUTPUTS]
