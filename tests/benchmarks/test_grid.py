"""What the grid says about its races."""

import pytest
from contestants import Entry
from convolutions import GRID
from grid import PICTURE, Grid
from sections import Unit

ENTRIES = (Entry("minicnn", "minicnn"), Entry("minicnn, exact", "minicnn"), Entry("A, x", "a"), Entry("B", "b"))
TABLE = Grid("Title", "Text.", {name: name for name in GRID}, ENTRIES, Unit("ms", 1e3), "start", "run", 1e-3)
DENSE, OTHER, DEPTHWISE = (
    *[name for name, layer in GRID.items() if layer.kind == "dense"][:2],
    next(name for name, layer in GRID.items() if layer.kind == "depthwise"),
)


def row(case, ours, exact, a, b=None):
    amounts = {"minicnn": [ours], "minicnn, exact": [exact], "A, x": [a]} | ({"B": [b]} if b else {})
    return {"case": case, "amounts": amounts, "disturbance": 0.0}


ROWS = [row(DENSE, 1, 2, 4, 2), row(OTHER, 8, 8, 4, 16), row(DEPTHWISE, 1, 2, 4)]


def test_ratio_to_the_fastest_peer():
    assert TABLE.ratios(ROWS) == {DENSE: 0.5, OTHER: 2, DEPTHWISE: 0.25}
    assert TABLE.ratios(ROWS, "minicnn, exact") == {DENSE: 1, OTHER: 2, DEPTHWISE: 0.5}


def test_refused_races_have_no_ratio():
    assert TABLE.ratios([{"case": DENSE, "problem": "B computes something else"}]) == {}


def test_disturbed_races_have_no_ratio():
    disturbed = [{**row, "disturbance": 0.2} for row in ROWS]
    assert TABLE.ratios(disturbed) == {}
    assert not any("0.50" in line for line in TABLE.table(disturbed).splitlines())
    assert any("0.50" in line for line in TABLE.table(ROWS).splitlines())


def test_summary():
    lines = TABLE.summary(ROWS).splitlines()[2:]
    assert lines == [
        f"| all | 3 | 0.63 | 2 | 2.00: {OTHER} |",
        f"| dense | 2 | 1.00 | 1 | 2.00: {OTHER} |",
        f"| depthwise | 1 | 0.25 | 1 | 0.25: {DEPTHWISE} |",
        f"| all, exact | 3 | 1.00 | 1 | 2.00: {OTHER} |",
        f"| dense, exact | 2 | 1.41 | 0 | 2.00: {OTHER} |",
        f"| depthwise, exact | 1 | 0.50 | 1 | 0.50: {DEPTHWISE} |",
    ]


def test_worst_layers_come_first():
    problem = next(name for name in GRID if name not in (DENSE, OTHER, DEPTHWISE))
    text = TABLE.markdown([*ROWS, {"case": problem, "problem": "refused"}])
    table = text[text.index("| ms |") :]
    assert sorted((problem, DENSE, OTHER, DEPTHWISE), key=table.index) == [problem, OTHER, DENSE, DEPTHWISE]


def test_picture(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    TABLE.draw(ROWS, tmp_path)
    assert (tmp_path / PICTURE).stat().st_size > 1000
