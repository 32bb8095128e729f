"""Workers in processes of their own, and rounds that nobody disturbs."""

import shutil
import sys

import contestants
import pytest
from contestants import Contestant, Entry, quiet_rounds
from peers import worker
from peers.worker import Failure

ECHO = """
import os
from peers.worker import serve

class Echo:
    def twice(self, text): print("noise"); return 2 * text
    def fail(self): raise ValueError("on purpose")
    def variable(self): return os.environ["COLOUR"]
    def leave(self): os._exit(3)

serve(Echo())
"""


@pytest.fixture
def echo(tmp_path, monkeypatch):
    folder = tmp_path / "peers"
    folder.mkdir()
    shutil.copy(worker.__file__, folder)
    (folder / "echo.py").write_text(ECHO)
    monkeypatch.setattr(contestants, "HERE", tmp_path)
    contestant = Contestant(Entry("echo, loud", "echo", environment={"COLOUR": "red"}), threads=1)
    yield contestant
    contestant.end()


@pytest.mark.skipif(sys.platform == "win32", reason="workers are stopped by signals, which Windows does not have")
def test_questions_and_answers(echo):
    assert echo.ask("twice", "ab") == "abab"
    assert echo.ask("variable") == "red"
    with pytest.raises(Failure, match="ValueError: on purpose"):
        echo.ask("fail")
    assert echo.ask("twice", "still there") == "still therestill there"
    with pytest.raises(Failure, match="echo, loud ended with status 3"):
        echo.ask("leave")


def test_names_of_entries():
    entry = Entry("PyTorch, channels last", "torch", ("surely_not_installed",))
    assert (entry.library, entry.way, entry.missing) == ("PyTorch", "channels last", True)
    assert not Entry("minicnn", "minicnn").missing


@pytest.fixture
def shares(monkeypatch):
    """What others take in each round that comes."""
    coming = []

    class FakeLoad:
        def __init__(self, pids):
            assert pids == [7]

        def share(self):
            return coming.pop(0)

    monkeypatch.setattr(contestants, "Load", FakeLoad)
    return coming


def test_disturbed_rounds_are_measured_again(shares):
    shares += [0.0, 0.5, 0.01, 0.3, 0.0]
    number = iter(range(10))
    found = quiet_rounds({"a": lambda: float(next(number))}, 3, [7])
    assert sorted(found.amounts["a"]) == [0, 2, 4]
    assert found.disturbance == 0.01
    assert not shares


def test_the_quietest_where_none_is_quiet(shares):
    shares += [0.9, 0.5, 0.8, 0.7, 0.6, 0.95]
    number = iter(range(10))
    found = quiet_rounds({"a": lambda: float(next(number))}, 2, [7])
    assert found.amounts["a"] == [1, 4]
    assert found.disturbance == 0.6


def test_everyone_has_one_turn_a_round_in_changing_order(shares):
    shares += [0.0] * 20
    turns = []
    names = ("a", "b", "c")
    quiet_rounds({name: lambda name=name: turns.append(name) or 1.0 for name in names}, 20, [7])
    rounds = [tuple(turns[i : i + 3]) for i in range(0, 60, 3)]
    assert all(sorted(names) == ["a", "b", "c"] for names in rounds)
    assert len(set(rounds)) > 3
