"""The whole: nothing fails that is right, what is planted is found and shrunk, and a seed says it all."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import strategies as st

from minicnn.kernels.contract import KERNELS
from minicnn.ops.sigmoid import Sigmoid
from minicnn.verify import Case, Verdict, run
from minicnn.verify.case import arrays_in
from minicnn.verify.checks import Check, all_checks, of_operation
from minicnn.verify.operations import OPERATIONS
from minicnn.verify.results import Results
from minicnn.verify.run import Budget, verify

FEW = 5


@pytest.fixture(scope="module")
def all_of_it():
    """Every check a few times, on every backend of the host, without TensorFlow."""
    results = Results()
    checks = all_checks(["reference", "portable", "cpu"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "BATCH", FEW)
        verify(checks, results, Budget(cases=FEW * len(checks)))
    return results


def test_everything_is_within_its_bounds(all_of_it):
    assert [f"{failure.column}: {failure.verdict}\n{failure.program()}" for failure in all_of_it.failures] == []
    assert all(cell.worst <= 1 for cell in all_of_it.cells.values())


def test_everything_has_its_turn_on_every_backend(all_of_it):
    columns = {"reference float32", "portable float32", "portable float64", "cpu float32"}
    rows = {("kernel", name) for name in KERNELS} | {("gradient", name) for name in OPERATIONS}
    assert {(kind, name, column) for kind, name in rows for column in columns} == all_of_it.cells.keys()
    assert all(cell.cases >= FEW for cell in all_of_it.cells.values())


# Planted bugs: kernel, the wrong one, the most numbers that the shrunk case may have


def crops_the_wrong_side(right, dy, w, *, pads, **options):
    return right(dy, w, pads=(pads[0][::-1], pads[1]), **options)


def swaps_strides(right, x, w, b, *, strides, **options):
    return right(x, w, b, strides=strides[::-1], **options)


def ignores_dilation(right, x, dy, *, dilation, **options):
    return right(x, dy, dilation=(1, 1), **options)


def lets_the_last_maximum_win(right, x):
    y, _ = right(x)
    return y, x.shape[1] * x.shape[2] - 1 - right(x[:, ::-1, ::-1])[1]


def loses_nan(right, x):
    return np.asarray(np.fmax(x, 0))


def misses_the_last_row_of_odd_sizes(right, x, *, axis, keepdims):
    odd = axis and x.shape[axis[0]] % 2 and x.shape[axis[0]] > 1
    return right(x.take(range(x.shape[axis[0]] - 1), axis[0]) if odd else x, axis=axis, keepdims=keepdims)


def forgets_what_was_there(right, dy, *, key, shape):
    dx = np.zeros(shape, dy.dtype)
    dx[key] = dy
    return dx


def sums_in_half_precision(right, a, b):
    return right(a.astype("float16"), b.astype("float16")).astype(a.dtype)


def counts_the_padding(right, x, *, pool_size, pads, **options):
    padded = np.pad(x, ((0, 0), *pads, (0, 0)))
    return right(padded, pool_size=pool_size, pads=((0, 0), (0, 0)), **options)


def overflows(right, x):
    with np.errstate(all="ignore"):
        return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def forgets_the_bias_correction(right, *arrays, step, **options):
    right(*arrays, step=10**6, **options)


#: numbers in the arrays of a case that has been shrunk: how few depends on what hypothesis happened to draw
FEW = 12

BUGS = [
    ("conv2d_input_grad", crops_the_wrong_side),
    ("conv2d", swaps_strides),
    ("conv2d_weight_grad", ignores_dilation),
    ("global_max_pool2d", lets_the_last_maximum_win),
    ("relu", loses_nan),
    ("sum", misses_the_last_row_of_odd_sizes),
    ("getitem_grad", forgets_what_was_there),
    ("matmul", sums_in_half_precision),
    ("avg_pool2d", counts_the_padding),
    ("softmax", overflows),
    ("adam_update", forgets_the_bias_correction),
]


@pytest.mark.parametrize(("kernel", "wrong"), BUGS, ids=[bug.__name__ for _, bug in BUGS])
def test_a_planted_bug_is_found_and_shrunk(plant, kernel, wrong):
    plant(kernel, wrong)
    results = Results()
    checks = [check for check in all_checks(["portable"]) if (check.kind, check.name) == ("kernel", kernel)]
    verify(checks, results, Budget(cases=300))
    failures = results.failures
    assert failures
    assert min(sum(array.size for array in arrays_in(failure.case.args)) for failure in failures) <= FEW


def test_a_wrong_gradient_is_found_and_shrunk(monkeypatch, verified):
    monkeypatch.setattr(Sigmoid, "backward", lambda self, k, dy: (k.multiply(dy, self.saved[0]),))
    failures = verified("sigmoid", cases=200).failures
    assert {(failure.check.kind, failure.column) for failure in failures} == {
        ("gradient", "portable float32"),
        ("gradient", "portable float64"),
    }
    assert all(failure.case.args[0].size == 1 for failure in failures)


def test_the_program_shows_the_failure(plant, verified):
    """Run without the bug, it says that all is right; its words are those of the failure otherwise."""
    plant("relu", loses_nan)
    failure = verified("relu", cases=200).failures[0]
    done = subprocess.run([sys.executable, "-c", failure.program()], capture_output=True, text=True, check=True)
    assert done.stdout == "right: the largest error is 0 of its bound\n"
    exec(failure.program(), {"print": (said := []).append})
    assert str(said[0]) == failure.verdict.problem == "result 0 at []: got 0.0, expected nan, error inf, bound 0"


def test_other_backends_go_on_where_one_failed(plant):
    plant("relu", loses_nan)
    results = Results()
    verify(of_operation(all_checks(["reference", "portable"]), "relu"), results, Budget(cases=400))
    failed, right = (
        results.cells["kernel", "relu", "portable float32"],
        results.cells["kernel", "relu", "reference float32"],
    )
    assert failed.failure
    assert not right.failure
    assert right.cases > failed.cases


@dataclass
class Remembering:
    """An expectation that all is right, and a list of what it was asked about."""

    case: Case
    seen: list

    def verdict(self, name):
        self.seen.append(self.case.code())
        return Verdict()


def drawn(seed, cases=60):
    seen = []
    checks = [
        check._replace(expectation=lambda case: Remembering(case, seen))
        for check in of_operation(all_checks(["portable"]), "conv2d")
    ]
    verify(checks, Results(), Budget(cases=cases), seed)
    return seen


def test_the_same_seed_draws_the_same_cases():
    assert drawn(seed=1) == drawn(seed=1)
    assert drawn(seed=1) != drawn(seed=2)


def test_later_turns_draw_other_cases():
    seen = drawn(seed=1, cases=400)
    assert len(set(seen)) > len(seen) / 2


def test_the_budget():
    assert len(drawn(seed=0, cases=7)) == 7
    results = Results()
    verify(all_checks(["portable"]), results, Budget(deadline=0))
    assert results.cases == 0


class Unsteady:
    """Fails the first time, and never again."""

    def __init__(self):
        self.asked = 0

    def verdict(self, name):
        self.asked += 1
        return Verdict(2.0, "wrong this once") if self.asked == 1 else Verdict()


def test_a_failure_that_does_not_come_back_is_a_failure_too():
    unsteady = Unsteady()
    case = Case("relu", "float32", [np.zeros(1, "float32")])
    check = Check("relu", "kernel", st.just(case), lambda case: unsteady, {"portable float32": "portable"})
    results = Results()
    verify([check], results, Budget(cases=5))
    assert [failure.verdict.problem for failure in results.failures] == ["wrong this once"]
