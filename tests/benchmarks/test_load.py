"""What other processes take of the machine."""

import os

import load
import pytest


@pytest.fixture
def proc(tmp_path, monkeypatch):
    """A /proc of which the test says what it tells; nothing of it is this process's own time."""
    monkeypatch.setattr(load, "PROC", tmp_path)
    monkeypatch.setattr(load.os, "times", lambda: (0.0,) * 5)
    monkeypatch.setattr(load.os, "cpu_count", lambda: 2)
    clock = [100.0]
    monkeypatch.setattr(load.time, "perf_counter", lambda: clock[0])

    def tell(seconds, machine, worker):
        ticks = os.sysconf("SC_CLK_TCK")
        user, system, stolen = (int(part * ticks) for part in machine)
        (tmp_path / "stat").write_text(f"cpu  {user} 0 {system} 12345 678 0 0 {stolen} 0 0\ncpu0 1 2 3\n")
        (tmp_path / "42").mkdir(exist_ok=True)
        fields = ["R", *["7"] * 10, str(int(worker * ticks)), "0", *["9"] * 30]
        (tmp_path / "42" / "stat").write_text(f"42 (odd (name) 1 2) {' '.join(fields)}\n")
        clock[0] = 100.0 + seconds

    return tell


def test_share_of_others(proc):
    proc(0, (50, 10, 0), 20)
    found = load.Load([42])
    proc(10, (62, 13, 1), 26)  # 16 seconds of 20, of which the worker had 6
    assert found.share() == pytest.approx(0.5)


def test_own_work_is_no_disturbance(proc):
    proc(0, (50, 10, 0), 20)
    found = load.Load([42])
    proc(10, (70, 10, 0), 40)
    assert found.share() == 0


def test_systems_that_do_not_tell(monkeypatch, tmp_path):
    monkeypatch.setattr(load, "PROC", tmp_path / "none")
    assert load.Load([1]).share() == 0
