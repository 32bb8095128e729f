"""A case as data: fresh arguments, memory layouts, and the Python that makes it again."""

import numpy as np
import pytest

from minicnn.verify import Case
from minicnn.verify.case import LAYOUTS, arrays_in

CASES = [
    Case("relu", "float32", [np.array([0.1, -0.0, np.nan, np.inf, 1e-45], "float32")]),
    Case("relu", "float64", [np.array(1 / 3)], layout="sliced"),
    Case("add", "float32", [np.zeros((2, 3), "float32"), np.full((3,), np.nan, "float32")]),
    Case("concatenate", "float32", [[np.ones((1, 2), "float32"), np.eye(2, dtype="float32")]], {"axis": 0}),
    Case("getitem", "float64", [np.arange(6.0).reshape(2, 3)], {"key": (slice(None, None, -2), None)}),
    Case("getitem", "float64", [np.arange(2.0)], {"key": np.array([True, False])}),
    Case("conv2d", "float32", [np.ones((1, 2, 2, 1), "float32"), np.ones((1, 1, 1, 1), "float32"), None]),
    Case("max_pool2d_grad", "float32", [np.ones((1, 1, 1, 1), "float32"), np.array([[[[3]]]], "uint8")]),
    Case("sum", "float32", [np.ones(3, "float32")], {"axis": (0,), "keepdims": True}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_code_makes_the_same_case(case):
    again = eval(case.code(), {"Case": Case, "np": np, "inf": np.inf, "nan": np.nan})
    assert (again.name, again.dtype, again.layout) == (case.name, case.dtype, case.layout)
    assert str(again.options) == str(case.options)
    for one, other in zip(arrays_in(again.args), arrays_in(case.args), strict=True):
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    assert [arg is None for arg in again.args] == [arg is None for arg in case.args]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_hold_the_same_numbers_in_arrays_of_their_own(layout):
    original = np.arange(24.0).reshape(2, 3, 4)
    (array,), _ = Case("relu", "float64", [original], layout=layout).arguments()
    np.testing.assert_array_equal(array, original)
    assert not np.shares_memory(array, original)
    assert array.flags.c_contiguous == (layout == "contiguous")


def test_a_generator_begins_anew_each_time():
    case = Case("dropout", "float32", [np.ones(3, "float32")], {"rate": 0.5, "rng": 7})
    first, second = (case.arguments()[1]["rng"].random(5).tolist() for _ in range(2))
    assert first == second


def test_float64_keeps_the_numbers_and_the_integers():
    case = Case("x", "float32", [np.array([0.1], "float32"), np.array([1]), None]).in_float64()
    assert case.args[0].dtype == np.float64
    assert case.args[0][0] == np.float32(0.1)
    assert case.args[1].dtype == np.int64
    assert case.args[2] is None
