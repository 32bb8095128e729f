"""The cases of `minicnn.ops`, one table for the stored and the live comparison with TensorFlow.

Left out: dropout, whose random numbers no two libraries share, and a⁰ at a = 0, where TensorFlow's gradient is NaN.
Slopes and smoothing are binary fractions: TensorFlow keeps such options in float32 even where it computes in float64.
"""

import numpy as np

from .case import Case, binary, constant, distributions, labels, normal, smoothed_labels, ties, uniform


def conv2d(name, x, w, bias=True, **options):
    inputs = {"x": normal(*x), "w": normal(*w)} | ({"b": normal(w[3])} if bias else {})
    return Case(f"conv2d {name}", "conv2d", inputs, options)


CONVOLUTIONS = [
    conv2d("1x1 of one pixel", (1, 1, 1, 1), (1, 1, 1, 1)),
    conv2d("1x1", (2, 4, 3, 5), (1, 1, 5, 4)),
    conv2d("1x1 stride 2", (2, 5, 4, 3), (1, 1, 3, 4), strides=2),
    conv2d("1x1 same stride 2", (1, 5, 4, 3), (1, 1, 3, 2), strides=2, padding="same"),
    conv2d("3x3", (2, 6, 6, 3), (3, 3, 3, 4)),
    conv2d("3x3 without bias", (2, 5, 7, 3), (3, 3, 3, 4), bias=False),
    conv2d("3x3 batch 1", (1, 7, 5, 2), (3, 3, 2, 3)),
    conv2d("3x3 one channel", (3, 5, 5, 1), (3, 3, 1, 1)),
    conv2d("3x3 same", (2, 5, 5, 3), (3, 3, 3, 4), padding="same"),
    conv2d("3x3 same odd", (1, 7, 4, 2), (3, 3, 2, 3), padding="same"),
    conv2d("3x3 same smaller than the kernel", (2, 2, 1, 2), (3, 3, 2, 2), padding="same"),
    conv2d("2x2 same", (1, 5, 4, 2), (2, 2, 2, 3), padding="same"),
    conv2d("4x4 same", (1, 6, 5, 2), (4, 4, 2, 2), padding="same"),
    conv2d("5x5", (1, 8, 7, 2), (5, 5, 2, 3)),
    conv2d("5x5 same", (1, 6, 7, 2), (5, 5, 2, 2), padding="same"),
    conv2d("7x7 same stride 2", (1, 9, 8, 3), (7, 7, 3, 2), padding="same", strides=2),
    conv2d("1x7", (1, 3, 9, 2), (1, 7, 2, 2)),
    conv2d("3x1 same", (1, 5, 4, 2), (3, 1, 2, 3), padding="same"),
    conv2d("2x5", (1, 4, 8, 2), (2, 5, 2, 2)),
    conv2d("whole image", (3, 4, 3, 2), (4, 3, 2, 5)),
    conv2d("many channels", (1, 3, 3, 17), (3, 3, 17, 9), padding="same"),
    conv2d("many filters", (1, 4, 3, 3), (2, 2, 3, 33)),
    conv2d("3x3 stride 2", (2, 7, 7, 2), (3, 3, 2, 3), strides=2),
    conv2d("3x3 stride 2 with a rest", (1, 8, 6, 2), (3, 3, 2, 3), strides=2),
    conv2d("3x3 same stride 2 even", (1, 8, 6, 2), (3, 3, 2, 3), strides=2, padding="same"),
    conv2d("3x3 same stride 2 odd", (1, 7, 9, 2), (3, 3, 2, 3), strides=2, padding="same"),
    conv2d("3x3 stride 3", (1, 8, 9, 2), (3, 3, 2, 2), strides=3),
    conv2d("2x2 stride 3", (1, 8, 9, 2), (2, 2, 2, 2), strides=3),
    conv2d("3x3 stride 1x2", (1, 6, 7, 2), (3, 3, 2, 2), strides=(1, 2)),
    conv2d("3x3 same stride 3x2", (1, 8, 7, 2), (3, 3, 2, 2), strides=(3, 2), padding="same"),
    conv2d("3x3 padding 1", (1, 5, 6, 2), (3, 3, 2, 2), padding=1),
    conv2d("3x3 padding 1 stride 2", (1, 6, 6, 2), (3, 3, 2, 3), padding=1, strides=2),
    conv2d("3x3 padding 2", (1, 4, 5, 2), (3, 3, 2, 2), padding=2),
    conv2d("3x3 lopsided padding", (1, 4, 5, 2), (3, 3, 2, 2), padding=((0, 2), (1, 0))),
    conv2d("3x3 dilation 2", (2, 7, 8, 2), (3, 3, 2, 2), dilation_rate=2),
    conv2d("3x3 same dilation 2", (1, 6, 5, 2), (3, 3, 2, 3), dilation_rate=2, padding="same"),
    conv2d("3x2 dilation 2x3", (1, 8, 7, 2), (3, 2, 2, 2), dilation_rate=(2, 3)),
    conv2d("2x2 same dilation 3", (1, 6, 7, 2), (2, 2, 2, 2), dilation_rate=3, padding="same"),
    conv2d("3x3 dilation 2 stride 2", (1, 9, 8, 2), (3, 3, 2, 2), dilation_rate=2, strides=2),
    conv2d("3x3 same dilation 2 stride 2", (1, 8, 9, 2), (3, 3, 2, 2), dilation_rate=2, strides=2, padding="same"),
    conv2d("3x3 two groups", (2, 5, 5, 4), (3, 3, 2, 6), groups=2),
    conv2d("3x3 same three groups", (1, 4, 5, 6), (3, 3, 2, 3), groups=3, padding="same"),
    conv2d("1x1 two groups", (2, 3, 3, 4), (1, 1, 2, 4), groups=2),
    conv2d("depthwise", (2, 5, 4, 3), (3, 3, 1, 3), groups=3, padding="same"),
    conv2d("depthwise stride 2", (1, 7, 6, 4), (3, 3, 1, 4), groups=4, strides=2, padding="same"),
    conv2d("depthwise twice the channels", (1, 5, 5, 3), (3, 3, 1, 6), groups=3),
    conv2d("two groups dilation 2 stride 2", (1, 9, 8, 4), (3, 3, 2, 2), groups=2, dilation_rate=2, strides=2),
    conv2d("two groups same dilation 2", (1, 6, 6, 4), (3, 3, 2, 4), groups=2, dilation_rate=2, padding="same"),
]

WINDOWS = {
    "2": {"pool_size": 2},
    "3": {"pool_size": 3},
    "2x3": {"pool_size": (2, 3)},
    "3 stride 2": {"pool_size": 3, "strides": 2},
    "2 stride 1": {"pool_size": 2, "strides": 1},
    "2 stride 3": {"pool_size": 2, "strides": 3},
    "3 stride 1x2": {"pool_size": 3, "strides": (1, 2)},
    "2 same": {"pool_size": 2, "padding": "same"},
    "3 same": {"pool_size": 3, "padding": "same"},
    "3 same stride 2": {"pool_size": 3, "strides": 2, "padding": "same"},
    "3 same stride 1": {"pool_size": 3, "strides": 1, "padding": "same"},
    "2x3 same stride 2x1": {"pool_size": (2, 3), "strides": (2, 1), "padding": "same"},
    "3 padding 1 stride 2": {"pool_size": 3, "strides": 2, "padding": 1},
    "3 lopsided padding": {"pool_size": 3, "strides": 2, "padding": ((0, 2), (1, 0))},
    "1": {"pool_size": 1},
}

POOLINGS = [
    *(Case(f"max_pool2d {name}", "max_pool2d", {"x": normal(2, 7, 6, 2)}, window) for name, window in WINDOWS.items()),
    *(
        Case(f"max_pool2d {name} ties", "max_pool2d", {"x": ties(1, 7, 8, 3)}, window)
        for name, window in WINDOWS.items()
    ),
    *(Case(f"avg_pool2d {name}", "avg_pool2d", {"x": normal(2, 7, 6, 2)}, window) for name, window in WINDOWS.items()),
    Case("max_pool2d whole image", "max_pool2d", {"x": normal(1, 3, 5, 2)}, {"pool_size": (3, 5)}),
    Case("avg_pool2d whole image", "avg_pool2d", {"x": normal(1, 3, 5, 2)}, {"pool_size": (3, 5)}),
    *(
        Case(f"{op} {name}", op, {"x": x})
        for op in ("global_avg_pool2d", "global_max_pool2d")
        for name, x in [("odd", normal(2, 5, 3, 4)), ("ties", ties(3, 4, 4, 3)), ("one pixel", normal(1, 1, 1, 2))]
    ),
]

ACTIVATIONS = [
    Case(f"{op} {name}", op, {"x": draw}, options)
    for op, options in [
        ("relu", {}),
        ("leaky_relu", {"negative_slope": 0.25}),
        ("clip", {"low": -1.0, "high": 1.0}),
        ("sigmoid", {}),
        ("tanh", {}),
        ("softmax", {}),
        ("log_softmax", {}),
    ]
    for name, draw in [
        ("vector", normal(7)),
        ("matrix", normal(3, 5)),
        ("image", normal(1, 3, 5, 2)),
        ("corners", ties(4, 5)),
        ("far from zero", normal(3, 5, scale=30.0)),
    ]
] + [
    Case("leaky_relu slope 1/128", "leaky_relu", {"x": normal(3, 5)}, {"negative_slope": 1 / 128}),
    Case("leaky_relu threshold", "leaky_relu", {"x": normal(3, 5)}, {"negative_slope": 0.3, "threshold": 0.5}),
    Case("clip to 6", "clip", {"x": normal(3, 5, scale=6.0)}, {"low": 0.0, "high": 6.0}),
    Case("softmax of one class", "softmax", {"x": normal(3, 1)}),
    Case("softmax of large numbers", "softmax", {"x": normal(3, 5, shift=1000.0)}),
    Case("log_softmax of large numbers", "log_softmax", {"x": normal(3, 5, shift=1000.0)}),
]

NORMALIZATIONS = [
    case
    for name, shape in {
        "vectors": (6, 5),
        "images": (2, 3, 5, 4),
        "one image": (1, 5, 3, 2),
        "one channel": (3, 2, 2, 1),
        "sequences": (2, 7, 3),
    }.items()
    for case in [
        Case(
            f"batch_norm {name}",
            "batch_norm",
            {"x": normal(*shape, scale=2.0, shift=1.0), "gamma": normal(shape[-1]), "beta": normal(shape[-1])},
        ),
        Case(
            f"batch_norm_inference {name}",
            "batch_norm_inference",
            {
                "x": normal(*shape),
                "gamma": normal(shape[-1]),
                "beta": normal(shape[-1]),
                "mean": constant(normal(shape[-1])),
                "variance": constant(uniform(0.2, 3.0, shape[-1])),
            },
        ),
    ]
] + [
    Case(
        "batch_norm small epsilon",
        "batch_norm",
        {"x": normal(9, 3), "gamma": normal(3), "beta": normal(3)},
        {"epsilon": 1e-5},
    ),
    Case(
        "batch_norm constant channel",
        "batch_norm",
        {"x": uniform(2.0, 2.0, 4, 3), "gamma": normal(3), "beta": normal(3)},
    ),
]

PRODUCTS = [
    *(
        Case(f"dense {n}x{c}x{k}", "dense", {"x": normal(n, c), "w": normal(c, k), "b": normal(k)})
        for n, c, k in [(1, 1, 1), (1, 7, 3), (5, 1, 4), (4, 6, 1), (3, 17, 9), (8, 5, 10)]
    ),
    Case("dense without bias", "dense", {"x": normal(3, 5), "w": normal(5, 4)}),
    *(
        Case(f"matmul {i}x{m}x{j}", "matmul", {"a": normal(i, m), "b": normal(m, j)})
        for i, m, j in [(1, 1, 1), (3, 5, 2), (1, 9, 1), (6, 1, 5)]
    ),
]

OPERANDS = [((), ()), ((5,), (5,)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((3,), (4, 1)), ((2, 1, 3), (5, 1)), ((), (2, 3))]

ELEMENTWISE = [
    *(
        Case(f"{op} {a} {b}", op, {"a": normal(*a), "b": normal(*b)})
        for op in ("add", "subtract", "multiply")
        for a, b in OPERANDS
    ),
    *(Case(f"divide {a} {b}", "divide", {"a": normal(*a), "b": uniform(0.5, 2.0, *b)}) for a, b in OPERANDS),
    *(Case(op, op, {"x": normal(2, 3, 4)}) for op in ("negative", "absolute", "exp")),
    Case("absolute corners", "absolute", {"x": ties(4, 5)}),
    Case("log", "log", {"x": uniform(0.1, 3.0, 2, 3, 4)}),
    *(
        Case(f"power {e}", "power", {"x": uniform(0.3, 2.0, 3, 4)}, {"exponent": e})
        for e in (-2.0, -0.5, 0.5, 1.0, 2.0, 2.7)
    ),
    *(Case(f"power {e} of both signs", "power", {"x": ties(3, 4)}, {"exponent": e}) for e in (1.0, 2.0, 3.0)),
]

REDUCTIONS = [
    Case(f"{op} axis {axis} keepdims {keepdims}", op, {"x": normal(3, 1, 4)}, {"axis": axis, "keepdims": keepdims})
    for op in ("sum", "mean")
    for axis in (None, 0, -1, (0, 2), (1,))
    for keepdims in (False, True)
]

KEYS = {
    "number": 1,
    "from the end": -1,
    "slice": slice(1, None),
    "steps": (slice(None), slice(None, None, 2)),
    "backwards": slice(None, None, -1),
    "ellipsis": (..., 0),
    "new axis": (None, 2),
    "one element": (2, 3, 1),
    "list with repeats": [0, 2, 2, 0],
    "mask": np.array([True, False, True, True]),
}

SHAPING = [
    *(Case(f"getitem {name}", "getitem", {"x": normal(4, 5, 2)}, {"key": key}) for name, key in KEYS.items()),
    Case("reshape", "reshape", {"x": normal(3, 4)}, {"shape": (2, 6)}),
    Case("reshape with -1", "reshape", {"x": normal(3, 4)}, {"shape": (2, -1, 3)}),
    *(
        Case(f"transpose {axes}", "transpose", {"x": normal(2, 3, 4)}, {"axes": axes})
        for axes in [(2, 0, 1), (0, 2, 1)]
    ),
    Case("transpose reversed", "transpose", {"x": normal(2, 3, 4)}, {"axes": None}),
    Case("pad", "pad", {"x": normal(2, 3)}, {"widths": ((1, 2), (0, 3))}),
    Case("pad images", "pad", {"x": normal(1, 3, 2, 2)}, {"widths": ((0, 0), (1, 1), (2, 0), (0, 0))}),
    Case("concatenate first axis", "concatenate", {"a": normal(1, 3), "b": normal(2, 3)}, {"axis": 0}),
    Case("concatenate three", "concatenate", {"a": normal(2, 1), "b": normal(2, 3), "c": normal(2, 2)}, {"axis": -1}),
    Case("concatenate channels", "concatenate", {"a": normal(1, 2, 3, 2), "b": normal(1, 2, 3, 1)}, {"axis": 3}),
]

CROSS_ENTROPIES = [
    Case(f"{op} {name} {reduction}", op, {"logits": logits, "targets": targets}, {"reduction": reduction})
    for op, name, logits, targets in [
        ("softmax_cross_entropy", "classes", normal(5, 4), labels(5, 4)),
        ("softmax_cross_entropy", "classes batch 1", normal(1, 3), labels(1, 3)),
        ("softmax_cross_entropy", "one class", normal(3, 1), labels(3, 1)),
        ("softmax_cross_entropy", "classes far from zero", normal(5, 4, scale=50.0), labels(5, 4)),
        ("softmax_cross_entropy", "one-hot", normal(5, 4), smoothed_labels(5, 4, 0.0)),
        ("softmax_cross_entropy", "smoothed", normal(5, 4), smoothed_labels(5, 4, 0.125)),
        ("softmax_cross_entropy", "smoothed far from zero", normal(5, 4, scale=50.0), smoothed_labels(5, 4, 0.125)),
        ("softmax_cross_entropy", "soft", normal(3, 7), distributions(3, 7)),
        ("sigmoid_cross_entropy", "soft", normal(4, 3), constant(uniform(0.0, 1.0, 4, 3))),
        ("sigmoid_cross_entropy", "binary", normal(5, 1), binary(5, 1)),
        ("sigmoid_cross_entropy", "far from zero", normal(4, 3, scale=50.0), constant(uniform(0.0, 1.0, 4, 3))),
    ]
    for reduction in ("mean", "none")
]

CASES = [
    *CONVOLUTIONS,
    *POOLINGS,
    *ACTIVATIONS,
    *NORMALIZATIONS,
    *PRODUCTS,
    *ELEMENTWISE,
    *REDUCTIONS,
    *SHAPING,
    *CROSS_ENTROPIES,
]
