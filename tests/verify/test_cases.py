"""What is drawn: legal calls, and every kind of them that is promised."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from minicnn import ops
from minicnn.kernels.contract import KERNELS
from minicnn.verify.case import arrays_in
from minicnn.verify.cases import kernel_cases, smooth_cases
from minicnn.verify.operations import OPERATIONS

quickly = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_case_is_legal(kernel):
    @settings(quickly, max_examples=10, phases=[Phase.generate])
    @given(kernel_cases(kernel, "float32"))
    def legal(case):
        args, options = case.arguments()
        KERNELS[kernel](*args, **options)
        assert all(array.dtype == "float32" for array in arrays_in(args) if array.dtype.kind == "f")

    legal()


def test_every_operation_is_drawn():
    assert set(ops.__all__) - {"Op"} <= OPERATIONS.keys() | {"softmax_cross_entropy"}
    for operation in OPERATIONS.values():
        assert operation.kernel in KERNELS


PROMISED = {
    "1×1": lambda x, w, o: w[:2] == (1, 1),
    "odd sizes": lambda x, w, o: x[1] % 2 and x[2] % 2 and x[1] > 1 and x[2] > 1,
    "a kernel larger than the image": lambda x, w, o: w[0] > x[1] and w[1] > x[2],
    "strides beyond the kernel": lambda x, w, o: o["strides"][0] > w[0] and o["strides"][1] > w[1],
    "dilation": lambda x, w, o: min(o["dilation"]) > 1 and min(w[:2]) > 1,
    "groups": lambda x, w, o: o["groups"] > 1 and w[2] > 1,
    "batch 1": lambda x, w, o: x[0] == 1,
    "uneven padding": lambda x, w, o: o["pads"][0][0] != o["pads"][0][1],
    "more channels than a vector has lanes": lambda x, w, o: w[2] > 16,
    "more filters than a vector has lanes": lambda x, w, o: w[3] > 16,
}


@pytest.mark.parametrize("promise", PROMISED)
def test_convolutions(promise):
    def kept(case):
        return PROMISED[promise](case.args[0].shape, case.args[1].shape, case.options)

    find(
        kernel_cases("conv2d", "float32"), kept, settings=settings(quickly, max_examples=5000, phases=[Phase.generate])
    )


NUMBERS = {
    "NaN": np.isnan,
    "infinity": np.isposinf,
    "minus infinity": np.isneginf,
    "denormals": lambda a: (a != 0) & (np.abs(a) < np.finfo("float32").tiny),
    "large numbers": lambda a: np.isfinite(a) & (np.abs(a) > 1e4),
    "ties": lambda a: np.isfinite(a).all() and a.any() and len(np.unique(a)) < a.size,
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers(kind):
    def kept(case):
        return np.any(NUMBERS[kind](case.args[0]))

    find(kernel_cases("relu", "float32"), kept, settings=settings(quickly, max_examples=1000, phases=[Phase.generate]))


@given(st.data())
@settings(quickly, max_examples=30)
def test_smooth_cases_have_no_ties_and_no_corners(data):
    case = data.draw(smooth_cases("clip", "float32"))
    x = case.args[0].ravel()
    assert len(np.unique(x)) == x.size
    assert np.min(np.abs(np.subtract.outer(x, np.arange(-16, 17) / 8))) > 2.0**-20 * 3
