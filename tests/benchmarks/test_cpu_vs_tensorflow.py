"""The program: rows that are kept, and the document."""

import json
import sys
from dataclasses import dataclass

import cpu_vs_tensorflow as program
import pytest
from contestants import Entry
from sections import Section, Unit


@dataclass(frozen=True)
class Fake(Section):
    """Measures at once."""

    def rows(self, cases, threads, rounds):
        for case in cases:
            yield {"case": case, "amounts": {"minicnn": [float(rounds)]}, "disturbance": 0.0}


@pytest.fixture
def run(monkeypatch, tmp_path):
    section = Fake("Fakes", "Text.", {"one": "First", "two": "Second"}, (Entry("minicnn", "minicnn"),), Unit("s", 1))
    monkeypatch.setattr(program, "SECTIONS", {"fake": section})
    monkeypatch.setattr(program.signal, "signal", lambda *_: None)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["program", "--out", str(tmp_path), *arguments])
        monkeypatch.setenv("MINICNN_NUM_THREADS", "1")
        status = program.main()
        kept = json.loads((tmp_path / "cpu_vs_tensorflow.json").read_text())
        return status, {row["case"]: row["amounts"]["minicnn"] for row in kept["rows"]["fake"]}

    return run


def test_rows_are_replaced_one_by_one(run, capsys):
    assert run("--rounds", "3", "--only", "two") == (0, {"two": [3]})
    assert run("--rounds", "4", "--only", "one") == (0, {"one": [4], "two": [3]})
    assert run("--rounds", "5") == (0, {"one": [5], "two": [5]})
    text = capsys.readouterr().out
    assert text.rstrip().endswith("| Second | 5.00 (5.00 … 5.00) |  |  | 0 % |")


def test_resuming_leaves_rows_alone(run):
    run("--rounds", "3", "--only", "two")
    assert run("--rounds", "4", "--resume") == (0, {"one": [4], "two": [3]})


def test_rows_with_other_threads_do_not_mix(run, capsys):
    run("--rounds", "3")
    assert run("--threads", "1") == (2, {"one": [3], "two": [3]})
    assert "was made with --threads 2" in capsys.readouterr().err


def test_what_is_installed_for_the_benchmarks():
    """setup.py names everything that an entry requires."""
    extra = (program.Path(program.__file__).parents[1] / "setup.py").read_text(encoding="utf-8")
    required = {
        package for section in program.SECTIONS.values() for entry in section.entries for package in entry.requires
    }
    assert all(f'"{package}' in extra for package in required)
    assert {"torch", "tensorflow-cpu", "onnx", "openvino"} <= required
