"""Losses, metrics, optimizers, schedules and regularizers, as one table for the comparison with Keras.

A case makes its object from whichever library it is handed, so that names, argument order and defaults are
compared as well. Options are such that float32 holds them exactly where TensorFlow keeps them in float32.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import numpy as np

Sample = Callable[[np.random.Generator], np.ndarray]

STEPS = 50  # of every optimizer
LOOKED_AT = (1, 2, 10, STEPS)
ADAM = {"beta_1": 0.875, "beta_2": 1 - 2**-10}
BATCHES = (7, 1, 12)  # sizes of the batches that every metric sees


@dataclass(frozen=True)
class TrainingCase:
    """An object to be made, and the numbers it is given.

    float64, float32   error allowed to minicnn in these dtypes, relative, against Keras in float64
    """

    name: str
    make: Callable[[ModuleType], Any]
    float64: float = field(default=2e-7, kw_only=True)  # the results are stored in float32
    float32: float = field(default=2e-5, kw_only=True)

    def draw(self, seed: int) -> tuple[dict[str, np.ndarray], np.random.Generator]:
        """The inputs, rounded to float32, and the generator they came from."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        inputs = {
            name: values.astype(np.float32) if values.dtype.kind == "f" else values for name, values in self.sample(rng)
        }
        return inputs, rng

    def sample(self, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
        raise NotImplementedError


@dataclass(frozen=True)
class LossCase(TrainingCase):
    """A loss of labels and predictions, and its gradient.

    activation   what the model ends in, "softmax" or "sigmoid": predictions are drawn before it
    weighted     with sample weights
    """

    labels: Sample
    predictions: Sample
    activation: str = ""
    weighted: bool = False

    def sample(self, rng):
        yield "y_true", self.labels(rng)
        yield "y_pred", (predictions := self.predictions(rng))
        yield "dy", rng.normal(size=len(predictions))
        if self.weighted:
            yield "weights", rng.uniform(0, 2, len(predictions))


@dataclass(frozen=True)
class MetricCase(TrainingCase):
    """A metric and what it says after each of several batches; labels and predictions are drawn for n samples."""

    labels: Callable[[np.random.Generator, int], np.ndarray]
    predictions: Callable[[np.random.Generator, int], np.ndarray]
    weighted: bool = False

    def sample(self, rng):
        for i, n in enumerate(BATCHES):
            yield f"y_true {i}", self.labels(rng, n)
            yield f"y_pred {i}", self.predictions(rng, n)
            if self.weighted:
                yield f"weights {i}", rng.uniform(0, 2, n)


@dataclass(frozen=True)
class OptimizerCase(TrainingCase):
    """An optimizer and where it leads two variables in 50 steps along random gradients of very different sizes."""

    def sample(self, rng):
        for name, shape in {"kernel": (3, 2), "bias": (4,)}.items():
            yield name, rng.normal(size=shape)
            sizes = 10.0 ** rng.uniform(-3, 1, (STEPS, *[1] * len(shape)))
            yield f"d {name}", sizes * rng.normal(size=(STEPS, *shape))


@dataclass(frozen=True)
class ScheduleCase(TrainingCase):
    """A schedule and its learning rates."""

    def sample(self, rng):
        yield "steps", np.arange(0, 60)


@dataclass(frozen=True)
class RegularizerCase(TrainingCase):
    """A regularizer, the penalty and its gradient."""

    def sample(self, rng):
        yield "w", rng.normal(size=(4, 3))


def normal(*shape):
    return lambda rng: rng.normal(scale=2.0, size=shape)


def probabilities(*shape):
    return lambda rng: rng.uniform(0.02, 0.98, shape)


def certain(*shape):
    """Probabilities of exactly 0 and 1 among others."""
    return lambda rng: rng.integers(0, 3, shape) / 2


def saturated(*shape):
    return lambda rng: rng.choice([-1000.0, -50.0, 0.0, 50.0, 1000.0], shape)


def distributions(*shape):
    """One-hot or soft, in 64ths, which float32 holds exactly: TensorFlow's gradient relies on their sum of 1."""
    return lambda rng: rng.multinomial(64, np.full(shape[-1], 1 / shape[-1]), shape[:-1]) / 64


def one_hot(n, classes):
    return lambda rng: np.eye(classes)[rng.integers(0, classes, n)]


def numbers(shape, classes):
    return lambda rng: rng.integers(0, classes, shape)


def binary(*shape):
    return lambda rng: rng.integers(0, 2, shape).astype(np.float64)


def _losses() -> Iterator[LossCase]:
    for weighted in (False, True):
        tail = " weighted" if weighted else ""

        def case(name, make, labels, predictions, activation="", weighted=weighted, tail=tail, **errors):
            return LossCase(name + tail, make, labels, predictions, activation, weighted, **errors)

        def sparse(k):
            return k.losses.SparseCategoricalCrossentropy()

        yield case("sparse", sparse, numbers(6, 5), probabilities(6, 5))
        yield case("sparse column", sparse, numbers((6, 1), 5), probabilities(6, 5))
        yield case("sparse batch 1", sparse, numbers(1, 3), probabilities(1, 3))
        yield case("sparse certain", sparse, numbers(6, 5), certain(6, 5))
        yield case("sparse softmax", sparse, numbers(6, 5), normal(6, 5), "softmax")
        yield case("sparse softmax saturated", sparse, numbers(6, 5), saturated(6, 5), "softmax")

        def sparse_logits(k):
            return k.losses.SparseCategoricalCrossentropy(from_logits=True)

        yield case("sparse logits", sparse_logits, numbers(6, 5), normal(6, 5))
        yield case("sparse logits saturated", sparse_logits, numbers(6, 5), saturated(6, 5))

        for smoothing in (0.0, 0.25):
            end = f" smoothing {smoothing}"

            def categorical(k, smoothing=smoothing):
                return k.losses.CategoricalCrossentropy(False, smoothing)

            yield case("categorical" + end, categorical, distributions(6, 4), probabilities(6, 4))
            yield case("categorical batch 1" + end, categorical, distributions(1, 4), probabilities(1, 4))
            yield case(
                "categorical certain" + end, categorical, one_hot(6, 3), lambda rng: np.eye(3)[rng.integers(0, 3, 6)]
            )
            yield case("categorical softmax" + end, categorical, distributions(6, 4), normal(6, 4), "softmax")

            def categorical_logits(k, smoothing=smoothing):
                return k.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)

            yield case("categorical logits" + end, categorical_logits, one_hot(6, 4), normal(6, 4))
            yield case("categorical logits saturated" + end, categorical_logits, one_hot(6, 4), saturated(6, 4))

            def binary_loss(k, smoothing=smoothing):
                return k.losses.BinaryCrossentropy(False, smoothing)

            yield case("binary" + end, binary_loss, binary(6, 3), probabilities(6, 3))
            yield case("binary soft" + end, binary_loss, probabilities(6, 3), probabilities(6, 3))
            yield case("binary one output" + end, binary_loss, binary(6, 1), probabilities(6, 1))
            # float32 has no 1 − 1e−7: Keras in float32 is as far from Keras in float64
            yield case("binary certain" + end, binary_loss, binary(6, 3), certain(6, 3), float32=2e-2)
            yield case("binary sigmoid" + end, binary_loss, binary(6, 3), normal(6, 3), "sigmoid")
            yield case("binary sigmoid saturated" + end, binary_loss, binary(6, 3), saturated(6, 3), "sigmoid")

            def binary_logits(k, smoothing=smoothing):
                return k.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)

            yield case("binary logits" + end, binary_logits, binary(6, 3), normal(6, 3))
            yield case("binary logits saturated" + end, binary_logits, binary(6, 3), saturated(6, 3))

        for name in ("MeanSquaredError", "MeanAbsoluteError"):

            def error(k, name=name):
                return getattr(k.losses, name)()

            yield case(name, error, normal(6, 3), normal(6, 3))
            yield case(f"{name} batch 1", error, normal(1, 3), normal(1, 3))
            yield case(f"{name} column", error, normal(6), normal(6, 1))
            yield case(f"{name} with ties", error, certain(6, 3), certain(6, 3))

        for reduction in ("sum", "none", None):

            def reduced(k, reduction=reduction):
                return k.losses.MeanSquaredError(reduction)

            yield case(f"reduction {reduction}", reduced, normal(6, 3), normal(6, 3))

            def reduced_sparse(k, reduction=reduction):
                return k.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)

            yield case(f"sparse reduction {reduction}", reduced_sparse, numbers(6, 3), normal(6, 3))
    yield LossCase("images", lambda k: k.losses.MeanSquaredError(), normal(2, 3, 4, 2), normal(2, 3, 4, 2))


def _scores(classes):
    return lambda rng, n: rng.uniform(0, 1, (n, classes))


def _tied(classes):
    return lambda rng, n: rng.integers(0, 3, (n, classes)) / 4


def _numbers(classes):
    return lambda rng, n: rng.integers(0, classes, n)


def _columns(classes):
    return lambda rng, n: rng.integers(0, classes, (n, 1))


def _one_hot(classes):
    return lambda rng, n: np.eye(classes)[rng.integers(0, classes, n)]


def _binary(*shape):
    return lambda rng, n: rng.integers(0, 2, (n, *shape)).astype(np.float64)


def _metrics() -> Iterator[MetricCase]:
    for weighted in (False, True):
        tail = " weighted" if weighted else ""

        def case(name, make, labels, predictions, weighted=weighted, tail=tail):
            return MetricCase(name + tail, make, labels, predictions, weighted)

        def sparse(k):
            return k.metrics.SparseCategoricalAccuracy()

        yield case("sparse accuracy", sparse, _numbers(4), _scores(4))
        yield case("sparse accuracy column", sparse, _columns(4), _scores(4))
        yield case("sparse accuracy ties", sparse, _numbers(4), _tied(4))
        yield case("categorical accuracy", lambda k: k.metrics.CategoricalAccuracy(), _one_hot(4), _scores(4))
        yield case("categorical accuracy ties", lambda k: k.metrics.CategoricalAccuracy(), _one_hot(4), _tied(4))
        yield case("binary accuracy", lambda k: k.metrics.BinaryAccuracy(), _binary(1), _scores(1))
        yield case("binary accuracy vector", lambda k: k.metrics.BinaryAccuracy(), _binary(), _scores(1))
        yield case("binary accuracy several", lambda k: k.metrics.BinaryAccuracy(threshold=0.25), _binary(3), _tied(3))
        yield case("equality", lambda k: k.metrics.Accuracy(), _columns(3), _columns(3))
        for n in (1, 2, 5):
            yield case(
                f"sparse top {n}", lambda k, n=n: k.metrics.SparseTopKCategoricalAccuracy(n), _numbers(6), _scores(6)
            )
            yield case(f"top {n}", lambda k, n=n: k.metrics.TopKCategoricalAccuracy(n), _one_hot(6), _tied(6))
        for name in ("Precision", "Recall"):

            def counting(k, name=name, **options):
                return getattr(k.metrics, name)(**options)

            yield case(name, counting, _binary(1), _scores(1))
            yield case(f"{name} several outputs", counting, _binary(3), _tied(3))
            for thresholds in (0.75, [0.25, 0.3, 0.9], [0.0, 0.5, 1.0]):
                yield case(
                    f"{name} {thresholds}", lambda k, c=counting, t=thresholds: c(k, thresholds=t), _binary(2), _tied(2)
                )
            yield case(f"{name} top 2", lambda k, c=counting: c(k, top_k=2), _binary(4), _scores(4))
            yield case(f"{name} class 1", lambda k, c=counting: c(k, class_id=1), _binary(4), _scores(4))
            yield case(f"{name} top class", lambda k, c=counting: c(k, top_k=2, class_id=2), _binary(4), _scores(4))
        for curve in ("ROC", "PR"):
            for method in ("interpolation", "minoring", "majoring"):
                yield case(
                    f"auc {curve} {method}",
                    lambda k, c=curve, m=method: k.metrics.AUC(50, c, m),
                    _binary(1),
                    _scores(1),
                )
        yield case("auc", lambda k: k.metrics.AUC(), _binary(), _scores(1))
        yield case("auc ties", lambda k: k.metrics.AUC(num_thresholds=5), _binary(3), _tied(3))
        yield case("auc thresholds", lambda k: k.metrics.AUC(thresholds=[0.9, 0.1, 0.2]), _binary(1), _scores(1))
        yield case(
            "auc logits",
            lambda k: k.metrics.AUC(from_logits=True),
            _binary(1),
            lambda rng, n: rng.normal(size=(n, 1), scale=3),
        )
        yield case("squared error", lambda k: k.metrics.MeanSquaredError(), _scores(3), _scores(3))
        yield case("absolute error", lambda k: k.metrics.MeanAbsoluteError(), _scores(1), _scores(1))


def _optimizers() -> Iterator[OptimizerCase]:
    def case(kind, **options):
        name = " ".join([kind, *(f"{option}={value}" for option, value in options.items())])
        return OptimizerCase(name, lambda k: getattr(k.optimizers, kind)(**options))

    variants = {
        "SGD": ({}, {"learning_rate": 0.1, "momentum": 0.9}, {"momentum": 0.5, "nesterov": True}),
        "RMSprop": (
            {},
            {"rho": 0.7, "momentum": 0.5},
            {"centered": True, "epsilon": 1e-3},
            {"learning_rate": 0.01, "momentum": 0.2, "centered": True, "epsilon": 1e-3},
        ),
        # Keras rounds β to float32 even in float64, which these values survive
        "Adam": ({"beta_2": 0.75, "epsilon": 1e-2}, {"amsgrad": True, "beta_2": 0.5}),
        "AdamW": ({"weight_decay": 0.3, "beta_2": 0.75}, {"amsgrad": True, "beta_2": 0.5}),
    }
    common = (
        {"weight_decay": 0.1},
        {"clipnorm": 0.5},
        {"clipvalue": 0.25},
        {"global_clipnorm": 0.7},
        {"weight_decay": 0.06, "global_clipnorm": 2.0},
    )
    exact = {"SGD": {}, "RMSprop": {}, "Adam": ADAM, "AdamW": ADAM}
    for kind, options in variants.items():
        for some in (*options, *common):
            yield case(kind, **(exact[kind] | some))
        yield OptimizerCase(
            f"{kind} on a schedule",
            lambda k, kind=kind: getattr(k.optimizers, kind)(_warm_up(k), weight_decay=0.1, **exact[kind]),
            float64=1e-6,  # schedules are float32 in Keras
        )
    for kind in ("Adam", "AdamW"):
        yield replace(case(kind), float64=1e-6)  # rounded β, learning rate 0.001
        yield replace(case(kind, learning_rate=0.1), float64=2e-5)
    yield OptimizerCase("SGD in order", lambda k: k.optimizers.SGD(0.05, 0.5, True, 0.1, 0.5))
    yield OptimizerCase("RMSprop in order", lambda k: k.optimizers.RMSprop(0.05, 0.5, 0.2, 1e-2, True, 0.1, None, 0.5))
    yield OptimizerCase("Adam in order", lambda k: k.optimizers.Adam(0.05, 0.5, 0.75, 1e-2, True, 0.1, None, None, 0.5))
    yield OptimizerCase("AdamW in order", lambda k: k.optimizers.AdamW(0.05, 0.2, 0.5, 0.75, 1e-2, True, None, 0.5))


def _schedules() -> Iterator[ScheduleCase]:
    def case(name, kind, *args, **options):
        return ScheduleCase(name, lambda k: getattr(k.optimizers.schedules, kind)(*args, **options))

    yield case("exponential", "ExponentialDecay", 0.5, 7, 0.75)
    yield case("staircase", "ExponentialDecay", 0.5, 7, 0.75, True)
    yield case("piecewise", "PiecewiseConstantDecay", [5, 20, 40], [1.0, 0.5, 0.25, 0.125])
    yield case("cosine", "CosineDecay", 0.5, 40)
    yield case("cosine alpha", "CosineDecay", 0.5, 40, 0.25)
    yield ScheduleCase("cosine warm-up", _warm_up)


def _warm_up(library):
    return library.optimizers.schedules.CosineDecay(0.0625, 30, alpha=0.125, warmup_target=0.5, warmup_steps=8)


def _regularizers() -> Iterator[RegularizerCase]:
    yield RegularizerCase("l1", lambda k: k.regularizers.L1())
    yield RegularizerCase("l1 strong", lambda k: k.regularizers.L1(0.25))
    yield RegularizerCase("l2", lambda k: k.regularizers.L2())
    yield RegularizerCase("l2 strong", lambda k: k.regularizers.L2(0.25))
    yield RegularizerCase("l1 and l2", lambda k: k.regularizers.L1L2(0.25, 0.125))
    yield RegularizerCase("neither", lambda k: k.regularizers.L1L2())


LOSSES = tuple(_losses())
METRICS = tuple(_metrics())
OPTIMIZERS = tuple(_optimizers())
SCHEDULES = tuple(_schedules())
REGULARIZERS = tuple(_regularizers())
CASES: tuple[TrainingCase, ...] = LOSSES + METRICS + OPTIMIZERS + SCHEDULES + REGULARIZERS
