"""Functions compiled before they are needed, in this process and in others."""

import numpy as np
import pytest

from minicnn.kernels import cpu
from minicnn.kernels.cpu import prepare, processes
from minicnn.kernels.cpu.activation import _relu
from minicnn.kernels.cpu.capture import Capture
from minicnn.kernels.cpu.compile import compiled
from minicnn.kernels.cpu.entry import EntryPoint
from minicnn.kernels.cpu.fill import _clear
from minicnn.kernels.cpu.optimizer import _sgd
from minicnn.kernels.cpu.parallel import parallel, unpack
from minicnn.kernels.cpu.processes import Process


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))


@pytest.fixture
def fresh():
    """Entry points of the package, as a process has them that has not used them yet."""
    return [EntryPoint(kernel.entry_point.function, kernel.entry_point.signature) for kernel in (_relu, _clear, _sgd)]


@parallel("intp[::1]")
def count(worker, workers, arguments):
    (counts,) = unpack(arguments)
    counts[worker] += 1


def test_functions_are_compiled_once(fresh, monkeypatch):
    prepare.prepare([*fresh, *fresh])
    assert all(entry.ready for entry in fresh)
    monkeypatch.setattr(EntryPoint, "compile", None)
    prepare.prepare(fresh)


def test_another_process_compiles_what_it_is_asked_for(fresh):
    reports = []
    with Process(fresh, lambda: reports.append(len(reports))) as process:
        while process.pending:
            process.wait()
    assert all(entry.ready for entry in fresh)
    assert reports == [0, 1, 2]


def test_what_has_not_been_begun_is_taken_back(fresh):
    with Process(fresh, lambda: None) as process:
        assert [process.take_back(), process.take_back()] == fresh[:0:-1]
        while process.pending:
            assert process.take_back() in (None, fresh[0])
    assert not any(entry.ready for entry in fresh[1:])


@pytest.mark.parametrize("program", ["raise SystemExit(1)", "print('no answer')", "import os; os.abort()"])
def test_a_process_that_fails_leaves_its_work_to_this_one(fresh, monkeypatch, program):
    monkeypatch.setattr(processes, "_PROGRAM", program)
    monkeypatch.setattr(prepare, "shares", lambda missing, _: [missing[:1], missing[1:]])
    prepare.prepare(fresh)
    assert all(entry.ready for entry in fresh)


def test_a_process_with_other_sources_is_not_believed(fresh, monkeypatch):
    for entry in fresh:
        entry.key = entry.key + "0"
    with Process(fresh, lambda: None) as process:
        process.wait()
        assert len(process.pending) == len(fresh)


def test_functions_that_no_other_process_finds_are_compiled_here(monkeypatch):
    monkeypatch.setattr(prepare, "shares", lambda missing, _: [[], list(missing)])
    monkeypatch.setattr(count.entry_point.function, "__module__", "nowhere")
    counts = np.zeros(3, np.int64)
    prepare.prepare([count.entry_point])
    count(3, counts)
    assert counts.tolist() == [1, 1, 1]


def test_listeners_are_told_how_far_it_is(fresh, monkeypatch):
    told = []
    monkeypatch.setattr(prepare, "listeners", [lambda *numbers: told.append(numbers), None])
    prepare.prepare(fresh[:1])
    assert told == []
    monkeypatch.setattr(prepare, "_LONG", 0)
    prepare.prepare(fresh)
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_shares_end_at_about_the_same_time(fresh, monkeypatch):
    seconds = dict(zip(fresh, (5.0, 3.0, 2.0)))
    monkeypatch.setattr(prepare, "_seconds", lambda entries: sum(seconds[entry] for entry in entries))
    assert prepare.shares(fresh, 1) == [fresh]
    assert prepare.shares(fresh, 2) == [fresh[:1], fresh[1:]]
    assert prepare.shares(fresh, 9) == [fresh[:1], fresh[1:2], fresh[2:]]
    seconds.update(dict.fromkeys(fresh, 0.1))
    assert prepare.shares(fresh, 2) == [fresh]


@compiled
def helper(number):
    return other_helper(number) + other_helper(number)


@compiled
def other_helper(number):
    return number + 1


def uses_helpers(number):
    return helper(number) + other_helper(number)


def test_helpers_count_once():
    codes = {each.__code__ for each in (uses_helpers, helper.py_func, other_helper.py_func)}
    assert prepare._codes(uses_helpers) == codes


def test_a_capture_compiles_all_its_kernels_before_the_first_one_runs(monkeypatch):
    prepared = []
    monkeypatch.setattr("minicnn.kernels.cpu.capture.prepare", lambda entries: prepared.extend(entries))
    x = np.array([[-1.0, 2.0]], np.float32)
    with Capture():
        y = cpu.relu(x)
        assert not prepared
    assert _relu.entry_point in prepared
    assert y.tolist() == [[0, 2]]
