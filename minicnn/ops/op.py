"""What every differentiable operation is: a forward, a backward, and what it keeps in between."""

import itertools
from typing import Any

from ..device import kernels_for
from ..tensor import Tensor, as_tensor, is_grad_enabled

_count = itertools.count()


class Op:
    """One node of the tape.

    A subclass writes two methods on plain arrays, with all arithmetic done by the kernel namespace `k`:

        forward(k, *arrays) -> array            may `self.save(...)` what the backward pass needs
        backward(k, dy) -> (d_input, ...)       one gradient an input, None where `self.needs` says so

    Calling the instance with tensors runs the forward pass and records the node. `k` is whatever the
    device offers, so that one definition serves every backend.
    """

    inputs: tuple[Tensor | None, ...]
    needs: tuple[bool, ...]
    order: int
    kernels: Any = None
    freed = False

    def forward(self, k: Any, *arrays: Any) -> Any:
        raise NotImplementedError

    def backward(self, k: Any, dy: Any) -> tuple:
        raise NotImplementedError

    def __call__(self, *inputs: Any) -> Tensor:
        if self.kernels is not None:
            raise RuntimeError(f"this {type(self).__name__} is already a node of the tape; make a new one a call")
        dtype = next((x.dtype for x in inputs if isinstance(x, Tensor)), None)
        tensors = tuple(None if x is None else as_tensor(x, dtype) for x in inputs)
        arrays = [None if t is None else t.moved() for t in tensors]
        self.kernels = kernels_for(arrays)
        self.needs = tuple(is_grad_enabled() and t is not None and t.requires_grad for t in tensors)
        output = Tensor(self.forward(self.kernels, *arrays), requires_grad=any(self.needs))
        if output.requires_grad:
            self.inputs = tensors
            self.order = next(_count)
            output.op = self
        else:
            self.free()
        return output

    def save(self, *values: Any) -> None:
        """Keep values for the backward pass."""
        self._saved = values

    @property
    def saved(self) -> tuple:
        """What `save` kept."""
        return self._saved

    def free(self) -> None:
        """Let go of the inputs and everything saved; a later backward pass through here is an error."""
        self.inputs = ()
        self._saved = ()
        self.freed = True
