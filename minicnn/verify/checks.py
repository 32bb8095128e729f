"""What there is to check here: every kernel and every gradient, on every backend present."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from .. import kernels
from ..kernels.contract import KERNELS
from . import against_tensorflow
from .against_tensorflow import SameAsTensorFlow
from .case import Case
from .cases import kernel_cases, plain_cases, smooth_cases
from .check import Expectation
from .gradient import Slope
from .operations import OPERATIONS

#: backend → dtypes that it is checked in; float32 for the others, whose float64 is portable's or the definition
DTYPES = {"portable": ("float32", "float64")}

TENSORFLOW = "tensorflow"


class Check(NamedTuple):
    """One row of the table, in one dtype.

    name, kind      "conv2d", and "kernel" or "gradient"
    cases           a strategy
    expectation     case → something that gives a `verdict(backend)`
    columns         heading of a column → backend
    """

    name: str
    kind: str
    cases: st.SearchStrategy[Case]
    expectation: Callable[[Case], Any]
    columns: dict[str, str]


def present() -> list[str]:
    """Names of the backends that this machine has, and "tensorflow" where it is installed."""
    found = [name for name in kernels.NAMES if _imports(name)]
    return [*found, TENSORFLOW] if against_tensorflow.installed() else found


def all_checks(backends: Iterable[str]) -> list[Check]:
    """Every kernel and every gradient on these backends; "tensorflow" compares gradients with TensorFlow's."""
    chosen = list(backends)
    columns = _columns(name for name in chosen if name != TENSORFLOW)
    found = [
        Check(name, "kernel", kernel_cases(name, dtype), Expectation, columns[dtype])
        for name in KERNELS
        for dtype in columns
    ]
    found += [
        Check(name, "gradient", smooth_cases(name, dtype), Slope, columns[dtype])
        for name in OPERATIONS
        for dtype in columns
    ]
    if TENSORFLOW in chosen:
        found += [
            Check(name, "gradient", plain_cases(name), SameAsTensorFlow, {TENSORFLOW: "reference"})
            for name in against_tensorflow.FUNCTIONS
        ]
    return found


def of_operation(checks: Iterable[Check], operation: str) -> list[Check]:
    """The checks of one kernel or operation, and of the gradient kernels that are named after it.

    >>> {check.name for check in of_operation(all_checks(["portable"]), "relu")} == {"relu", "relu_grad"}
    True
    """
    names = {f"{operation}{part}" for part in ("", "_grad", "_input_grad", "_weight_grad")}
    return [check for check in checks if check.name in names]


def _columns(backends: Iterable[str]) -> dict[str, dict[str, str]]:
    """dtype → heading of a column → backend: those of one dtype are checked on the same cases."""
    columns: dict[str, dict[str, str]] = {}
    for name in backends:
        for dtype in DTYPES.get(name, ("float32",)):
            columns.setdefault(dtype, {})[f"{name} {dtype}"] = name
    return columns


def _imports(name: str) -> bool:
    try:
        kernels.backend(name)
    except (ImportError, RuntimeError):
        return False
    return True
