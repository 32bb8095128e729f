"""The tape: what `backward` adds to which tensor, what it keeps, what it frees, and what it refuses."""

import gc
import itertools
import weakref

import numpy as np
import pytest

from minicnn import ShapeError, Tensor, device, no_grad, ops
from minicnn.tensor import is_grad_enabled


@pytest.fixture(autouse=True)
def portable():
    with device("portable"):
        yield


def leaf(values, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


class TestTensor:
    @pytest.mark.parametrize(
        ("data", "dtype"),
        [(1.0, "float32"), ([1, 2], "float32"), (np.array([1, 2]), "int64"), (np.array([1.5]), "float64")],
    )
    def test_lists_become_float32_and_arrays_keep_their_dtype(self, data, dtype):
        assert Tensor(data).dtype == dtype

    def test_tensor_of_a_tensor_has_its_numbers(self):
        x = leaf([1.0, 2.0])
        assert Tensor(x).data is x.data

    def test_text_is_refused(self):
        with pytest.raises(TypeError, match="cannot make a tensor of str"):
            Tensor("ten")

    def test_integers_cannot_have_gradients(self):
        with pytest.raises(TypeError, match="only floating-point tensors can have gradients, got int64"):
            Tensor(np.array([1, 2]), requires_grad=True)

    def test_iterates_over_its_first_axis(self):
        assert [row.shape for row in leaf([[1, 2, 3], [4, 5, 6]])] == [(3,), (3,)]

    def test_a_scalar_has_no_length(self):
        with pytest.raises(TypeError, match="no length"):
            len(leaf(1.0))

    def test_repr_names_the_operation(self):
        assert "op=Multiply" in repr(leaf(1.0) * 2.0)
        assert "name='w'" in repr(Tensor(1.0, name="w"))

    @pytest.mark.parametrize("shape", [(3, 2), (-1,), (6, 1, 1)])
    def test_reshape_takes_numbers_or_a_tuple(self, shape):
        x = leaf([[1, 2, 3], [4, 5, 6]])
        expected = x.data.reshape(shape)
        assert np.array_equal(x.reshape(*shape).data, expected)
        assert np.array_equal(x.reshape(shape).data, expected)

    def test_detach_cuts_the_tape(self):
        x = leaf([1.0, 2.0])
        y = (x * 3.0).detach()
        assert not y.requires_grad
        assert y.op is None


class TestBackward:
    def test_three_numbers(self):
        x, w, b = leaf(2.0), leaf(3.0), leaf(1.0)
        loss = abs(4.0 - (x * w + b))
        loss.backward()
        assert (loss.item(), x.grad, w.grad, b.grad) == (3.0, 3.0, 2.0, 1.0)

    def test_upstream_gradient_is_carried_back(self):
        x = leaf([1.0, 2.0, 3.0])
        (x * x).backward([10.0, -1.0, 0.5])
        assert x.grad.tolist() == [20.0, -4.0, 3.0]

    def test_of_a_leaf_is_the_upstream_gradient(self):
        x = leaf([1.0, 2.0])
        x.backward([3.0, -4.0])
        assert x.grad.tolist() == [3.0, -4.0]

    def test_upstream_gradient_is_copied(self):
        x, upstream = leaf([1.0, 2.0]), np.array([3.0, 4.0])
        (x + 1.0).backward(upstream)
        upstream[:] = 0
        assert x.grad.tolist() == [3.0, 4.0]

    @pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
    def test_one_element_needs_no_upstream_gradient(self, shape):
        x = leaf(np.full(shape, 3.0))
        (x * x).backward()
        assert x.grad.shape == shape
        assert x.grad.item() == 6.0

    def test_tensor_used_twice_by_one_operation(self):
        x = leaf([3.0])
        (x * x).backward()
        assert x.grad.tolist() == [6.0]

    def test_tensor_added_to_itself(self):
        x = leaf([3.0])
        (x + x).backward()
        assert x.grad.tolist() == [2.0]

    def test_intermediate_used_twice_by_one_operation(self):
        x = leaf([3.0])
        y = x * 2.0
        (y * y).backward()
        assert y.grad.tolist() == [12.0]
        assert x.grad.tolist() == [24.0]

    def test_diamond(self):
        # z = x³ + 5x² by two ways from y = x²
        x = leaf(3.0)
        y = x * x
        z = y * x + y * 5.0
        z.backward()
        assert x.grad == 3 * 3.0**2 + 10 * 3.0
        assert y.grad == 3.0 + 5.0

    def test_chain_of_diamonds_is_walked_once_a_node(self):
        # 2⁶⁰ paths, 60 nodes
        x = leaf(1.0)
        y = x
        for _ in range(60):
            y = y + y
        y.backward()
        assert x.grad == 2.0**60

    def test_long_and_short_way_to_one_tensor(self):
        # the short way must wait for the long one before it goes on from y
        x = leaf(2.0)
        y = x * 3.0
        long = y
        for _ in range(10):
            long = long * 2.0
        (y + long).backward()
        assert y.grad == 1 + 2**10
        assert x.grad == 3 * (1 + 2**10)

    def test_twenty_thousand_operations_deep(self):
        x = leaf(1.0)
        y = x
        for _ in range(20_000):
            y = y + 1.0
        y.backward()
        assert y.item() == 20_001.0
        assert x.grad == 1.0

    def test_a_deep_tape_can_be_dropped_without_backward(self):
        y = leaf(1.0)
        for _ in range(20_000):
            y = -y
        y = None
        gc.collect()

    def test_intermediates_get_gradients(self):
        x = leaf([1.0, 2.0])
        h = x * 3.0
        y = h * h
        y.backward([1.0, 10.0])
        assert y.grad.tolist() == [1.0, 10.0]
        assert h.grad.tolist() == [6.0, 120.0]
        assert x.grad.tolist() == [18.0, 360.0]

    def test_two_losses_add_up(self):
        x = leaf(3.0)
        (x * x).backward()
        (x * 5.0).backward()
        assert x.grad == 6.0 + 5.0

    def test_gradient_starts_anew_after_none(self):
        x = leaf(3.0)
        (x * x).backward()
        x.grad = None
        (x * 5.0).backward()
        assert x.grad == 5.0

    def test_adding_up_leaves_the_earlier_array_alone(self):
        x = leaf([3.0])
        (x * 5.0).backward()
        earlier = x.grad
        (x * 7.0).backward()
        assert earlier.tolist() == [5.0]

    def test_two_losses_share_an_intermediate(self):
        x = leaf(3.0)
        h = x * x
        first, second = h * 2.0, h * h
        first.backward(retain_graph=True)
        second.backward()
        assert h.grad == 2.0 + 2 * 9.0
        assert x.grad == (2.0 + 2 * 9.0) * 6.0

    def test_sharing_without_retain_graph_is_an_error(self):
        x = leaf(3.0)
        h = x * x
        first, second = h * 2.0, h + 1.0
        first.backward()
        with pytest.raises(RuntimeError, match="the tape behind Multiply was freed by an earlier backward"):
            second.backward()
        assert x.grad == 12.0

    def test_twice_is_an_error(self):
        y = leaf(3.0) * 2.0
        y.backward()
        with pytest.raises(RuntimeError, match="retain_graph=True"):
            y.backward()

    def test_twice_with_retain_graph_doubles(self):
        x = leaf([3.0, -1.0])
        y = x * x
        y.backward([1.0, 2.0], retain_graph=True)
        y.backward([1.0, 2.0])
        assert x.grad.tolist() == [12.0, -8.0]
        with pytest.raises(RuntimeError, match="freed"):
            y.backward([1.0, 2.0])

    def test_only_what_requires_it_gets_a_gradient(self):
        x, constant = leaf([2.0]), Tensor(np.array([5.0]))
        (x * constant).backward()
        assert x.grad.tolist() == [5.0]
        assert constant.grad is None

    def test_an_intermediate_taken_off_the_tape_stops_the_walk(self):
        x, w = leaf(2.0), leaf(3.0)
        y = x * x
        y.requires_grad = False
        (y * w).backward()
        assert w.grad == 4.0
        assert x.grad is None

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_dtype_is_kept(self, dtype):
        x = leaf([[1.0, -2.0], [0.5, 3.0]], dtype)
        h = ops.tanh(x @ x) * 2.0 - 1
        loss = (1.0 / (h * h + 1.0) ** 2).mean()
        loss.backward()
        assert (h.dtype, loss.dtype, h.grad.dtype, x.grad.dtype) == (dtype,) * 4


class TestBackwardRefuses:
    def test_nothing_to_differentiate(self):
        with pytest.raises(RuntimeError, match="no input of this computation has requires_grad=True"):
            (Tensor(1.0) * 2.0).backward()

    def test_more_than_one_element_without_upstream_gradient(self):
        with pytest.raises(RuntimeError, match=r"shape \(2,\) needs the upstream gradient.*\.mean\(\)"):
            (leaf([1.0, 2.0]) * 2.0).backward()

    @pytest.mark.parametrize("upstream", [1.0, [1.0], [[1.0, 1.0]], [1.0, 1.0, 1.0]])
    def test_upstream_gradient_of_another_shape(self, upstream):
        with pytest.raises(ShapeError, match=r"must have shape \(2,\), got"):
            (leaf([1.0, 2.0]) * 2.0).backward(upstream)

    def test_mixed_dtypes(self):
        with pytest.raises(TypeError, match=r"mixed dtypes \(a float32, b float64\)"):
            leaf([1.0], np.float32) + leaf([1.0], np.float64)


class TestOperands:
    def test_numbers_on_both_sides(self):
        x = leaf([2.0, 4.0])
        results = [x + 1, 1 + x, x - 1, 1 - x, x * 3, 3 * x, x / 2, 2 / x]
        expected = [[3, 5], [3, 5], [1, 3], [-1, -3], [6, 12], [6, 12], [1, 2], [1, 0.5]]
        assert [y.data.tolist() for y in results] == expected

    @pytest.mark.parametrize(
        ("function", "gradient"),
        [
            (lambda x: x + 1, [1, 1]),
            (lambda x: 1 - x, [-1, -1]),
            (lambda x: 3 * x, [3, 3]),
            (lambda x: 2 / x, [-0.5, -0.125]),
            (lambda x: x / 2, [0.5, 0.5]),
            (lambda x: x**3, [12, 48]),
            (lambda x: -x, [-1, -1]),
            (lambda x: abs(-x), [1, 1]),
        ],
    )
    def test_gradients_with_numbers(self, function, gradient):
        x = leaf([2.0, 4.0])
        function(x).backward([1.0, 1.0])
        assert x.grad.tolist() == gradient

    @pytest.mark.parametrize(
        "number", [2, 2.0, np.float32(2), np.float64(2), np.int64(2)], ids=lambda n: type(n).__name__
    )
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_any_number_takes_the_tensors_dtype(self, number, dtype):
        x = leaf([3.0], dtype)
        for y in (x * number, number * x):
            assert isinstance(y, Tensor)
            assert y.dtype == dtype
            assert y.data.tolist() == [6.0]

    def test_array_on_the_left(self):
        x = leaf([[2.0, 4.0], [1.0, 3.0]])
        array = np.array([[1.0, 2.0], [3.0, 5.0]])
        for y, expected in [
            (array + x, array + x.data),
            (array - x, array - x.data),
            (array * x, array * x.data),
            (array / x, array / x.data),
            (array @ x, array @ x.data),
        ]:
            assert isinstance(y, Tensor)
            assert y.requires_grad
            assert np.array_equal(y.data, expected)

    def test_array_on_the_left_passes_gradients(self):
        x = leaf([2.0, 4.0])
        (np.array([10.0, 20.0]) - x).backward([1.0, 3.0])
        assert x.grad.tolist() == [-1.0, -3.0]

    def test_operations_take_arrays_alone(self):
        assert ops.add(np.array([1.0]), np.array([2.0])).data.tolist() == [3.0]
        assert ops.add(1.0, 2.0).dtype == np.float32


SHAPES = [(), (1,), (3,), (1, 1), (1, 3), (2, 1), (2, 3), (4, 1, 1), (4, 2, 3), (1, 2, 1)]


class TestBroadcasting:
    """The gradient of a repeated operand is the sum over its copies: Σ of the gradient of an explicit repetition."""

    @pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "divide"])
    @pytest.mark.parametrize(("a_shape", "b_shape"), list(itertools.product(SHAPES, SHAPES)))
    def test_gradients(self, a_shape, b_shape, operation):
        rng = np.random.default_rng(0)
        a, b = leaf(rng.standard_normal(a_shape)), leaf(rng.uniform(1, 2, b_shape))
        y = getattr(ops, operation)(a, b)
        assert y.shape == np.broadcast_shapes(a_shape, b_shape)
        dy = rng.standard_normal(y.shape)
        y.backward(dy)
        da, db = {
            "add": (dy, dy),
            "subtract": (dy, -dy),
            "multiply": (dy * b.data, dy * a.data),
            "divide": (dy / b.data, -dy * a.data / b.data**2),
        }[operation]
        np.testing.assert_allclose(a.grad, summed(da, a_shape), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(b.grad, summed(db, b_shape), rtol=1e-12, atol=1e-12)

    def test_shapes_that_do_not_broadcast(self):
        with pytest.raises(ShapeError, match=r"shapes \(2, 3\) and \(2,\) do not broadcast"):
            leaf(np.ones((2, 3))) + leaf(np.ones(2))


def summed(gradient, shape):
    """Σ over the copies, cell by cell: every cell of `gradient` belongs to the operand's cell it was copied from."""
    owner = np.broadcast_to(np.arange(int(np.prod(shape))).reshape(shape), gradient.shape)
    return np.bincount(owner.ravel(), gradient.ravel()).reshape(shape)


class TestNoGrad:
    def test_records_nothing(self):
        x = leaf([1.0])
        with no_grad():
            y = x * 2.0
        assert not y.requires_grad
        assert y.op is None
        assert (x * 2.0).requires_grad

    def test_as_decorator(self):
        @no_grad()
        def double(x):
            return x * 2.0

        for _ in range(2):
            assert not double(leaf([1.0])).requires_grad
            assert is_grad_enabled()

    def test_nested(self):
        with no_grad():
            with no_grad():
                pass
            assert not is_grad_enabled()
        assert is_grad_enabled()

    def test_ends_with_an_exception(self):
        with pytest.raises(KeyError), no_grad():
            raise KeyError
        assert is_grad_enabled()

    def test_decorated_function_that_raises(self):
        @no_grad()
        def fail():
            raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert is_grad_enabled()

    def test_backward_of_an_earlier_tape_works_inside(self):
        x = leaf(3.0)
        y = x * x
        with no_grad():
            y.backward()
        assert x.grad == 6.0


class TestMemory:
    """What an operation saved lives until the backward pass, and not longer."""

    def test_backward_frees_what_was_saved(self):
        x = leaf(np.ones((3, 3)))
        h = ops.exp(x)
        saved = weakref.ref(h.data)
        loss = (h * h).sum()
        del h
        assert saved() is not None
        loss.backward()
        gc.collect()
        assert saved() is None

    def test_a_result_that_lives_on_lets_go_of_what_its_operation_saved(self):
        x = leaf(np.ones((3, 3)))
        h = ops.exp(x)
        saved = weakref.ref(h.data)
        y = h * h
        del h
        y.sum().backward()
        assert saved() is None
        assert y.grad.shape == (3, 3)

    def test_retain_graph_keeps_it(self):
        x = leaf(np.ones((3, 3)))
        h = ops.exp(x)
        saved = weakref.ref(h.data)
        loss = (h * h).sum()
        del h
        loss.backward(retain_graph=True)
        gc.collect()
        assert saved() is not None

    def test_no_grad_keeps_nothing(self):
        x = leaf(np.ones((3, 3)))
        with no_grad():
            h = ops.exp(x)
            saved = weakref.ref(h.data)
            y = h * 2.0
        del h
        assert saved() is None
        assert y.shape == (3, 3)

    def test_freeing_needs_no_garbage_collector(self):
        gc.disable()
        try:
            x = leaf(np.ones((3, 3)))
            h = ops.tanh(x)
            saved = weakref.ref(h.data)
            loss = h.sum()
            del h
            loss.backward()
            assert saved() is None
        finally:
            gc.enable()


class Double(ops.Op):
    """A custom operation whose backward returns what the test wants."""

    def __init__(self, gradients):
        self.gradients = gradients

    def forward(self, k, x):
        return k.add(x, x)

    def backward(self, k, dy):
        return self.gradients(dy)


class TestCustomOp:
    def test_right_gradient(self):
        x = leaf([1.0, 2.0])
        Double(lambda dy: (dy + dy,))(x).backward([1.0, -3.0])
        assert x.grad.tolist() == [2.0, -6.0]

    @pytest.mark.parametrize("shape", [(), (1, 2), (3,)])
    def test_gradient_of_a_wrong_shape(self, shape):
        y = Double(lambda dy: (np.ones(shape),))(leaf([1.0, 2.0]))
        with pytest.raises(
            ShapeError, match=r"Double.backward returned a gradient of shape .* an input of shape \(2,\)"
        ):
            y.backward([1.0, 1.0])

    def test_no_gradient_where_one_is_needed(self):
        with pytest.raises(ShapeError, match=r"Double.backward returned a gradient of shape None"):
            Double(lambda dy: (None,))(leaf([1.0])).backward()

    @pytest.mark.parametrize("gradients", [lambda dy: dy, lambda dy: (), lambda dy: (dy, dy)])
    def test_wrong_number_of_gradients(self, gradients):
        with pytest.raises(TypeError, match=r"Double.backward must return a tuple of 1"):
            Double(gradients)(leaf([1.0])).backward()

    def test_one_instance_makes_one_node(self):
        op, x = Double(lambda dy: (dy + dy,)), leaf([1.0])
        op(x)
        with pytest.raises(RuntimeError, match="this Double is already a node of the tape; make a new one a call"):
            op(x)
