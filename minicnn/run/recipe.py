"""How a run trains: loss, optimizer, learning rates, class weights, and when it ends."""

from pathlib import Path

import numpy as np

from ..callbacks import Callback, EarlyStopping
from ..losses import BinaryCrossentropy, CategoricalCrossentropy, Loss, SparseCategoricalCrossentropy
from ..models import Model
from ..optimizers import SGD, Adam, AdamW, Optimizer
from ..optimizers.schedules import CosineDecay, LearningRateSchedule
from .pictures import LabelMode
from .settings import Settings

#: the part of all steps in which the learning rate rises: Adam's first estimates are poor
WARMUP = 0.05

OPTIMIZERS = ("adam", "sgd")

SCHEDULES = ("cosine", "constant")


def compile_model(model: Model, settings: Settings, steps: int) -> None:
    """Make a model ready for so many steps, unless its script has done so."""
    if model.optimizer is None:
        model.compile(_optimizer(settings, steps), loss=_loss(model, settings), metrics=["accuracy"])


def label_mode(model: Model, settings: Settings) -> LabelMode:
    """How the labels have to look for the loss of a compiled model, or of one that is to be compiled here."""
    if _is_binary(model):
        return "binary"
    return "int" if isinstance(model.loss or _loss(model, settings), SparseCategoricalCrossentropy) else "categorical"


def _loss(model: Model, settings: Settings) -> Loss:
    """A cross-entropy. With smoothed labels a network need not become ever surer of what it has learned by heart.

    Source: Szegedy et al., "Rethinking the Inception architecture" (2016), section 7.
    """
    if _is_binary(model):
        return BinaryCrossentropy(label_smoothing=settings.label_smoothing)
    if settings.label_smoothing:
        return CategoricalCrossentropy(label_smoothing=settings.label_smoothing)
    return SparseCategoricalCrossentropy()


def _is_binary(model: Model) -> bool:
    return model.outputs[0].shape[-1] == 1


def _optimizer(settings: Settings, steps: int) -> Optimizer:
    rate, decay = _schedule(settings, steps), settings.weight_decay
    if settings.optimizer == "sgd":
        return SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay or None)
    return AdamW(rate, weight_decay=decay) if decay else Adam(rate)


def _schedule(settings: Settings, steps: int) -> float | LearningRateSchedule:
    """A rate that rises in a line and falls to 0 as a cosine, or stays."""
    if settings.schedule == "constant":
        return settings.learning_rate
    warmup = int(WARMUP * steps)
    return CosineDecay(0.0, steps - warmup, warmup_target=settings.learning_rate, warmup_steps=warmup)


def class_weights(settings: Settings, counts: np.ndarray) -> dict[int, float] | None:
    """N / (K·n_k) for each class k: as if all were equally frequent, with steps as large as without weights.

    Source: King & Zeng, "Logistic regression in rare events data" (2001).
    """
    if not settings.class_weights:
        return None
    present = counts.clip(1)
    return {k: float(counts.sum() / (len(counts) * n)) for k, n in enumerate(present)}


def early_stopping(settings: Settings) -> list[Callback]:
    """Ends training that no longer helps, and brings the weights of the best epoch back."""
    if not settings.patience:
        return []
    start = first_epoch_to_compare(settings)
    return [EarlyStopping("val_loss", patience=settings.patience, restore_best_weights=True, start_from_epoch=start)]


def first_epoch_to_compare(settings: Settings) -> int:
    """Under a cosine the first half is for large steps, whose losses jump: to stop there would be too soon."""
    return settings.epochs // 2 if settings.schedule == "cosine" else 0


def tensorboard(settings: Settings, log_dir: Path) -> list[Callback]:
    """Event files, where they are wanted. Raises ImportError where the library for them is missing."""
    if not settings.tensorboard:
        return []
    from ..callbacks import TensorBoard

    return [TensorBoard(log_dir)]
