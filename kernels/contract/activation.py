"""Activation functions and their gradients, element by element or along the last axis.

A gradient takes the saved input x or output y, whichever is enough: y where the layer keeps it anyway.
NaN in gives NaN out, in the gradients too: an activation that was NaN passes NaN back. Where an equation
says 0, the gradient is an exact 0 whatever dy was.
"""

from .spec import ArrayLike, ArraySpec, expect_float, expect_same_shape


def relu(x: ArrayLike) -> ArraySpec:
    """y = max(x, 0).  Source: Nair & Hinton, "Rectified linear units" (2010)."""
    return ArraySpec(x.shape, expect_float("relu", x=x))


def relu_grad(dy: ArrayLike, y: ArrayLike) -> ArraySpec:
    """dx = dy where y > 0, else 0: the corner at x = 0 counts as closed, as in TensorFlow."""
    return _grad("relu_grad", dy, y)


def leaky_relu(x: ArrayLike, *, negative_slope: float, threshold: float = 0.0) -> ArraySpec:
    """y = x where x ≥ θ, else α·(x − θ).  Source: Maas et al., "Rectifier nonlinearities" (2013)."""
    return ArraySpec(x.shape, expect_float("leaky_relu", x=x))


def leaky_relu_grad(dy: ArrayLike, x: ArrayLike, *, negative_slope: float, threshold: float = 0.0) -> ArraySpec:
    """dx = dy where x > θ, else α·dy."""
    return _grad("leaky_relu_grad", dy, x)


def clip(x: ArrayLike, *, low: float, high: float) -> ArraySpec:
    """y = min(max(x, low), high)."""
    return ArraySpec(x.shape, expect_float("clip", x=x))


def clip_grad(dy: ArrayLike, x: ArrayLike, *, low: float, high: float) -> ArraySpec:
    """dx = dy where low ≤ x ≤ high, else 0."""
    return _grad("clip_grad", dy, x)


def sigmoid(x: ArrayLike) -> ArraySpec:
    """y = 1 / (1 + e⁻ˣ), computed so that no finite x overflows."""
    return ArraySpec(x.shape, expect_float("sigmoid", x=x))


def sigmoid_grad(dy: ArrayLike, y: ArrayLike) -> ArraySpec:
    """dx = dy · y · (1 − y)."""
    return _grad("sigmoid_grad", dy, y)


def tanh(x: ArrayLike) -> ArraySpec:
    """y = tanh(x)."""
    return ArraySpec(x.shape, expect_float("tanh", x=x))


def tanh_grad(dy: ArrayLike, y: ArrayLike) -> ArraySpec:
    """dx = dy · (1 − y²)."""
    return _grad("tanh_grad", dy, y)


def softmax(x: ArrayLike) -> ArraySpec:
    """y[…,k] = e^(x[…,k] − m) / Σ_j e^(x[…,j] − m), m = max_j x[…,j], along the last axis."""
    return ArraySpec(x.shape, expect_float("softmax", x=x))


def softmax_grad(dy: ArrayLike, y: ArrayLike) -> ArraySpec:
    """dx[…,k] = y[…,k] · (dy[…,k] − Σ_j dy[…,j]·y[…,j])."""
    return _grad("softmax_grad", dy, y)


def log_softmax(x: ArrayLike) -> ArraySpec:
    """y[…,k] = (x[…,k] − m) − log Σ_j e^(x[…,j] − m), m = max_j x[…,j], along the last axis."""
    return ArraySpec(x.shape, expect_float("log_softmax", x=x))


def log_softmax_grad(dy: ArrayLike, y: ArrayLike) -> ArraySpec:
    """dx[…,k] = dy[…,k] − e^y[…,k] · Σ_j dy[…,j]."""
    return _grad("log_softmax_grad", dy, y)


def _grad(kernel: str, dy: ArrayLike, saved: ArrayLike) -> ArraySpec:
    expect_same_shape(kernel, dy=dy, saved=saved)
    return ArraySpec(dy.shape, expect_float(kernel, dy=dy, saved=saved))
