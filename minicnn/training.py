"""Training: `compile` says how, `fit` does it, `evaluate` and `predict` use the result."""

from __future__ import annotations

import functools
import itertools
import math
import warnings
from collections.abc import Container, Iterable
from typing import Any

import numpy as np

from . import graph, losses, optimizers
from . import metrics as metrics_
from .callbacks import BackupAndRestore, Callback, CallbackList, History, progress_display
from .callbacks.progress import compilation_display
from .checkpoint import Training
from .data.batches import Batch
from .data.checks import warn_about_pixels, warn_about_predictions
from .data.feed import Feed
from .data.feeding import as_batches, split, unpack, validation_batches, with_class_weight
from .data.on_device import for_gpu
from .device import on_gpu
from .layers.preprocessing import Preprocessing
from .plan import Planner
from .tensor import Tensor, no_grad

Logs = dict[str, float]


class Trainer:
    """The half of a model that learns; arguments, defaults and returned numbers are Keras's."""

    optimizer: Any = None
    loss: Any = None
    metrics: list[Any]
    stop_training = False
    history: History
    run_eagerly = False

    # ------------------------------------------------------------------------------------------------ compile

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: None = None,
        metrics: Iterable[Any] | None = None,
        *,
        run_eagerly: bool = False,
    ) -> None:
        """Choose the optimizer, the loss and the metrics to report, each by name or as an object.

        run_eagerly     compute operation by operation; otherwise steps run as plans (see minicnn.plan)

        Raises ValueError for an unknown name.

        >>> import minicnn as mc
        >>> model = mc.Sequential([mc.Input((4,)), mc.layers.Dense(2)])
        >>> model.compile("sgd", mc.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        """
        if isinstance(metrics, str):
            raise TypeError(f"metrics must be a list, such as metrics=[{metrics!r}]")
        if loss_weights is not None:
            raise ValueError("loss_weights are for models with several outputs, which cannot be trained yet")
        self.optimizer = optimizers.get(optimizer)
        self.loss = None if loss is None else losses.get(loss)
        self.metrics = [metrics_.get(m) for m in metrics or []]
        _number_equal_names(self.metrics)
        self.loss_tracker = metrics_.Mean(name="loss")
        self.stop_training = False
        self._predictions_checked = False
        self.run_eagerly = run_eagerly
        self.__dict__.pop("_planner", None)

    def training_config(self) -> dict[str, Any] | None:
        """What `compile` was given, for model files."""
        if self.optimizer is None:
            return None
        return {"optimizer": self.optimizer, "loss": self.loss, "metrics": self.metrics}

    # ---------------------------------------------------------------------------------------------------- fit

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Iterable[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Container[int] = 1,
    ) -> History:
        """Train for `epochs` passes over the data; returns the History of every epoch's numbers.

        x                    images (N, H, W, C) or a list of inputs; or an iterable of (x, y[, sample_weight])
                             batches, endless if `steps_per_epoch` says where an epoch ends
        y                    labels
        validation_split     this last fraction of x and y is kept for validation
        steps_per_epoch      so many batches make an epoch; the next goes on with the data where this one stopped
        validation_freq      validate after every so many epochs, or after those in a list, counted from 1
        verbose              0 silent, 1 a live display, 2 a line an epoch; "auto" is 1

        Raises RuntimeError before `compile`, ValueError for empty or unequal data or NaN in it,
        TypeError for data that is not numbers, ShapeError where shapes do not fit.
        """
        self._expect_compiled("fit")
        _check_epochs(epochs, initial_epoch)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split)
        batches = as_batches(x, y, sample_weight, batch_size, shuffle)
        validation = validation_batches(validation_data, validation_batch_size or batch_size)
        warn_about_pixels(self, batches)
        data = Feed(self._sent(batches), steps_per_epoch)
        verbose = _as_verbosity(verbose)
        self.history = History()
        self.stop_training = False
        listeners = [*graph.flatten(callbacks or []), self.history, *progress_display(verbose)]
        params = {"epochs": epochs, "steps": steps_per_epoch or data.size, "verbose": verbose, "batch_size": batch_size}
        held_out = None if validation is None else Feed(self._sent(validation), validation_steps, anew=True)
        training = Training(self, _backups_last(listeners), data, held_out, params, initial_epoch)
        with CallbackList(training.callbacks, self, params) as listener:
            for backup in training.callbacks:
                if isinstance(backup, BackupAndRestore):
                    backup.training = training
            listener.on_train_begin({})
            while training.epoch < epochs and not self.stop_training:
                if not self._train_epoch(training, class_weight, listener):
                    break
                if _is_validated(training.epoch, validation_freq):
                    self._validate(training, listener)
                training.epoch, training.step = training.epoch + 1, 0
                listener.on_epoch_end(training.epoch - 1, training.logs)
            listener.on_train_end(training.logs)
        return self.history

    def _train_epoch(self, training: Training, class_weight: dict[int, float] | None, listener: CallbackList) -> bool:
        """The steps of an epoch, or those that are left of it where it was interrupted. False if there are none."""
        self.reset_metrics()
        epoch, data = training.epoch, training.data
        listener.on_epoch_begin(epoch, {})
        for batch in data.epoch(training.step):
            x, y, sample_weight = unpack(batch)
            step = training.step
            listener.on_train_batch_begin(step, {})
            training.logs = self.train_step(x, y, with_class_weight(sample_weight, y, class_weight))
            training.step += 1
            if not math.isfinite(training.logs["loss"]):
                _warn_about_loss(training.logs["loss"], epoch, step)
            listener.on_train_batch_end(step, {**training.logs, "size": _size(x)})
            if self.stop_training:
                break
        if not training.step and not self.history.epoch:
            raise ValueError(
                "epoch 1 got no batches: the data is empty, or a generator has run out; make a new one for every fit"
            )
        if training.step < (data.steps or 1) and not self.stop_training:
            _warn_about_end(data, epoch, training.step)
        return training.step > 0

    def _validate(self, training: Training, listener: CallbackList) -> None:
        """Add the numbers of the validation data to those of the epoch."""
        if training.validation is None:
            return
        results = self._test_epoch(training.validation.epoch(), listener)
        training.logs |= {f"val_{name}": value for name, value in results.items()}
        if not results and "val_loss" not in self.history.history:
            raise ValueError("nothing to validate on: the validation data is empty")
        if not results:
            warnings.warn(
                f"epoch {training.epoch + 1} is not validated, the validation data has run out: make the generator "
                "endless with `while True:`",
                stacklevel=3,
            )

    def train_step(self, x: Any, y: Any, sample_weight: Any = None) -> Logs:
        """One forward pass, one backward pass, one update; override it for training of your own."""
        if self._plannable() and (outcome := self._planner.train(x, y, sample_weight)):
            return self._update_metrics(y, *outcome)
        predictions = self(x, training=True)  # type: ignore[operator]
        loss = self.compute_loss(x, y, predictions, sample_weight)
        variables = self.trainable_weights  # type: ignore[attr-defined]
        for variable in variables:
            variable.grad = None  # an interrupted step may have left one
        if variables:
            loss.backward()
            self.optimizer.apply([v.grad for v in variables], variables)
        else:
            _warn_about_frozen_weights(self)
        return self._update_metrics(y, predictions.numpy(), loss.item())

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Tensor:
        """The compiled loss plus the regularization penalties; override it for a loss of your own."""
        if self.loss is None:
            raise RuntimeError('no loss: call model.compile(loss="sparse_categorical_crossentropy") or another one')
        if isinstance(y_pred, list):
            raise ValueError(
                "a model with several outputs cannot be trained yet: return one tensor, or override train_step"
            )
        if y is None:
            raise ValueError(f"no labels: {self.loss.name} needs y=labels, or batches (x, y)")
        self._check_predictions(y_pred.data)
        loss = self.loss(y, y_pred, sample_weight)
        for penalty in self.losses:  # type: ignore[attr-defined]
            loss = loss + penalty
        return loss

    # ------------------------------------------------------------------------------------- evaluate, predict

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Iterable[Callback] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics over the data: a number, a list [loss, metric, …], or a dictionary."""
        self._expect_compiled("evaluate")
        data = self._sent(as_batches(x, y, sample_weight, batch_size, shuffle=False))
        listener = CallbackList(graph.flatten(callbacks or []), self, {"verbose": verbose})
        with compilation_display(verbose):
            logs = self._test_epoch(itertools.islice(data, steps), listener)
        if not logs:
            raise ValueError("nothing to evaluate: the data is empty")
        return _as_keras(logs, return_dict)

    def _test_epoch(self, batches: Iterable[Batch], listener: CallbackList) -> Logs:
        """Loss and metrics; nothing for no batches."""
        self.reset_metrics()
        logs: Logs = {}
        listener.on_test_begin({})
        for step, batch in enumerate(batches):
            listener.on_test_batch_begin(step, {})
            logs = self.test_step(*unpack(batch))
            listener.on_test_batch_end(step, logs)
        if logs:
            listener.on_test_end(logs)
        return logs

    def test_step(self, x: Any, y: Any, sample_weight: Any = None) -> Logs:
        """One forward pass and the loss, without gradients."""
        if self._plannable() and (outcome := self._planner.test(x, y, sample_weight)):
            return self._update_metrics(y, *outcome)
        with no_grad():
            predictions = self(x, training=False)  # type: ignore[operator]
            loss = self.compute_loss(x, y, predictions, sample_weight, training=False)
        return self._update_metrics(y, predictions.numpy(), loss.item())

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Iterable[Callback] | None = None,
    ) -> Any:
        """The outputs for all samples, as one array (or a list of them, for a model with several outputs)."""
        data = self._sent(as_batches(x, None, None, batch_size, shuffle=False))
        listener = CallbackList(graph.flatten(callbacks or []), self, {"verbose": verbose})
        listener.on_predict_begin({})
        outputs = []
        with compilation_display(verbose):
            for step, batch in enumerate(itertools.islice(data, steps)):
                listener.on_predict_batch_begin(step, {})
                outputs.append(self.predict_on_batch(unpack(batch)[0]))
                listener.on_predict_batch_end(step, {"outputs": outputs[-1]})
        listener.on_predict_end({})
        if not outputs:
            raise ValueError("nothing to predict: the data is empty")
        if isinstance(outputs[0], list):
            return [np.concatenate(parts) for parts in zip(*outputs)]
        return np.concatenate(outputs)

    # ---------------------------------------------------------------------------------------- single batches

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One update on one batch; the loss and metrics of this batch, as `evaluate` returns them."""
        self._expect_compiled("train_on_batch")
        self.reset_metrics()
        batch = next(iter(as_batches(x, y, sample_weight, _size(x), shuffle=False)))
        x, y, sample_weight = unpack(batch)
        logs = self.train_step(x, y, with_class_weight(sample_weight, y, class_weight))
        return _as_keras(logs, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of one batch, without an update."""
        self._expect_compiled("test_on_batch")
        self.reset_metrics()
        batch = next(iter(as_batches(x, y, sample_weight, _size(x), shuffle=False)))
        return _as_keras(self.test_step(*unpack(batch)), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch as arrays."""
        if not self.run_eagerly and (outputs := self._planner.predict(x)) is not None:
            return outputs
        with no_grad():
            return graph.map_structure(lambda y: y.numpy(), self(x, training=False))  # type: ignore[operator]

    # ------------------------------------------------------------------------------------------------- metrics

    def reset_metrics(self) -> None:
        """Start counting the loss and the metrics anew."""
        for metric in [self.loss_tracker, *self.metrics]:
            metric.reset_state()

    @property
    def metrics_names(self) -> list[str]:
        """The keys of the logs."""
        return ["loss", *(metric.name for metric in self.metrics)]

    def _update_metrics(self, y: Any, predictions: Any, loss: float) -> Logs:
        self._check_predictions(predictions)
        self.loss_tracker.add(loss * len(predictions), len(predictions))
        for metric in self.metrics:
            metric.update_state(y, predictions)
        return {metric.name: float(metric.result()) for metric in [self.loss_tracker, *self.metrics]}

    def _check_predictions(self, predictions: Any) -> None:
        """Warn about what the first predictions give away."""
        if not self._predictions_checked and isinstance(predictions, np.ndarray):
            self._predictions_checked = True
            warn_about_predictions(self.loss, predictions)

    @functools.cached_property
    def _planner(self) -> Planner:
        return Planner(self)

    def _sent(self, batches: Any) -> Any:
        """The batches, on their way to a GPU before it needs them, if nobody looks at them on the host before."""
        steps = ("train_step", "test_step", "compute_loss")
        is_plain = all(getattr(type(self), step) is getattr(Trainer, step) for step in steps)
        return for_gpu(batches) if on_gpu() and is_plain and not _changes_images(self) else batches

    def _plannable(self) -> bool:
        """Whether a step is nothing but what it is by default."""
        return not self.run_eagerly and self.loss is not None and type(self).compute_loss is Trainer.compute_loss

    def _expect_compiled(self, method: str) -> None:
        if self.optimizer is None:
            raise RuntimeError(
                f'call model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]) '
                f"(or the like) before {method}()"
            )


def _changes_images(layer: Any) -> bool:
    """Whether it has layers that work on arrays of the host."""
    return isinstance(layer, Preprocessing) or any(map(_changes_images, layer._layers))


def _number_equal_names(metrics: list[Any]) -> None:
    """precision, precision_1, …: metrics of one name would hide each other in the logs."""
    taken: set[str] = set()
    for metric in metrics:
        names = itertools.chain([metric.name], (f"{metric.name}_{i}" for i in itertools.count(1)))
        metric.name = next(name for name in names if name not in taken)
        taken.add(metric.name)


def _size(x: Any) -> int:
    return len(graph.flatten(x)[0])


def _as_keras(logs: Logs, return_dict: bool) -> Any:
    """A dictionary, a list of several numbers, or the only one."""
    values = list(logs.values())
    return logs if return_dict else values if len(values) > 1 else values[0]


def _check_epochs(epochs: int, initial_epoch: int) -> None:
    if not isinstance(epochs, int) or epochs < 0:
        raise ValueError(f"epochs must be the number of passes over the data, 0 or more, got {epochs!r}")
    if epochs <= initial_epoch:
        warnings.warn(
            f"nothing to train: epochs={epochs} is where training ends, counted from 0, and it begins at "
            f"initial_epoch={initial_epoch}",
            stacklevel=3,
        )


def _backups_last(listeners: list[Callback]) -> list[Callback]:
    """They save what the others have done."""
    return sorted(listeners, key=lambda listener: isinstance(listener, BackupAndRestore))


def _is_validated(epoch: int, frequency: int | Container[int]) -> bool:
    """Whether validation follows epoch number `epoch`, counted from 0: each so many, or those listed, from 1."""
    return (epoch + 1) % frequency == 0 if isinstance(frequency, int) else epoch + 1 in frequency


def _as_verbosity(verbose: str | int) -> int:
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f'verbose must be "auto", 0 (silent), 1 (live) or 2 (a line an epoch), got {verbose!r}')
    return 1 if verbose == "auto" else int(verbose)


def _warn_about_frozen_weights(model: Any) -> None:
    warnings.warn(
        f"model {model.name!r} has no trainable weights, so nothing is learnt: "
        "add layers, or set layer.trainable = True",
        stacklevel=4,
    )


def _warn_about_end(data: Feed, epoch: int, step: int) -> None:
    happened = (
        f"the data ran out in epoch {epoch + 1} after {step} of {data.steps} steps"
        if step
        else f"epoch {epoch + 1} got no batches, so training ends: a generator has run out"
    )
    advice = (
        f"steps_per_epoch does not divide its {data.size} batches; without it an epoch is all of them"
        if data.size
        else "make the generator endless with `while True:`, or lower steps_per_epoch or epochs"
    )
    warnings.warn(f"{happened}; {advice}", stacklevel=4)


def _warn_about_loss(loss: float, epoch: int, step: int) -> None:
    warnings.warn(
        f"the loss is {loss} in epoch {epoch + 1}, step {step + 1}: try a smaller learning rate, clipnorm=1.0, "
        "or callbacks.TerminateOnNaN() to stop there",
        RuntimeWarning,
        stacklevel=4,
    )
