"""What the grid says about its races."""

import pytest
from contestants import Entry
from convolutions import FORWARD, GRID, INPUT_GRADIENT
from grid import PICTURE, Grid
from sections import Unit

ENTRIES = (Entry("minicnn", "minicnn"), Entry("A, x", "a"), Entry("B", "b"))
TABLE = Grid("Title", "Text.", {name: name for name in GRID}, ENTRIES, Unit("ms", 1e3), "start", "run", 1e-3)


def cases(direction, kind):
    return [name for name, case in GRID.items() if (case.direction, case.layer.kind) == (direction, kind)]


DENSE, OTHER, *_ = cases(FORWARD, "dense")
DEPTHWISE, GRADIENT = cases(FORWARD, "depthwise")[0], cases(INPUT_GRADIENT, "grouped")[0]


def row(case, ours, a, b=None):
    amounts = {"minicnn": [ours], "A, x": [a]} | ({"B": [b]} if b else {})
    return {"case": case, "amounts": amounts, "disturbance": 0.0}


ROWS = [row(DENSE, 1, 4, 2), row(OTHER, 8, 4, 16), row(DEPTHWISE, 1, 4), row(GRADIENT, 3, 4)]


def test_ratio_to_the_fastest_peer():
    assert TABLE.ratios(ROWS) == {DENSE: 0.5, OTHER: 2, DEPTHWISE: 0.25, GRADIENT: 0.75}


def test_refused_races_have_no_ratio():
    assert TABLE.ratios([{"case": DENSE, "problem": "B computes something else"}]) == {}


def test_disturbed_races_have_no_ratio():
    disturbed = [{**row, "disturbance": 0.2} for row in ROWS]
    assert TABLE.ratios(disturbed) == {}
    assert not any("0.50" in line for line in TABLE.table(disturbed).splitlines())
    assert any("0.50" in line for line in TABLE.table(ROWS).splitlines())


def test_summary():
    other, depthwise, gradient = (GRID[case].layer for case in (OTHER, DEPTHWISE, GRADIENT))
    assert TABLE.summary(ROWS).splitlines()[2:] == [
        f"| forward | 3 | 0.63 | 2 | 2.00: {other} |",
        f"| forward, dense | 2 | 1.00 | 1 | 2.00: {other} |",
        f"| forward, depthwise | 1 | 0.25 | 1 | 0.25: {depthwise} |",
        f"| input gradient | 1 | 0.75 | 1 | 0.75: {gradient} |",
        f"| input gradient, grouped | 1 | 0.75 | 1 | 0.75: {gradient} |",
    ]


def test_worst_layers_come_first():
    problem = next(name for name in GRID if name not in (DENSE, OTHER, DEPTHWISE, GRADIENT))
    text = TABLE.markdown([*ROWS, {"case": problem, "problem": "refused"}])
    table, names = text[text.index("| ms |") :], [DENSE, OTHER, DEPTHWISE, GRADIENT, problem]
    assert sorted(names, key=table.index) == [problem, OTHER, GRADIENT, DENSE, DEPTHWISE]


@pytest.mark.parametrize("rows", [ROWS, []], ids=["some", "none"])
def test_picture(rows, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    TABLE.draw(rows, tmp_path)
    assert (tmp_path / PICTURE).stat().st_size > 1000
