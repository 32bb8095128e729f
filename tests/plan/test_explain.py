"""What `explain_plan` says, and that it leaves the model as it was."""

import io

import numpy as np
import pytest
from rich.console import Console

from minicnn.plan.cost import flops, nbytes
from minicnn.plan.explain import plan_rows, print_rows
from minicnn.plan.recorder import Call, Recorder

from .models import MODELS


def stand_in(*shape):
    return Recorder().input(np.empty(shape, np.float32))


def call(kernel, *operands, result, **options):
    return Call(kernel, tuple(stand_in(*shape) for shape in operands), options, (stand_in(*result),))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        # 2 images, 4×5 results, 6 filters of 3×3×7: two operations a product
        (call("conv2d", (2, 6, 7, 7), (3, 3, 7, 6), result=(2, 4, 5, 6)), 2 * 2 * 20 * 6 * 63),
        (call("conv2d_relu_max_pool", (2, 6, 6, 7), (3, 3, 7, 6), result=(2, 2, 2, 6)), 2 * 2 * 16 * 6 * 63),
        (call("conv2d_input_grad", (2, 4, 5, 6), (3, 3, 7, 6), result=(2, 6, 7, 7)), 2 * 2 * 20 * 6 * 63),
        (
            call("conv2d_weight_grad_of_pool", (2, 6, 6, 7), (2, 2, 2, 6), (2, 2, 2, 6), result=(3, 3, 7, 6),
                 output_size=(4, 4)),
            2 * 2 * 16 * 6 * 63,
        ),
        (call("dense", (5, 3), (3, 4), result=(5, 4)), 2 * 5 * 3 * 4),
        (call("dense_input_grad", (5, 4), (3, 4), result=(5, 3)), 2 * 5 * 3 * 4),
        (call("dense_weight_grad", (5, 3), (5, 4), result=(3, 4)), 2 * 5 * 3 * 4),
        (call("dense_backward_sgd_update", (5, 3), (5, 4), (3, 4), result=(5, 3), relu=True), 4 * 5 * 3 * 4),
        (call("relu", (5, 3), result=(5, 3)), 30),
    ],
)  # fmt: skip
def test_operations_are_those_of_the_definition(call, expected):
    assert flops(call) == expected


def test_bytes_are_those_of_operands_and_results():
    assert nbytes(call("dense", (5, 3), (3, 4), result=(5, 4))) == 4 * (15 + 12 + 20)


@pytest.mark.parametrize("compiled", [True, False])
def test_every_kernel_of_the_step_is_there(make, compiled):
    model = make("pooled convolutions") if compiled else MODELS["pooled convolutions"]()
    rows, memory = plan_rows(model, batch_size=4)
    kernels = [row.kernel for row in rows]
    assert kernels[0] == "conv2d_relu_max_pool"
    assert rows[0].replaces == "conv2d, relu, max_pool2d"
    assert ("sgd_update" in kernels) == compiled
    algorithms = {row.kernel: row.algorithm for row in rows}
    assert algorithms.get("conv2d_weight_grad_of_pool") == ("sparse" if compiled else None)
    assert {"conv2d", "dense"} <= {row.layer.rstrip("_0123456789") for row in rows}
    assert all(row.seconds > 0 and row.bytes > 0 and row.algorithm and row.reason for row in rows)
    assert memory > 0


def test_the_model_is_as_it_was(make, batch):
    model = make("dropout", "adam")
    x, y = batch(model, 6)
    model.fit(x, y, verbose=0)
    weights, state = model.get_weights(), {name: np.copy(array) for name, array in model.optimizer.state().items()}
    plan_rows(model, batch_size=4)
    for found, expected in zip(model.get_weights(), weights):
        np.testing.assert_array_equal(found, expected)
    for name, array in model.optimizer.state().items():
        np.testing.assert_array_equal(array, state[name])


def test_the_table_sums_up(make):
    model, console = make("dense layers"), Console(file=io.StringIO(), width=160)
    rows, memory = plan_rows(model, batch_size=4)
    print_rows(model, 4, rows, memory, console)
    text = console.file.getvalue()
    assert f"{len(rows)} calls" in text
    assert "sparse_softmax_cross_entropy" in text
    assert f"batch {4}" in text
