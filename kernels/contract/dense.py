"""Dense (fully connected) layer and its gradients.

    x (N, C)   w (C, K)   b (K,)   y (N, K)

    y  = x·w + b        dx = dy·wᵀ        dw = xᵀ·dy        db[k] = Σ_n dy[n,k] (bias_grad)

NaN and infinity follow the sums. Every sum has a fixed order: the same bits at any thread count
(portable leaves the order of matrix products to BLAS).
Source: Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors" (1986).
"""

from ..errors import ShapeError, letters
from .spec import ArrayLike, ArraySpec, expect_axes, expect_float, expect_shape


def dense(x: ArrayLike, w: ArrayLike, b: ArrayLike | None = None) -> ArraySpec:
    """y[n,k] = b[k] + Σ_c x[n,c] · w[c,k]."""
    expect_axes("dense", "input x", x, "NC")
    expect_axes("dense", "weights w", w, "CK")
    dtype = expect_float("dense", x=x, w=w, b=b)
    if x.shape[1] != w.shape[0]:
        raise ShapeError(
            f"dense: the input {letters(x.shape, 'NC')} has {x.shape[1]} features but the weights "
            f"{letters(w.shape, 'CK')} expect {w.shape[0]}; was the layer built for images of another size?"
        )
    if b is not None:
        expect_shape("dense", "bias b", b, (w.shape[1],), "K")
    return ArraySpec((x.shape[0], w.shape[1]), dtype)


def dense_input_grad(dy: ArrayLike, w: ArrayLike) -> ArraySpec:
    """dx[n,c] = Σ_k dy[n,k] · w[c,k]."""
    expect_axes("dense_input_grad", "gradient dy", dy, "NK")
    expect_axes("dense_input_grad", "weights w", w, "CK")
    dtype = expect_float("dense_input_grad", dy=dy, w=w)
    expect_shape("dense_input_grad", "gradient dy", dy, (dy.shape[0], w.shape[1]), "NK")
    return ArraySpec((dy.shape[0], w.shape[0]), dtype)


def dense_weight_grad(x: ArrayLike, dy: ArrayLike) -> ArraySpec:
    """dw[c,k] = Σ_n x[n,c] · dy[n,k]."""
    expect_axes("dense_weight_grad", "input x", x, "NC")
    expect_axes("dense_weight_grad", "gradient dy", dy, "NK")
    dtype = expect_float("dense_weight_grad", x=x, dy=dy)
    expect_shape("dense_weight_grad", "gradient dy", dy, (x.shape[0], dy.shape[1]), "NK")
    return ArraySpec((x.shape[1], dy.shape[1]), dtype)
