"""A race counts only among those that compute the same."""

import pytest
import races
from contestants import Entry, Rounds
from peers.worker import Failure
from races import Race
from sections import Unit

ENTRIES = (
    *(Entry("minicnn", "minicnn"), Entry("minicnn, exact", "minicnn")),
    *(Entry("Z, fast", "a"), Entry("Z, slow", "a"), Entry("B", "b")),
    Entry("C", "c", ("surely_not_installed",)),
)
RACE = Race("", "", {"case": "Title"}, ENTRIES, Unit("ms", 1e3), start="start", run="run", tolerance=1e-3)


@pytest.fixture
def library(monkeypatch):
    """What the workers answer, by entry: the arrays of a case, and seconds a call."""
    answers = {entry.name: [1.0, [2.0, 4.0]] for entry in ENTRIES}
    seconds = {"minicnn": 0.01, "minicnn, exact": 0.05, "Z, fast": 0.02, "Z, slow": 0.031, "B": 0.5}
    asked = []

    class Fake:
        def __init__(self, entry, threads):
            self.entry, self.pid = entry, 1

        def ask(self, method, argument):
            asked.append((self.entry.name, method, argument))
            if method == "start":
                if isinstance(answers[self.entry.name], Failure):
                    raise answers[self.entry.name]
                return answers[self.entry.name]
            return seconds[self.entry.name]

        def end(self):
            asked.append((self.entry.name, "end", None))

    def one_round(turns, rounds, pids):
        return Rounds({name: [turn()] * rounds for name, turn in turns.items()}, 0.0)

    monkeypatch.setattr(races, "Contestant", Fake)
    monkeypatch.setattr(races, "quiet_rounds", one_round)
    return answers, asked


def only_row(rounds=3):
    (row,) = RACE.rows(["case"], 2, rounds)
    return row


def test_amounts_of_those_that_may_win(library):
    row = only_row()
    assert row["amounts"] == {
        "minicnn": [0.01] * 3,
        "minicnn, exact": [0.05] * 3,
        "Z, fast": [0.02] * 3,
        "B": [0.5] * 3,
    }
    assert row["trial"]["Z, slow"] == 0.031
    assert row["disagreement"] == 0
    assert {name for name, method, _ in library[1] if method == "end"} == {entry.name for entry in ENTRIES[:-1]}


def test_turns_have_a_length(library):
    only_row()
    calls = {name: argument for name, method, argument in library[1] if method == "run"}
    assert calls == {"minicnn": 25, "minicnn, exact": 5, "Z, fast": 12, "Z, slow": 8, "B": 1}


@pytest.mark.parametrize("wrong", [[1.01, [2.0, 4.0]], [1.0, [2.0, 4.01]], [float("nan"), [2.0, 4.0]]])
def test_unequal_answers_are_refused(library, wrong):
    library[0]["B"] = wrong
    row = only_row()
    assert "amounts" not in row
    assert not any(method == "run" for _, method, _ in library[1])
    assert "away from the median" in row["problem"]
    assert row["problem"] in RACE.table([row])
    assert "0.5" not in RACE.table([row])


def test_rounding_is_no_disagreement(library):
    library[0]["B"] = [1.0005, [2.0, 4.003]]
    row = only_row()
    assert row["disagreement"] == pytest.approx(0.00075)
    assert "B" in row["amounts"]


def test_who_cannot_is_left_out(library):
    library[0]["B"] = Failure("not implemented")
    row = only_row()
    assert row["unable"] == {"B": "not implemented"}
    assert set(row["amounts"]) == {"minicnn", "minicnn, exact", "Z, fast"}
    assert "cannot" in RACE.table([row])


def test_minicnn_itself_must_not_fail(library):
    library[0]["minicnn"] = Failure("our own")
    with pytest.raises(Failure, match="our own"):
        only_row()


def test_table(library):
    line = RACE.table([only_row()]).splitlines()[2]
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "Title",
        "10.0 (10.0 … 10.0)",
        "20.0 (20.0 … 20.0) fast",
        "500 (500 … 500)",
        "not installed: `pip install surely_not_installed`",
        "0.50",
        "0.50",
        "0 %",
    ]
