"""gradcheck must believe right gradients, find planted wrong ones and say where, and not be fooled by kinks."""

import math
import re

import numpy as np
import pytest

import minicnn
from minicnn import GradientError, Tensor, device, gradcheck, no_grad, ops
from minicnn.device import current


class Planted(ops.Op):
    """a·b by matrix product with whatever gradients the test plants."""

    def __init__(self, da=None, db=None):
        self.da = da or (lambda dy, a, b: dy @ b.T)
        self.db = db or (lambda dy, a, b: a.T @ dy)

    def forward(self, k, a, b):
        self.save(a, b)
        return k.matmul(a, b)

    def backward(self, k, dy):
        a, b = self.saved
        return self.da(dy, a, b), self.db(dy, a, b)


def point(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def wrong_at(index, factor):
    def db(dy, a, b):
        gradient = a.T @ dy
        gradient[index] *= factor
        return gradient

    return db


class TestFindsPlantedErrors:
    def check(self, match, shapes=((3, 4), (4, 4)), **planted):
        with pytest.raises(GradientError, match=match):
            gradcheck(lambda a, b: Planted(**planted)(a, b), *point(*shapes))

    def test_transposed(self):
        self.check(r"input 1 \(b, shape \(4, 4\)\): worst at index", db=lambda dy, a, b: (a.T @ dy).T)

    def test_scaled(self):
        self.check(r"input 0 \(a, shape \(3, 4\)\).*12 of 12 elements", da=lambda dy, a, b: 1.001 * dy @ b.T)

    def test_scaled_a_little(self):
        self.check(r"input 0 \(a", da=lambda dy, a, b: (1 + 1e-5) * dy @ b.T)

    def test_missing_term(self):
        self.check(r"input 1 \(b", db=lambda dy, a, b: a[1:].T @ dy[1:])

    def test_missing_altogether(self):
        self.check(r"backward\(\) gives 0 and", da=lambda dy, a, b: np.zeros(a.shape))

    def test_wrong_sign_at_one_index(self):
        self.check(r"worst at index \(2, 3\), where.*; 1 of 16 elements", db=wrong_at((2, 3), -1))

    def test_wrong_sign_at_one_index_of_many(self):
        shapes = ((3, 40), (40, 50))
        self.check(r"worst at index \(29, 47\), where.*; 1 of \d+ elements", shapes, db=wrong_at((29, 47), -1))

    def test_the_worst_of_several_is_named(self):
        def db(dy, a, b):
            gradient = a.T @ dy
            gradient[0, 1] += 0.1
            gradient[2, 3] += 10
            gradient[3, 0] -= 1
            return gradient

        self.check(r"worst at index \(2, 3\), where.*off by 10; 3 of 16 elements", db=db)

    def test_nan(self):
        self.check(r"gradient for input 1 \(b\) is nan at index \(2, 3\)", db=wrong_at((2, 3), math.nan))

    def test_detached(self):
        with pytest.raises(GradientError, match=r"input 0 \(x, shape \(5,\)\)"):
            gradcheck(lambda x: x * x.detach(), *point(5))

    def test_detached_altogether(self):
        with pytest.raises(GradientError, match=r"backward\(\) gives 0"):
            gradcheck(lambda x: x.detach() * 2.0, *point(5))

    def test_upstream_gradient_is_not_the_users_random_stream(self):
        # with u = a the gradient aᵀu is symmetric and a transposition would not show
        for seed in range(3):
            with pytest.raises(GradientError):
                gradcheck(
                    lambda a, b: Planted(db=lambda dy, a, b: (a.T @ dy).T)(a, b),
                    *point((3, 4), (4, 4), seed=seed),
                    seed=seed,
                )

    def test_message_tells_both_values_and_the_difference(self):
        class Square(ops.Op):
            def forward(self, k, x):
                self.save(x)
                return k.multiply(x, x)

            def backward(self, k, dy):
                (x,) = self.saved
                return (dy * x,)  # 2 is missing

        with pytest.raises(GradientError) as caught:
            gradcheck(lambda pixels: Square()(pixels), 3.0)
        message = re.fullmatch(
            r"wrong gradient for input 0 \(pixels, shape \(\)\): worst at index \(\), where backward\(\) gives (\S+) "
            r"and finite differences give (\S+), off by (\S+); 1 of 1 elements looked at are wrong",
            str(caught.value),
        )
        analytic, numeric, difference = map(float, message.groups())
        assert numeric == pytest.approx(2 * analytic, rel=1e-6)
        assert difference == pytest.approx(abs(analytic), rel=1e-2)

    def test_is_an_assertion(self):
        assert issubclass(GradientError, AssertionError)


class TestAcceptsRightGradients:
    def test_reports_every_input(self):
        report = gradcheck(lambda a, b: Planted()(a, b), *point((3, 4), (4, 4)), directions=5)
        assert report.directions == 5
        assert report.kinks == {"a": 0, "b": 0}
        assert all(error < 1e-6 for error in report.errors.values())

    @pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 3, 1, 5)])
    def test_shapes(self, shape):
        assert gradcheck(ops.tanh, *point(shape)).errors["x"] < 1e-6

    def test_strong_curvature(self):
        gradcheck(lambda x: ops.exp(x * 8.0), *point(6))

    def test_constant_and_identity(self):
        gradcheck(lambda x: x * 0.0, *point(4))
        gradcheck(lambda x: x, *point(4))

    def test_unused_input(self):
        assert gradcheck(lambda x, unused: x * 2.0, *point(4, 5)).errors == {"x": 0.0, "unused": 0.0}

    def test_integer_inputs_are_passed_on(self):
        labels = np.array([2, 0, 1])
        report = gradcheck(lambda z, t: ops.softmax_cross_entropy(z, t.data), *point((3, 4)), labels)
        assert list(report.errors) == ["z"]

    def test_inputs_without_a_parameter_name(self):
        assert list(gradcheck(lambda *xs: ops.concatenate(xs), *point((2, 3), (2, 1))).errors) == ["input 0", "input 1"]

    def test_float32_tensors_are_checked_in_float64(self):
        x = Tensor([1.0, 2.0], requires_grad=True)
        seen = []
        gradcheck(lambda t: seen.append(t.dtype) or t * t, x)
        assert set(map(str, seen)) == {"float64"}
        assert x.dtype == np.float32


class TestKinks:
    def test_corner_is_not_a_failure_and_is_counted(self):
        report = gradcheck(ops.relu, np.array(0.0))
        assert report.kinks == {"x": 8}
        assert math.isnan(report.errors["x"])

    @pytest.mark.parametrize("function", [ops.relu, lambda x: ops.leaky_relu(x, 0.1), lambda x: ops.clip(x, -1.0, 1.0)])
    def test_the_smooth_elements_around_a_corner_are_checked(self, function):
        report = gradcheck(function, np.array([0.0, 1.5, -2.0, 0.3, -0.1, 1.0, 4.0]), directions=20)
        assert report.kinks["x"] < 20
        assert report.errors["x"] < 1e-6

    def test_a_wrong_gradient_beside_a_corner_is_found(self):
        class WrongReLU(ops.Op):
            def forward(self, k, x):
                self.save(x)
                return k.relu(x)

            def backward(self, k, dy):
                (x,) = self.saved
                return (np.where(x > 0, dy, 0.1 * dy),)

        with pytest.raises(GradientError, match=r"worst at index \([24],\)"):
            gradcheck(lambda x: WrongReLU()(x), np.array([0.0, 1.5, -2.0, 0.3, -0.1, 0.0]), directions=20)

    def test_ties_of_a_pooling(self):
        x = np.random.default_rng(0).integers(0, 3, (2, 6, 6, 3)).astype(np.float64)
        gradcheck(lambda t: ops.max_pool2d(t, 2), x)

    def test_a_corner_closer_than_the_step_is_stepped_under(self):
        report = gradcheck(ops.relu, np.array([2e-6, -2e-6, 1.0]))
        assert report.kinks == {"x": 0}
        assert report.errors["x"] < 1e-6

    def test_curvature_is_not_taken_for_a_kink(self):
        class Steep(ops.Op):
            def forward(self, k, x):
                self.save(x)
                return np.sin(1000 * x)

            def backward(self, k, dy):
                (x,) = self.saved
                return (990 * dy * np.cos(1000 * x),)

        with pytest.raises(GradientError):
            gradcheck(lambda x: Steep()(x), np.array([0.3]))


class TestRefuses:
    def test_nan_result(self):
        with (
            pytest.raises(ValueError, match=r"the function gives nan at index \(1,\)"),
            np.errstate(invalid="ignore"),
        ):
            gradcheck(ops.log, np.array([1.0, -1.0]))

    def test_infinite_result(self):
        with pytest.raises(ValueError, match=r"gives inf at index \(\)"), np.errstate(over="ignore"):
            gradcheck(ops.exp, 1e4)

    def test_random_function(self):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match="different values for the same input"):
            gradcheck(lambda x: ops.dropout(x, 0.5, rng), np.ones(50))

    def test_function_of_the_wrong_kind(self):
        with pytest.raises(TypeError, match="must return a float64 tensor"):
            gradcheck(lambda x: x.data, 1.0)

    def test_under_no_grad(self):
        with no_grad(), pytest.raises(RuntimeError, match="outside no_grad"):
            gradcheck(ops.exp, 1.0)


class TestLeavesNoTrace:
    def test_device_is_restored(self):
        with device("portable"):
            before = minicnn.device("reference")
            gradcheck(ops.exp, 1.0)
            assert current() == before.name
            with pytest.raises(TypeError):
                gradcheck(lambda x: 1.0, 1.0)
            assert current() == before.name

    def test_gradients_of_closed_over_tensors_are_restored(self):
        w = Tensor(np.array([2.0, 3.0]), requires_grad=True)
        fresh = Tensor(np.array([2.0, 3.0]), requires_grad=True)
        w.grad = np.array([7.0, 8.0])
        gradcheck(lambda x: x * w * fresh, *point(2))
        assert w.grad.tolist() == [7.0, 8.0]
        assert fresh.grad is None

    def test_the_tape_of_closed_over_tensors_survives(self):
        w = Tensor(np.array([2.0, 3.0]), requires_grad=True)
        with device("portable"):
            squared = w * w
            gradcheck(lambda x: x * squared, *point(2))
            squared.backward([1.0, 1.0])
        assert w.grad.tolist() == [4.0, 6.0]

    def test_inputs_are_not_touched(self):
        x = Tensor(np.array([2.0, 3.0]), requires_grad=True)
        gradcheck(ops.exp, x)
        assert x.grad is None
        assert x.data.tolist() == [2.0, 3.0]

    def test_same_seed_same_report(self):
        first, second = (gradcheck(ops.tanh, *point(9), seed=3) for _ in range(2))
        assert first == second
