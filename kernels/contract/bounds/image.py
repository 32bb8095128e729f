"""Bounds of affine transforms: positions are the same everywhere, so only weights, products and sums are rounded."""

from typing import Any

import numpy as np

from ... import reference
from .rounding import Rounding


def affine_transform(
    e: Rounding,
    x: np.ndarray,
    matrices: np.ndarray,
    *,
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
    **options: Any,
) -> Any:
    """A weight, a product and a sum along the row, the same between rows; the fill value is rounded to the dtype."""
    options = {"fill_value": abs(fill_value), "interpolation": interpolation, **options}
    magnitudes = reference.affine_transform(np.abs(x), matrices, **options)
    if interpolation == "nearest":
        options["fill_value"] = 0.0
        return e.after(1, magnitudes - reference.affine_transform(np.abs(x), matrices, **options))
    return e.after(7, magnitudes)
