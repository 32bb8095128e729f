"""The contract itself: every backend has every kernel with its signature, results are as foretold, errors teach."""

import importlib
import inspect
import warnings

import numpy as np
import pytest

from minicnn.kernels import NAMES, ShapeError, backend
from minicnn.kernels.contract import KERNELS, ArraySpec

pytestmark = pytest.mark.usefixtures("emulated_gpu")

every_backend = pytest.mark.parametrize("name", NAMES)


def spec(*shape: int, dtype: str = "float32") -> ArraySpec:
    return ArraySpec(shape, np.dtype(dtype))


# Signatures


@pytest.mark.parametrize("kernel", KERNELS)
@every_backend
def test_signatures_agree_with_the_contract(name, kernel):
    def parameters(function):
        return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]

    implementation = getattr(importlib.import_module(f"minicnn.kernels.{name}"), kernel)
    assert parameters(implementation) == parameters(KERNELS[kernel])


@every_backend
def test_a_backend_exports_the_contract_and_nothing_else(name):
    assert sorted(importlib.import_module(f"minicnn.kernels.{name}").__all__) == sorted(KERNELS)


# Results

IMAGE, MATRIX, ROW = spec(2, 4, 5, 3), spec(4, 3), spec(3)
POOL = {"pool_size": (2, 2), "strides": (2, 2)}
POOLED, CODE = spec(2, 2, 2, 3), spec(2, 2, 2, 3, dtype="uint8")
ADAM = {"learning_rate": 0.1, "step": 1}

#: kernel → one small call: the arrays, and the options
CALLS = {
    "add": ([MATRIX, ROW], {}),
    "subtract": ([MATRIX, ROW], {}),
    "multiply": ([MATRIX, ROW], {}),
    "divide": ([MATRIX, ROW], {}),
    "power": ([MATRIX], {"exponent": 1.5}),
    "negative": ([MATRIX], {}),
    "absolute": ([MATRIX], {}),
    "sign": ([MATRIX], {}),
    "exp": ([MATRIX], {}),
    "log": ([MATRIX], {}),
    "sum": ([MATRIX], {"axis": (0,)}),
    "matmul": ([MATRIX, spec(3, 5)], {}),
    "reshape": ([MATRIX], {"shape": (2, -1)}),
    "transpose": ([MATRIX], {"axes": (1, 0)}),
    "broadcast_to": ([ROW], {"shape": (2, 3)}),
    "concatenate": ([[MATRIX, spec(5, 3)]], {"axis": 0}),
    "pad": ([MATRIX], {"widths": ((1, 2), (0, 1))}),
    "getitem": ([MATRIX], {"key": np.s_[1:, 0]}),
    "getitem_grad": ([ROW], {"key": 1, "shape": (4, 3)}),
    "cast": ([MATRIX], {"dtype": "int32"}),
    "conv2d": ([IMAGE, spec(2, 3, 3, 5), spec(5)], {"strides": (2, 1)}),
    "conv2d_input_grad": ([spec(2, 2, 3, 5), spec(2, 3, 3, 5)], {"input_size": (4, 5), "strides": (2, 1)}),
    "conv2d_weight_grad": ([IMAGE, spec(2, 2, 3, 5)], {"kernel_size": (2, 3), "strides": (2, 1)}),
    "bias_grad": ([IMAGE], {}),
    "max_pool2d": ([IMAGE], POOL),
    "max_pool2d_grad": ([POOLED, CODE], {"input_size": (4, 5), **POOL}),
    "avg_pool2d": ([IMAGE], POOL),
    "avg_pool2d_grad": ([POOLED], {"input_size": (4, 5), **POOL}),
    "global_avg_pool2d": ([IMAGE], {}),
    "global_avg_pool2d_grad": ([MATRIX], {"input_size": (2, 3)}),
    "global_max_pool2d": ([IMAGE], {}),
    "global_max_pool2d_grad": ([MATRIX, spec(4, 3, dtype="int64")], {"input_size": (2, 3)}),
    "relu": ([MATRIX], {}),
    "relu_grad": ([MATRIX, MATRIX], {}),
    "leaky_relu": ([MATRIX], {"negative_slope": 1.5, "threshold": 0.2}),
    "leaky_relu_grad": ([MATRIX, MATRIX], {"negative_slope": 1.5, "threshold": 0.2}),
    "clip": ([MATRIX], {"low": 0.1, "high": 0.9}),
    "clip_grad": ([MATRIX, MATRIX], {"low": 0.1, "high": 0.9}),
    "sigmoid": ([MATRIX], {}),
    "sigmoid_grad": ([MATRIX, MATRIX], {}),
    "tanh": ([MATRIX], {}),
    "tanh_grad": ([MATRIX, MATRIX], {}),
    "softmax": ([MATRIX], {}),
    "softmax_grad": ([MATRIX, MATRIX], {}),
    "log_softmax": ([MATRIX], {}),
    "log_softmax_grad": ([MATRIX, MATRIX], {}),
    "dense": ([MATRIX, spec(3, 5), spec(5)], {}),
    "dense_input_grad": ([spec(4, 5), spec(3, 5)], {}),
    "dense_weight_grad": ([MATRIX, spec(4, 5)], {}),
    "batch_norm": ([IMAGE, ROW, ROW], {"epsilon": 1e-3}),
    "batch_norm_grad": ([IMAGE, IMAGE, ROW, ROW, ROW], {"epsilon": 1e-3}),
    "batch_norm_inference": ([IMAGE, ROW, ROW, ROW, ROW], {"epsilon": 1e-3}),
    "batch_norm_inference_grad": ([IMAGE, IMAGE, ROW, ROW, ROW], {"epsilon": 1e-3}),
    "update_moving_average": ([ROW, ROW], {"momentum": 0.9}),
    "dropout": ([MATRIX], {"rate": 0.5, "rng": np.random.default_rng(0)}),
    "dropout_grad": ([MATRIX, spec(4, 3, dtype="bool")], {"rate": 0.5}),
    "affine_transform": ([IMAGE, spec(2, 2, 3)], {"output_size": (3, 6), "fill_value": 0.5}),
    "softmax_cross_entropy": ([MATRIX, MATRIX], {}),
    "sparse_softmax_cross_entropy": ([MATRIX, spec(4, dtype="int64")], {}),
    "sigmoid_cross_entropy": ([MATRIX, MATRIX], {}),
    "sgd_update": ([MATRIX, MATRIX, MATRIX], {"learning_rate": 0.1, "momentum": 0.9}),
    "rmsprop_update": ([MATRIX] * 5, {"learning_rate": 0.1}),
    "adam_update": ([MATRIX] * 5, ADAM),
    "adamw_update": ([MATRIX] * 5, {**ADAM, "weight_decay": 0.1}),
}


def test_every_kernel_has_its_small_call():
    assert CALLS.keys() == KERNELS.keys()


def arrays_of(given, dtype: str):
    """Arrays for specs: floats in this dtype, and zeros as integers, which are legal places and labels."""
    if isinstance(given, list):
        return [arrays_of(one, dtype) for one in given]
    return np.ones(given.shape, dtype) if given.dtype.kind == "f" else np.zeros(given.shape, given.dtype)


def specs_of(result):
    if isinstance(result, tuple) and not isinstance(result, ArraySpec):
        return tuple(map(specs_of, result))
    return None if result is None else ArraySpec(result.shape, result.dtype)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_backend
def test_results_have_the_shape_and_dtype_foretold(name, dtype, kernel):
    given, options = CALLS[kernel]
    given = arrays_of(given, dtype)
    # a NumPy double among the options is a number like any other
    options = {key: np.float64(value) if isinstance(value, float) else value for key, value in options.items()}
    foretold = specs_of(KERNELS[kernel](*given, **options))
    assert specs_of(getattr(backend(name), kernel)(*given, **options)) == foretold


EXTREMES = np.float32([0, -1, 1e-30, 3e38, -3e38, np.inf, -np.inf, np.nan])


def extremes_of(given, rng: np.random.Generator):
    """Arrays for specs whose floats are all extreme, and zeros as integers."""
    if isinstance(given, list):
        return [extremes_of(one, rng) for one in given]
    return rng.choice(EXTREMES, given.shape) if given.dtype.kind == "f" else np.zeros(given.shape, given.dtype)


@pytest.mark.parametrize("kernel", KERNELS)
@every_backend
def test_no_number_is_worth_a_warning(name, kernel):
    given, options = CALLS[kernel]
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(10):
            getattr(backend(name), kernel)(*extremes_of(given, rng), **options)


def test_the_contract_needs_no_numbers():
    assert KERNELS["conv2d"](spec(8, 28, 28, 1), spec(5, 5, 1, 16)) == spec(8, 24, 24, 16)
    assert KERNELS["max_pool2d"](spec(8, 24, 24, 16), **POOL) == (
        spec(8, 12, 12, 16),
        spec(8, 12, 12, 16, dtype="uint8"),
    )
    assert KERNELS["matmul"](spec(2, 3), spec(3, 4)) == spec(2, 4)


# Errors

INTS = spec(4, 3, dtype="int64")
DOUBLES = spec(4, 3, dtype="float64")

#: kernel, arrays, options, what the message says: what was expected, what was given, what to try
ERRORS = [
    ("add", [MATRIX, spec(2)], {}, ["add", "(4, 3)", "(2,)", "broadcast"]),
    ("multiply", [MATRIX, DOUBLES], {}, ["multiply", "a float32", "b float64", ".astype"]),
    ("exp", [INTS], {}, ["exp: a", "floating point", "int64", '.astype("float32")']),
    ("matmul", [MATRIX, MATRIX], {}, ["(I, M) and (M, J)", "(4, 3) and (4, 3)"]),
    ("matmul", [ROW, MATRIX], {}, ["(I, M) and (M, J)", "(3,) and (4, 3)"]),
    ("reshape", [MATRIX], {"shape": (5, -1)}, ["(4, 3)", "12 numbers", "(5, -1)"]),
    ("reshape", [MATRIX], {"shape": (4, 4)}, ["(4, 3)", "12 numbers", "(4, 4)"]),
    ("reshape", [MATRIX], {"shape": (-1, -1)}, ["(4, 3)", "12 numbers", "(-1, -1)"]),
    ("transpose", [MATRIX], {"axes": (0, 0)}, ["(0, 0)", "each of the 2 axes once"]),
    ("broadcast_to", [MATRIX], {"shape": (4, 6)}, ["broadcast_to", "(4, 3)", "(4, 6)"]),
    ("broadcast_to", [MATRIX], {"shape": (3,)}, ["broadcast_to", "(4, 3)", "(3,)"]),
    ("concatenate", [[MATRIX, spec(4, 2)]], {"axis": 0}, ["except along axis 0", "(4, 3), (4, 2)"]),
    ("concatenate", [[MATRIX, ROW]], {"axis": 0}, ["except along axis 0", "(4, 3), (3,)"]),
    ("pad", [MATRIX], {"widths": ((1, 1),)}, ["(before, after)", "2 axes", "((1, 1),)"]),
    ("getitem", [MATRIX], {"key": (0, 5)}, ["(4, 3)", "(0, 5)", "out of bounds"]),
    ("getitem_grad", [spec(2)], {"key": 1, "shape": (4, 3)}, ["(3,)", "(2,)"]),
    ("conv2d", [spec(28, 28, 1), spec(3, 3, 1, 2)], {}, ["4 axes (N, H, W, C)", "got 3", "x[None]", "x[..., None]"]),
    ("conv2d", [spec(28, 28), spec(3, 3, 1, 2)], {}, ["4 axes (N, H, W, C)", "got 2", "x[None, :, :, None]"]),
    ("conv2d", [spec(0, 8, 8, 3), spec(3, 3, 3, 2)], {}, ["input x is empty", "(N=0, H=8, W=8, C=3)"]),
    ("conv2d", [IMAGE, spec(3, 3, 3)], {}, ["kernel w", "4 axes (R, S, C, K)", "got 3: shape (3, 3, 3)"]),
    ("conv2d", [IMAGE, spec(3, 3, 1, 2)], {}, ["C=3 channels", "(R=3, S=3, C=1, K=2)", "expects 1"]),
    ("conv2d", [spec(1, 5, 5, 6), spec(3, 3, 2, 4)], {"groups": 2}, ["C=6 channels", "2 · 2 groups = 4"]),
    ("conv2d", [IMAGE, spec(3, 3, 3, 4)], {"groups": 2}, ["groups=2 must divide", "C=3", "K=4"]),
    ("conv2d", [IMAGE, spec(3, 3, 3, 4)], {"groups": 0}, ["groups=0 must divide", "C=3", "K=4"]),
    ("conv2d", [IMAGE, spec(2, 2, 3, 4), spec(5)], {}, ["bias b", "(K=4)", "(K=5)"]),
    ("conv2d", [IMAGE, spec(5, 5, 3, 4)], {}, ["covering 5 pixels", "4 + 0 + 0 = 4 pixels", 'padding="same"']),
    ("conv2d", [IMAGE, spec(3, 3, 3, 4)], {"dilation": (2, 2)}, ["covering 5 pixels", "dilation 2"]),
    ("conv2d", [IMAGE, spec(2, 2, 3, 4)], {"strides": (0, 1)}, ["strides must be positive", "(0, 1)"]),
    ("conv2d", [IMAGE, spec(2, 2, 3, 4)], {"dilation": (1, 0)}, ["dilation must be positive", "(1, 0)"]),
    ("conv2d", [IMAGE, spec(2, 2, 3, 4)], {"pads": ((0, -1), (0, 0))}, ["not be negative", "((0, -1), (0, 0))"]),
    (
        "conv2d_input_grad",
        [spec(2, 2, 2, 5), spec(2, 3, 3, 5)],
        {"input_size": (4, 5)},
        ["gradient dy", "(N=2, P=3, Q=3, K=5)", "(N=2, P=2, Q=2, K=5)"],
    ),
    (
        "conv2d_input_grad",
        [spec(2, 3, 3, 4), spec(2, 3, 3, 5)],
        {"input_size": (4, 5)},
        ["gradient dy", "(N=2, P=3, Q=3, K=5)", "(N=2, P=3, Q=3, K=4)"],
    ),
    (
        "conv2d_weight_grad",
        [IMAGE, spec(1, 3, 3, 5)],
        {"kernel_size": (2, 3)},
        ["gradient dy", "(N=2, P=3, Q=3, K=5)", "(N=1, P=3, Q=3, K=5)"],
    ),
    (
        "conv2d_weight_grad",
        [IMAGE, spec(2, 3, 3, 4)],
        {"kernel_size": (2, 3), "groups": 2},
        ["2 groups do not divide", "C=3", "K=4"],
    ),
    ("bias_grad", [INTS], {}, ["dy must be floating point", "int64"]),
    ("max_pool2d", [spec(4, 5, 3)], POOL, ["4 axes (N, H, W, C)", "got 3"]),
    ("max_pool2d", [IMAGE], {**POOL, "pads": ((2, 0), (0, 0))}, ["((2, 0), (0, 0))", "smaller than the window (2, 2)"]),
    ("avg_pool2d", [IMAGE], {**POOL, "pool_size": (5, 2)}, ["covering 5 pixels", "4 + 0 + 0 = 4 pixels"]),
    ("avg_pool2d", [IMAGE], {**POOL, "strides": (0, 2)}, ["strides must be positive", "(0, 2)"]),
    (
        "max_pool2d_grad",
        [POOLED, spec(2, 2, 1, 3, dtype="uint8")],
        {"input_size": (4, 5), **POOL},
        ["code", "Q=2", "Q=1"],
    ),
    ("avg_pool2d_grad", [IMAGE], {"input_size": (4, 5), **POOL}, ["(N=2, P=2, Q=2, C=3)", "(N=2, P=4, Q=5, C=3)"]),
    ("global_avg_pool2d", [MATRIX], {}, ["4 axes (N, H, W, C)", "got 2"]),
    ("global_avg_pool2d_grad", [IMAGE], {"input_size": (4, 5)}, ["2 axes (N, C)", "got 4"]),
    ("global_max_pool2d_grad", [MATRIX, spec(4, 2, dtype="int64")], {"input_size": (2, 2)}, ["index", "C=3", "C=2"]),
    ("relu_grad", [MATRIX, ROW], {}, ["relu_grad", "must be equal", "dy (4, 3)", "saved (3,)"]),
    ("softmax", [INTS], {}, ["softmax", "floating point", "int64"]),
    ("dense", [IMAGE, MATRIX], {}, ["2 axes (N, C)", "got 4", "Flatten"]),
    ("dense", [ROW, MATRIX], {}, ["2 axes (N, C)", "got 1", "x[None]"]),
    ("dense", [MATRIX, spec(5, 2)], {}, ["(N=4, C=3)", "3 features", "(C=5, K=2)", "expect 5"]),
    ("dense", [MATRIX, spec(3, 2), spec(3)], {}, ["bias b", "(K=2)", "(K=3)"]),
    ("dense", [MATRIX, DOUBLES], {}, ["x float32", "w float64"]),
    ("dense_input_grad", [MATRIX, spec(5, 2)], {}, ["gradient dy", "(N=4, K=2)", "(N=4, K=3)"]),
    ("dense_weight_grad", [MATRIX, spec(5, 2)], {}, ["gradient dy", "(N=4, K=2)", "(N=5, K=2)"]),
    ("batch_norm", [ROW, ROW, ROW], {"epsilon": 0.1}, ["batch axis", "channel axis", "(3,)"]),
    ("batch_norm", [MATRIX, spec(4), ROW], {"epsilon": 0.1}, ["gamma", "(C=3)", "(C=4)"]),
    ("batch_norm_grad", [MATRIX, spec(5, 3), ROW, ROW, ROW], {"epsilon": 0.1}, ["dy (4, 3)", "x (5, 3)"]),
    ("batch_norm_inference", [MATRIX, ROW, ROW, ROW, spec(2)], {"epsilon": 0.1}, ["variance", "(C=3)", "(C=2)"]),
    ("update_moving_average", [ROW, spec(2)], {"momentum": 0.9}, ["moving (3,)", "value (2,)"]),
    ("dropout_grad", [MATRIX, spec(4, 2, dtype="bool")], {"rate": 0.5}, ["dy (4, 3)", "keep (4, 2)"]),
    ("affine_transform", [spec(2, 4, 5), spec(2, 2, 3)], {"output_size": (3, 6)}, ["4 axes (N, H, W, C)", "got 3"]),
    ("affine_transform", [spec(2, 4, 5, 3, dtype="uint8"), spec(2, 2, 3)], {"output_size": (3, 6)}, ["x", "uint8"]),
    ("affine_transform", [IMAGE, spec(2, 2, 3, dtype="int64")], {"output_size": (3, 6)}, ["matrices", "int64"]),
    ("affine_transform", [IMAGE, spec(1, 2, 3)], {"output_size": (3, 6)}, ["matrices", "(N=2, .=2, .=3)", "N=1"]),
    ("affine_transform", [IMAGE, spec(2, 2, 3)], {"output_size": (0, 6)}, ["output_size", "positive", "(0, 6)"]),
    (
        "affine_transform",
        [IMAGE, spec(2, 2, 3)],
        {"output_size": (3, 6), "fill_mode": "mirror"},
        ["reflect", "'mirror'"],
    ),
    (
        "affine_transform",
        [IMAGE, spec(2, 2, 3)],
        {"output_size": (3, 6), "interpolation": "cubic"},
        ["bilinear", "'cubic'"],
    ),
    (
        "affine_transform",
        [IMAGE, spec(2, 2, 3)],
        {"output_size": (3, 6), "ends": "centers"},
        ["did you mean 'centres'"],
    ),
    ("softmax_cross_entropy", [MATRIX, spec(4, 1)], {}, ["logits (4, 3)", "targets (4, 1)"]),
    ("softmax_cross_entropy", [ROW, ROW], {}, ["logits", "2 axes (N, K)", "got 1"]),
    ("sparse_softmax_cross_entropy", [MATRIX, INTS], {}, ["(N=4,)", "(4, 3)", "categorical"]),
    ("sparse_softmax_cross_entropy", [MATRIX, spec(4)], {}, ["labels must be integers", "float32"]),
    ("sigmoid_cross_entropy", [spec(4, 1), spec(4)], {}, ["logits (4, 1)", "targets (4,)"]),
    ("sgd_update", [MATRIX, ROW], {"learning_rate": 0.1}, ["w (4, 3)", "g (3,)"]),
    ("adam_update", [MATRIX, MATRIX, MATRIX, ROW], ADAM, ["w (4, 3)", "v (3,)"]),
    ("rmsprop_update", [MATRIX, MATRIX, DOUBLES], {"learning_rate": 0.1}, ["w float32", "mean_square float64"]),
]


@pytest.mark.parametrize(("kernel", "given", "options", "says"), ERRORS)
def test_errors_name_what_was_expected_and_what_was_given(kernel, given, options, says):
    with pytest.raises((ShapeError, TypeError, ValueError)) as caught:
        KERNELS[kernel](*given, **options)
    for part in says:
        assert part in str(caught.value)


@every_backend
def test_every_backend_runs_the_contract_first(name):
    with pytest.raises(ShapeError, match="dense: the input"):
        backend(name).dense(np.ones((2, 3), np.float32), np.ones((4, 5), np.float32))
    with pytest.raises(TypeError, match="mixed dtypes"):
        backend(name).add(np.ones(3, np.float32), np.ones(3))
