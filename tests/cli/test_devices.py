"""`minicnn devices`: what can compute, and why the rest cannot."""

import os
import sys

import numba
import numpy as np

from minicnn.kernels.cpu.threads import get_num_threads
from minicnn.kernels.gpu.machine import using

from ..emulator import Emulator


def test_every_device_is_present_or_says_why_not(run):
    found = run("devices", "--json").json
    missing = {device["name"]: device["missing"] for device in found["devices"]}
    assert missing.keys() >= {"cpu", "portable", "reference", "gpu"}
    assert missing["cpu"] is missing["portable"] is missing["reference"] is None
    assert missing["gpu"] is None or "GPU" in missing["gpu"]
    assert found["chosen"] in missing


def test_the_machine(run):
    machine = run("devices", "--json").json["machine"]
    assert machine["cores"] == os.cpu_count()
    assert machine["threads"] == get_num_threads()
    assert (machine["numpy"], machine["numba"]) == (np.__version__, numba.__version__)


def test_the_table(run):
    code, out, err = run("devices")
    assert (code, err) == (0, "")
    assert "cpu        present" in out
    assert "gpu        " in out
    assert f"Numba {numba.__version__}" in out


def test_several_gpus(run):
    with using(Emulator(), Emulator()):
        found = run("devices", "--json").json
    gpus = [device for device in found["devices"] if device["name"].startswith("gpu")]
    assert [gpu["name"] for gpu in gpus] == ["gpu", "gpu:1"]
    assert {gpu["missing"] for gpu in gpus} == {None}
    assert "an emulated GPU" in gpus[0]["purpose"]


def test_without_numba_its_absence_is_told(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    machine = run("devices", "--json").json["machine"]
    assert (machine["numba"], machine["threads"]) == (None, 1)
