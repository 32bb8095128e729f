"""Tensor: an array, its gradient, and the operation that made it; `backward` walks the tape."""

from __future__ import annotations

import contextlib
import numbers
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from .device import beside, from_dlpack_on_gpu, here, is_on_gpu, kernels_for, on_host
from .kernels import ShapeError
from .kernels.contract import ArraySpec

_PROCESSOR = 1  # DLPack's number of a device whose memory is the processor's


class _Mode(threading.local):
    """Every thread has its own."""

    grad_enabled = True


_mode = _Mode()


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording: for inference and for updating parameters. Also a decorator.

    >>> w = Tensor(3.0, requires_grad=True)
    >>> with no_grad():
    ...     (w * 2.0).requires_grad
    False
    """
    before, _mode.grad_enabled = _mode.grad_enabled, False
    try:
        yield
    finally:
        _mode.grad_enabled = before


def is_grad_enabled() -> bool:
    """Whether operations are being recorded now."""
    return _mode.grad_enabled


class Tensor:
    """An n-dimensional array that remembers how it was computed.

    data            the numbers: a NumPy array (Python numbers and lists become float32), or one on a GPU, where
                    float32 numbers go when they are first computed with there (see minicnn.device)
    requires_grad   True for parameters; results of operations on such tensors have it too
    grad            dLoss/dThis after `loss.backward()`: an array of the same shape, or None.
                    Every tensor on the way gets one, and calls add up until `grad` is set to None
    op              the operation that made this tensor, or None

    >>> x, w, b = Tensor(2.0), Tensor(3.0, requires_grad=True), Tensor(1.0, requires_grad=True)
    >>> loss = abs(4.0 - (x * w + b))
    >>> loss.backward()
    >>> loss.item(), w.grad.item(), b.grad.item()
    (3.0, 2.0, 1.0)
    """

    __array_priority__ = 100  # `array + tensor` is the tensor's business

    def __init__(self, data: Any, requires_grad: bool = False, name: str | None = None):
        self.data: Any = data if isinstance(data, ArraySpec) else _as_array(data)
        if requires_grad and self.data.dtype.kind != "f":
            raise TypeError(f"only floating-point tensors can have gradients, got {self.data.dtype}")
        self.requires_grad = requires_grad
        self.name = name
        self.grad: Any = None
        self.op: Any = None  # the Op that made this tensor
        self.logits: Tensor | None = None  # set by softmax and sigmoid, so that losses can use the exact form

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.data.shape)

    @property
    def ndim(self) -> int:
        return len(self.data.shape)

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    def numpy(self) -> np.ndarray:
        """The numbers, without a copy unless they are on a GPU."""
        return on_host(self.data)

    def moved(self) -> Any:
        """The data, from now on in the memory of the device that computes."""
        self.data = here(self.data)
        return self.data

    def item(self) -> float:
        """The only number of a one-element tensor."""
        return self.numpy().item()

    def detach(self) -> Tensor:
        """The same numbers, cut off from the tape."""
        return Tensor(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(self, **options: Any) -> Any:
        """The numbers for another library, without a copy: `torch.from_dlpack(tensor)`."""
        return self.data.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.data.__dlpack_device__()

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a tensor without axes has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        made_by = f", op={type(self.op).__name__}" if self.op else ""
        name = f", name={self.name!r}" if self.name else ""
        return f"Tensor({self.numpy()}, shape={self.shape}, dtype={self.dtype}{made_by}{name})"

    # ------------------------------------------------------------------------------------- backpropagation

    def backward(self, gradient: Any = None, retain_graph: bool = False) -> None:
        """Add dThis/dT to `T.grad` for every tensor T on the tape behind this one.

        gradient        the upstream gradient, of this tensor's shape; 1 for a scalar when left out
        retain_graph    keep what the operations saved, so that a second backward is possible;
                        otherwise it is freed and a second call raises RuntimeError

        Source: reverse accumulation, Linnainmaa (1970).
        """
        if self.op is None and not self.requires_grad:
            raise RuntimeError(
                "nothing to differentiate: no input of this computation has requires_grad=True, "
                "or it ran under no_grad()"
            )
        tape = _tape_behind(self)
        flowing: dict[int, Any] = {id(self): self._upstream(gradient)}
        if not tape:
            _accumulate(self, flowing[id(self)])
        for output in tape:
            _pull_back(output, flowing)
        if not retain_graph:
            for output in tape:
                output.op.free()

    def _upstream(self, gradient: Any) -> Any:
        if gradient is None:
            if self.data.size != 1:
                raise RuntimeError(
                    f"backward() of a tensor of shape {self.shape} needs the upstream gradient: "
                    "pass one of that shape, or reduce to a scalar loss first, for example with .mean()"
                )
            return beside(np.ones(self.shape, self.dtype), self.data)
        gradient = np.array(on_host(gradient), self.dtype)  # a copy: it may end up as some tensor's grad
        if gradient.shape != self.shape:
            raise ShapeError(f"the upstream gradient must have shape {self.shape}, got {gradient.shape}")
        return beside(gradient, self.data)

    # ------------------------------------------------------------------------------- operators and methods

    def __add__(self, other: Any) -> Tensor:
        return ops.add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return ops.add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return ops.subtract(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return ops.subtract(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return ops.multiply(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return ops.multiply(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return ops.divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return ops.divide(other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return ops.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return ops.matmul(other, self)

    def __pow__(self, exponent: float) -> Tensor:
        return ops.power(self, exponent)

    def __neg__(self) -> Tensor:
        return ops.negative(self)

    def __abs__(self) -> Tensor:
        return ops.absolute(self)

    def __getitem__(self, key: Any) -> Tensor:
        return ops.getitem(self, key)

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        return ops.sum(self, axis, keepdims)

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        return ops.mean(self, axis, keepdims)

    def reshape(self, *shape: Any) -> Tensor:
        return ops.reshape(self, shape[0] if shape and isinstance(shape[0], tuple) else shape)

    def transpose(self, *axes: int) -> Tensor:
        return ops.transpose(self, axes or None)


def as_tensor(value: Any, dtype: np.dtype | None = None) -> Tensor:
    """Return `value` if it is a Tensor, else wrap it; mere numbers take `dtype`."""
    if isinstance(value, Tensor):
        return value
    if dtype is not None and isinstance(value, numbers.Real):
        value = np.asarray(value, dtype)
    return Tensor(value)


def from_dlpack(array: Any) -> Tensor:
    """The numbers of another library's array, in the memory of the processor or of a GPU, without a copy.

    >>> from_dlpack(np.ones(2, np.float32)).numpy()
    array([1., 1.], dtype=float32)
    """
    return Tensor(np.from_dlpack(array) if array.__dlpack_device__()[0] == _PROCESSOR else from_dlpack_on_gpu(array))


def _as_array(data: Any) -> Any:
    if isinstance(data, Tensor):
        return data.data
    if isinstance(data, (np.ndarray, np.generic)):
        return np.asarray(data)
    if hasattr(data, "recorder"):  # a stand-in: what is computed with it is written down (see minicnn.plan)
        return data
    if is_on_gpu(data):
        return data
    try:
        return np.asarray(data, np.float32)
    except (TypeError, ValueError) as error:
        raise TypeError(f"cannot make a tensor of {type(data).__name__}: {error}") from None


def _tape_behind(root: Tensor) -> list[Tensor]:
    """Recorded tensors behind `root`, newest first: every tensor comes before its inputs.

    Operations are numbered as they run, so that newest-first is a reverse topological order;
    a loop, not recursion, so that depth is no limit.
    """
    found: dict[int, Tensor] = {}
    pending = [root]
    while pending:
        tensor = pending.pop()
        if tensor.op is not None and id(tensor) not in found:
            if tensor.op.freed:
                raise RuntimeError(
                    f"the tape behind {type(tensor.op).__name__} was freed by an earlier backward(); "
                    "compute the loss again, or call the first backward(retain_graph=True)"
                )
            found[id(tensor)] = tensor
            pending.extend(t for t, needed in zip(tensor.op.inputs, tensor.op.needs) if needed)
    return sorted(found.values(), key=lambda t: t.op.order, reverse=True)


def _pull_back(output: Tensor, flowing: dict[int, Any]) -> None:
    """One step of the chain rule: from dLoss/dOutput to dLoss/dInput for each input of its operation."""
    op = output.op
    dy = flowing.pop(id(output))
    _accumulate(output, dy)
    gradients = op.backward(op.kernels, dy)
    if not isinstance(gradients, tuple) or len(gradients) != len(op.inputs):
        raise TypeError(f"{type(op).__name__}.backward must return a tuple of {len(op.inputs)}, one entry an input")
    for tensor, needed, gradient in zip(op.inputs, op.needs, gradients):
        if not needed:
            continue
        shape = None if gradient is None else tuple(gradient.shape)
        if shape != tensor.shape:
            raise ShapeError(
                f"{type(op).__name__}.backward returned a gradient of shape {shape} "
                f"for an input of shape {tensor.shape}"
            )
        if tensor.op is None:
            _accumulate(tensor, gradient)
        elif id(tensor) in flowing:
            flowing[id(tensor)] = op.kernels.add(flowing[id(tensor)], gradient)
        else:
            flowing[id(tensor)] = gradient


def _accumulate(tensor: Tensor, gradient: Any) -> None:
    # never in place: two tensors may share one gradient array
    tensor.grad = gradient if tensor.grad is None else kernels_for((gradient,)).add(tensor.grad, gradient)


from . import ops  # noqa: E402 (the operators above are defined in ops, which builds on this file)
