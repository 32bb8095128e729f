"""Winograd's F(4, 3): four sums of three products each, by six multiplications instead of twelve.

    y = Aᵀ [(G g) ⊙ (Bᵀ d)],      y[i] = Σ_k d[i + k] · g[k]     for i < 4, k < 3

evaluates the polynomials behind d and g at six points, multiplies the values, and interpolates. Along both axes of
4×4 outputs of a 3×3 correlation, that is 36 multiplications instead of 144: y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A.

The points are 0, ±5/8, ±3/2, ∞: every entry of A and B is exact in float32, and sums of normal numbers come out with
half the error that 0, ±1, ±2, ∞ would leave, a third at worst.
Source: Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016); for the choice of the points
Barabasz et al., "Error analysis and improving the accuracy of Winograd convolution" (2018).
"""

import numpy as np

OUTPUTS, TAPS, POINTS = 4, 3, 6

#: the points other than 0 and ∞ are ±NEAR and ±FAR
NEAR, FAR = 5 / 8, 3 / 2


def matrices() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(Aᵀ, G, Bᵀ) in float64.

    >>> (at, g, bt), d, w = matrices(), np.arange(6.0), np.array([1.0, 0.0, 2.0])
    >>> np.round(at @ ((g @ w) * (bt @ d)), 12)
    array([ 4.,  7., 10., 13.])
    """
    points = np.array([0, NEAR, -NEAR, FAR, -FAR])
    at = np.column_stack([points[None] ** np.arange(OUTPUTS)[:, None], np.eye(OUTPUTS)[:, -1]])
    others = [np.delete(points, i) for i in range(len(points))]
    scales = np.array([np.prod(point - rest) for point, rest in zip(points, others)])
    g = np.vstack([points[:, None] ** np.arange(TAPS) / scales[:, None], np.eye(TAPS)[-1]])
    bt = np.vstack([*(np.append(np.poly(rest)[::-1], 0) for rest in others), np.poly(points)[::-1]])
    return at, g, bt
