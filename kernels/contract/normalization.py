"""Batch normalisation over every axis but the last, with M = number of values per channel.

    μ = Σ x / M        v = Σ (x − μ)² / M  (biased)        x̂ = (x − μ) / √(v + ε)        y = γ·x̂ + β

    dβ = Σ dy          dγ = Σ dy·x̂         dx = γ / √(v + ε) · (dy − dβ/M − x̂·dγ/M)

The last two terms of dx are the paths through v and μ; with fixed statistics (inference) they vanish.
Source: Ioffe & Szegedy, "Batch normalization" (2015).
"""

from ..errors import ShapeError
from .spec import ArrayLike, ArraySpec, expect_float, expect_same_shape, expect_shape


def batch_norm(
    x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, *, epsilon: float
) -> tuple[ArraySpec, ArraySpec, ArraySpec]:
    """(y, μ, v) with the statistics of this batch."""
    dtype = expect_float("batch_norm", x=x, gamma=gamma, beta=beta)
    _expect_channels("batch_norm", x, gamma=gamma, beta=beta)
    per_channel = ArraySpec((x.shape[-1],), dtype)
    return ArraySpec(x.shape, dtype), per_channel, per_channel


def batch_norm_grad(
    dy: ArrayLike, x: ArrayLike, gamma: ArrayLike, mean: ArrayLike, variance: ArrayLike, *, epsilon: float
) -> tuple[ArraySpec, ArraySpec, ArraySpec]:
    """(dx, dγ, dβ), the statistics being functions of x."""
    return _grads("batch_norm_grad", dy, x, gamma, mean, variance)


def batch_norm_inference(
    x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, mean: ArrayLike, variance: ArrayLike, *, epsilon: float
) -> ArraySpec:
    """y with given (moving) statistics."""
    dtype = expect_float("batch_norm_inference", x=x, gamma=gamma, beta=beta, mean=mean, variance=variance)
    _expect_channels("batch_norm_inference", x, gamma=gamma, beta=beta, mean=mean, variance=variance)
    return ArraySpec(x.shape, dtype)


def batch_norm_inference_grad(
    dy: ArrayLike, x: ArrayLike, gamma: ArrayLike, mean: ArrayLike, variance: ArrayLike, *, epsilon: float
) -> tuple[ArraySpec, ArraySpec, ArraySpec]:
    """(dx, dγ, dβ), the statistics being constants: dx = dy · γ / √(v + ε)."""
    return _grads("batch_norm_inference_grad", dy, x, gamma, mean, variance)


def update_moving_average(moving: ArrayLike, value: ArrayLike, *, momentum: float) -> None:
    """moving ← momentum·moving + (1 − momentum)·value, in place."""
    expect_same_shape("update_moving_average", moving=moving, value=value)


def _grads(kernel: str, dy, x, gamma, mean, variance) -> tuple[ArraySpec, ArraySpec, ArraySpec]:
    dtype = expect_float(kernel, dy=dy, x=x, gamma=gamma, mean=mean, variance=variance)
    expect_same_shape(kernel, dy=dy, x=x)
    _expect_channels(kernel, x, gamma=gamma, mean=mean, variance=variance)
    per_channel = ArraySpec((x.shape[-1],), dtype)
    return ArraySpec(x.shape, dtype), per_channel, per_channel


def _expect_channels(kernel: str, x: ArrayLike, **per_channel: ArrayLike) -> None:
    if len(x.shape) < 2 or 0 in x.shape:
        raise ShapeError(f"{kernel}: input x must have a batch axis, a channel axis and no empty axis, got {x.shape}")
    for role, array in per_channel.items():
        expect_shape(kernel, role, array, (x.shape[-1],), "C")
