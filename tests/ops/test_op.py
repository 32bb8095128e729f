"""What holds for every operation: what its node keeps and for how long, and that no gradient is computed in vain."""

import numpy as np
import pytest

from minicnn import Tensor, ops
from minicnn.ops.exp import Exp

C = 3
ROWS = np.random.default_rng(5)
SQUARE = Tensor(ROWS.standard_normal((C, C)))
SCALE, SHIFT = Tensor(ROWS.uniform(1, 2, C)), Tensor(ROWS.standard_normal(C))

#: operations that save numbers, each in a form that keeps the shape (2, 4, 4, C)
SHAPE_KEEPING = {
    "absolute": abs,
    "batch_norm": lambda x: ops.batch_norm(x, SCALE, SHIFT)[0],
    "clip": lambda x: ops.clip(x, -0.7, 0.8),
    "conv2d": lambda x: ops.conv2d(x, x[0, :2, :2, :, None] * SCALE, padding="same"),
    "dense": lambda x: ops.dense(x.reshape(-1, C), SQUARE).reshape(x.shape),
    "divide": lambda x: 1.0 / (x * x + 1.0),
    "exp": lambda x: ops.exp(0.3 * x),
    "global_max_pool2d": lambda x: x - ops.global_max_pool2d(x).reshape(len(x), 1, 1, C),
    "leaky_relu": ops.leaky_relu,
    "log": lambda x: ops.log(x * x + 1.0),
    "log_softmax": lambda x: x * ops.log_softmax(x),
    "matmul": lambda x: (x.reshape(-1, C) @ SQUARE).reshape(x.shape),
    "max_pool2d": lambda x: ops.max_pool2d(x, 2, strides=1, padding="same"),
    "multiply": lambda x: x * x[::-1],
    "power": lambda x: (x * x + 1.0) ** 1.3,
    "relu": ops.relu,
    "sigmoid": ops.sigmoid,
    "softmax": ops.softmax,
    "tanh": ops.tanh,
}


@pytest.mark.parametrize("op", SHAPE_KEEPING.values(), ids=SHAPE_KEEPING)
def test_two_nodes_keep_their_own(op, check, rng):
    check(lambda x: op(0.5 - 1.5 * op(x)[:, ::-1]), rng.standard_normal((2, 4, 4, C)))


def test_two_dropouts_keep_their_own_masks(check, rng):
    def twice(x):
        masks = np.random.default_rng(7)
        return ops.dropout(2.0 * ops.dropout(x, 0.3, masks), 0.3, masks)

    check(twice, rng.standard_normal((2, 4, 4, C)))


#: operations of several inputs, with the inputs' shapes
SEVERAL_INPUTS = {
    "add": (ops.add, [(2, 3), (3,)]),
    "subtract": (ops.subtract, [(2, 3), (3,)]),
    "multiply": (ops.multiply, [(2, 3), (3,)]),
    "divide": (ops.divide, [(2, 3), (3,)]),
    "matmul": (ops.matmul, [(2, 3), (3, 4)]),
    "dense": (ops.dense, [(2, 3), (3, 4), (4,)]),
    "conv2d": (ops.conv2d, [(2, 4, 5, 3), (2, 2, 3, 4), (4,)]),
}


@pytest.mark.parametrize("needed", [0, 1, -1])
@pytest.mark.parametrize("name", SEVERAL_INPUTS)
def test_only_needed_gradients_are_computed(name, needed, rng):
    op, shapes = SEVERAL_INPUTS[name]
    inputs = [Tensor(rng.standard_normal(shape)) for shape in shapes]
    inputs[needed].requires_grad = True
    y = op(*inputs)
    gradients = y.op.backward(y.op.kernels, y.data)
    assert [g is not None for g in gradients] == [x.requires_grad for x in inputs]


def test_keeps_nothing_without_a_gradient_to_come():
    op = Exp()
    op(Tensor([1.0]))
    assert (op.inputs, op.saved, op.freed) == ((), (), True)


def test_an_operation_writes_its_own_formulas():
    with pytest.raises(NotImplementedError):
        ops.Op()(Tensor([1.0]))
    with pytest.raises(NotImplementedError):
        ops.Op().backward(None, None)
