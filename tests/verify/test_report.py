"""The results as a table, as Markdown and as data."""

import io
import json

import numpy as np
import pytest
from hypothesis import strategies as st
from rich.console import Console

from minicnn.kernels import backend
from minicnn.verify.check import Expectation
from minicnn.verify.checks import Check, all_checks, of_operation
from minicnn.verify.report import data, markdown, story, table
from minicnn.verify.results import Cell, Results
from minicnn.verify.run import Budget, verify


@pytest.fixture(scope="module")
def results():
    """ReLU loses NaN, dense is right."""
    found = Results()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backend("portable"), "relu", lambda x: np.asarray(np.fmax(x, 0)))
        checks = all_checks(["portable"])
        verify(of_operation(checks, "relu") + of_operation(checks, "dense"), found, Budget(cases=200))
    return found


def test_table(results):
    console = Console(file=io.StringIO(), width=100)
    console.print(table(results))
    shown = console.file.getvalue()
    assert [line.split()[0] for line in shown.splitlines()[2:]] == [
        "Kernels", "relu", "relu_grad", "dense", "dense_input_grad", "dense_weight_grad", "Gradients", "relu", "dense",
    ]  # fmt: skip
    relu, relu_grad = (line.split() for line in shown.splitlines()[3:5])
    assert relu.count("FAILED") == 2
    assert relu_grad == ["relu_grad", "0", relu_grad[2], "0", relu_grad[2]]


def test_the_widest_table_fits_a_terminal_of_80_columns():
    results = Results()
    columns = {
        "reference float32": "",
        "portable float32": "",
        "portable float64": "",
        "cpu float32": "",
        "tensorflow": "",
    }
    for kind in ("kernel", "gradient"):
        check = Check("sparse_softmax_cross_entropy", kind, st.nothing(), Expectation, columns)
        for column in columns:
            results.cells[kind, check.name, column] = Cell(cases=9999, worst=0.99)
    console = Console(file=io.StringIO(), width=80)
    console.print(table(results))
    assert console.file.getvalue().count("sparse_softmax_cross_entropy ") == 2
    assert console.file.getvalue().count("0.99 9999") == 10


def test_markdown(results):
    lines = markdown(results).splitlines()
    assert lines[0] == "| Kernels | portable float32 | portable float64 |"
    assert lines[1] == "| --- | ---: | ---: |"
    assert all(line.count("|") == 4 for line in lines if line)
    assert any(line.startswith("| `dense` |") for line in lines)


def test_data(results):
    found = json.loads(json.dumps(data(results), allow_nan=False))
    assert found["cases"] >= 200
    assert found["comparisons"] == sum(row["cases"] for row in found["table"])
    assert {failure["name"] for failure in found["failures"]} == {"relu"}
    assert all(0 <= row["worst"] <= 1 for row in found["table"] if row["name"] != "relu")
    assert {row["worst"] for row in found["table"] if (row["name"], row["kind"]) == ("relu", "kernel")} == {None}


def test_story(results):
    failure = results.failures[0]
    lines = story(failure).splitlines()
    assert lines[0] == f"# relu, {failure.column}"
    assert lines[1] == f"# {failure.verdict.problem}"
    assert lines[-1] == 'print(check(case, "portable"))'
