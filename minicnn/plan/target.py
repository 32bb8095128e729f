"""What programs are made of on the device in use."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from ..device import on_gpu
from ..kernels.contract import KERNELS
from ..kernels.fused import DEFINITIONS


class Target(NamedTuple):
    """Kernels, and what writes their launches down.

    offered   the kernels of the contract, and the fused ones that there are
    capture   makes a new capture
    """

    offered: Mapping[str, Callable[..., Any]]
    capture: Callable[[], Any]


def target() -> Target:
    """That of the device in use."""
    return _gpu() if on_gpu() else _cpu()


@functools.cache
def _cpu() -> Target:
    from ..kernels import cpu
    from ..kernels.cpu import fused
    from ..kernels.cpu.capture import Capture

    return Target(_offered(cpu, fused), Capture)


@functools.cache
def _gpu() -> Target:
    from ..kernels import gpu
    from ..kernels.gpu import fused
    from ..kernels.gpu.capture import Capture

    return Target(_offered(gpu, fused), Capture)


def _offered(kernels: ModuleType, fused: ModuleType) -> dict[str, Callable[..., Any]]:
    ours = {name: getattr(kernels, name) for name in KERNELS}
    return ours | {name: getattr(fused, name) for name in DEFINITIONS if hasattr(fused, name)}
