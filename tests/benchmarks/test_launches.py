"""Turns that start a process each."""

from pathlib import Path

import launches
import pytest
from contestants import Entry, Rounds
from launches import EMPTY_CACHE, Launch
from sections import Unit

ENTRIES = (
    *(Entry("minicnn, filled cache", "minicnn"), Entry(f"minicnn, {EMPTY_CACHE}", "minicnn")),
    *(Entry("A", "a", environment={"COLOUR": "red"}), Entry("B", "b", ("surely_not_installed",))),
)


@pytest.fixture
def started(monkeypatch):
    """The entries that were started, each with what it finds in its cache; then it leaves something there."""
    found = []

    class Fake:
        def __init__(self, entry, threads):
            cache = Path(entry.environment["NUMBA_CACHE_DIR"])
            found.append((entry.name, cache.exists()))
            assert threads == 2
            assert entry.name != "A" or entry.environment["COLOUR"] == "red"
            cache.mkdir(exist_ok=True)
            (cache / "compiled").touch()

        def end(self):
            found.append("end")

    def two_rounds(turns, rounds, most):
        return Rounds({name: [turn() for _ in range(rounds)] for name, turn in turns.items()}, 0.0)

    monkeypatch.setattr(launches, "Contestant", Fake)
    monkeypatch.setattr(launches, "quiet_rounds", two_rounds)
    return found


def test_caches(started):
    section = Launch("", "", {"case": "Title"}, ENTRIES, Unit("s", 1), amount=lambda contestant, case: 3.0)
    (row,) = section.rows(["case"], 2, 2)
    assert row["amounts"] == {"minicnn, filled cache": [3, 3], f"minicnn, {EMPTY_CACHE}": [3, 3], "A": [3, 3]}
    assert started.count("end") == 8
    by_entry = {entry.name: [cache for name, cache in started[::2] if name == entry.name] for entry in ENTRIES}
    assert by_entry["minicnn, filled cache"] == [False, True, True]
    assert by_entry[f"minicnn, {EMPTY_CACHE}"] == [False, False]


def test_a_failing_contestant_is_ended(started):
    section = Launch("", "", {"case": "Title"}, ENTRIES, Unit("s", 1), amount=lambda contestant, case: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        next(section.rows(["case"], 2, 2))
    assert started.count("end") == 1
