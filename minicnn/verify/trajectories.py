"""Does training go the way it goes in Keras? One net in both libraries, the same weights and batches, step by step.

Two programs that round differently drift apart, however right both are, and training magnifies what rounding does. How
much it does so is shown by a control, Keras in float32 beside Keras in float64. With ε the unit of rounding of a dtype,

    magnification = max over the steps so far of distance(Keras in float32, Keras in float64) / ε₃₂
    distance(minicnn, Keras) ≤ FACTOR · ε · max(1, magnification)          at every step, in the same dtype

is the bound, for losses as for weights. Rounding is 2²⁹ times smaller in float64 than in float32, and a mistake is not:
in float64 this leaves no room for one.

Where a net has kinks (a ReLU's corner, two equal maxima), rounding may put a number on the other side of one. In
float32 this happens within some dozens of steps, in one library before the other: the distance jumps, and the bound
need not hold. In float64 that is 2²⁹ times as rare.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from .. import utils
from .check import Verdict

#: libraries sum in other orders, and some orders round worse than others
FACTOR = 10


@dataclass(frozen=True)
class Task:
    """What is trained.

    build       build(keras) makes the net, with logits for outputs: the same code for Keras and for minicnn
    optimizer   optimizer(keras) makes the optimizer
    start       the weights that every run starts from, as `get_weights` orders them
    images      (N, H, W, C)
    labels      (N,) class numbers
    order       (steps, batch): which images each step sees

    Keras rounds some options to float32, whatever the dtype: its 0.999 is 0.99900001, which makes Adam's first step
    6·10⁻⁶ shorter. Give numbers that float32 holds exactly, such as 1 − 2⁻¹⁰ and 0.875, or that difference shows.
    """

    build: Callable[[ModuleType], Any]
    optimizer: Callable[[ModuleType], Any]
    start: list[np.ndarray]
    images: np.ndarray
    labels: np.ndarray
    order: np.ndarray


def new_task(
    build: Callable[[ModuleType], Any],
    optimizer: Callable[[ModuleType], Any],
    images: np.ndarray,
    labels: np.ndarray,
    steps: int = 500,
    batch: int = 32,
    seed: int = 0,
) -> Task:
    """A task whose weights and batches are drawn from a seed, which becomes minicnn's; each epoch has its own order."""
    import minicnn

    utils.set_random_seed(seed)
    start = build(minicnn).get_weights()
    rng = np.random.default_rng(seed)
    epochs = -(-steps * batch // len(images))
    order = np.concatenate([rng.permutation(len(images)) for _ in range(epochs)])
    return Task(build, optimizer, start, images, labels, order[: steps * batch].reshape(steps, batch))


class Trajectory(NamedTuple):
    """Where a run went.

    losses      (steps,) of each batch, before the step that it causes
    weights     (steps + 1, n), all of them in one row: at the start and after each step
    """

    losses: np.ndarray
    weights: np.ndarray


def train(task: Task, keras: ModuleType, dtype: str) -> Trajectory:
    """Train with a library, `keras` or `minicnn`, in float32 or float64."""
    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    keras.utils.clear_session()  # Keras remembers the dtype of earlier models
    try:
        return _train(task, keras, dtype)
    finally:
        keras.config.set_floatx(before)


def _train(task: Task, keras: ModuleType, dtype: str) -> Trajectory:
    model = task.build(keras)
    model.compile(task.optimizer(keras), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.set_weights(task.start)
    images, labels = task.images.astype(dtype), task.labels.astype(np.int64)
    losses, weights = [], [_flat(model)]
    for batch in task.order:
        losses.append(model.train_on_batch(images[batch], labels[batch], return_dict=True)["loss"])
        weights.append(_flat(model))
    return Trajectory(np.array(losses, dtype), np.array(weights))


def _flat(model: Any) -> np.ndarray:
    return np.concatenate([np.ravel(w) for w in model.get_weights()])


class Distance(NamedTuple):
    """How far one trajectory is from another.

    losses      (steps,)      |ℓ − ℓ'| / max(1, ℓ')
    weights     (steps + 1,)  ‖w − w'‖ / ‖w'‖
    largest     (steps + 1,)  max |w − w'|
    """

    losses: np.ndarray
    weights: np.ndarray
    largest: np.ndarray


def distance(one: Trajectory, other: Trajectory) -> Distance:
    """Step by step.

    >>> w, w2 = np.array([[3.0, 4.0]]), np.array([[3.0, 4.5]])
    >>> distance(Trajectory(np.array([]), w2), Trajectory(np.array([]), w)).weights
    array([0.1])
    """
    losses = np.abs(one.losses.astype(np.float64) - other.losses) / np.maximum(1, other.losses)
    rows = [_apart(w.astype(np.float64), v) for w, v in zip(one.weights, other.weights, strict=True)]
    return Distance(losses, *np.transpose(rows))


def _apart(w: np.ndarray, v: np.ndarray) -> tuple[Any, Any]:
    difference = w - v
    return np.linalg.norm(difference) / np.linalg.norm(v), np.abs(difference).max()


def bound(control: Distance, dtype: str) -> Distance:
    """How far apart right runs in `dtype` may be at each step, if this is how far Keras is from itself.

    control     from float32 to float64

    >>> control = Distance(np.array([0, 2**-20, 2**-21]), *np.zeros((2, 4)))
    >>> bound(control, "float32").losses * 2**20
    array([ 0.625, 10.   , 10.   ])
    """
    unit, unit_of_control = (float(np.finfo(name).eps) / 2 for name in (dtype, "float32"))
    so_far = (np.maximum.accumulate(distances) for distances in control)
    return Distance(*(FACTOR * unit * np.maximum(1, distances / unit_of_control) for distances in so_far))


def judge(found: Distance, allowed: Distance) -> Verdict:
    """The largest distance of losses and weights in units of its bound, and the first step where one is too far."""
    units = {name: getattr(found, name) / getattr(allowed, name) for name in ("losses", "weights")}
    worst = max(float(np.nan_to_num(unit, nan=np.inf).max()) for unit in units.values())
    for name, unit in units.items():
        if not (right := unit <= 1).all():
            step = int(np.argmin(right))
            far, limit = (getattr(distances, name)[step] for distances in (found, allowed))
            return Verdict(worst, f"after step {step} the {name} are {far:.3g} apart, beyond {limit:.3g}")
    return Verdict(worst)


def parity(task: Task) -> dict[str, Verdict]:
    """Train in Keras and in minicnn: does minicnn stay within the bound, in float32 and in float64?

    Needs Keras with TensorFlow. minicnn computes with the kernels of `minicnn.device`. With build and optimizer as
    functions of the library, for example `lambda keras: keras.optimizers.Adam(2**-10)`:

        parity(new_task(build, optimizer, images, labels))
    """
    import keras

    import minicnn

    theirs = {dtype: train(task, keras, dtype) for dtype in ("float32", "float64")}
    control = distance(theirs["float32"], theirs["float64"])
    return {
        dtype: judge(distance(train(task, minicnn, dtype), run), bound(control, dtype)) for dtype, run in theirs.items()
    }
