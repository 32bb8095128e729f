"""One step of each optimizer on one parameter: w and the optimizer's state change in place.

g is dLoss/dw, η the learning rate. Every element is updated by itself; nothing is returned.
"""

from .spec import ArrayLike, expect_float, expect_same_shape


def sgd_update(
    w: ArrayLike,
    g: ArrayLike,
    velocity: ArrayLike | None = None,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> None:
    """Without velocity: w ← w − η·g.  With: u ← μ·u − η·g, then w ← w + u, or Nesterov's w ← w + μ·u − η·g.

    Source: Sutskever et al., "On the importance of initialization and momentum" (2013).
    """
    _expect_state("sgd_update", w=w, g=g, velocity=velocity)


def rmsprop_update(
    w: ArrayLike,
    g: ArrayLike,
    mean_square: ArrayLike,
    mean_gradient: ArrayLike | None = None,
    velocity: ArrayLike | None = None,
    *,
    learning_rate: float,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
) -> None:
    """s ← ρ·s + (1 − ρ)·g², step = η·g / √(s + ε), w ← w − step.

    With mean_gradient a (the centred form): a ← ρ·a + (1 − ρ)·g and √(s − a² + ε).
    With velocity u: u ← μ·u + step, w ← w − u.
    Source: Tieleman & Hinton, "Lecture 6.5: rmsprop" (2012); Graves (2013) for the centred form.
    """
    _expect_state("rmsprop_update", w=w, g=g, mean_square=mean_square, mean_gradient=mean_gradient, velocity=velocity)


def adam_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    v_max: ArrayLike | None = None,
    *,
    learning_rate: float,
    step: int,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> None:
    """m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², w ← w − η_t·m / (√v + ε).

    η_t = η·√(1 − β₂ᵗ) / (1 − β₁ᵗ), t = step ≥ 1. With v_max (AMSGrad): v_max ← max(v_max, v) stands in for v.
    Source: Kingma & Ba, "Adam" (2015), its section 2 form; Reddi et al. (2018) for AMSGrad.
    """
    _expect_state("adam_update", w=w, g=g, m=m, v=v, v_max=v_max)


def adamw_update(
    w: ArrayLike,
    g: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    v_max: ArrayLike | None = None,
    *,
    learning_rate: float,
    step: int,
    weight_decay: float,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> None:
    """w ← (1 − η·λ)·w, then Adam's step: the decay does not pass through m and v.

    Source: Loshchilov & Hutter, "Decoupled weight decay regularization" (2019).
    """
    _expect_state("adamw_update", w=w, g=g, m=m, v=v, v_max=v_max)


def _expect_state(kernel: str, **arrays: ArrayLike | None) -> None:
    present = {role: array for role, array in arrays.items() if array is not None}
    expect_float(kernel, **present)
    expect_same_shape(kernel, **present)
