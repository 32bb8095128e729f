"""What first_contact.sh runs on a GPU, as far as an emulated one can do it."""

import re

import ceilings
import curves
import numpy as np
import pytest
import report
import roofline
import small_steps

import minicnn as mc
from minicnn.kernels.gpu.machine import using
from minicnn.plan.explain import Row

from ..emulator import Emulator, missing
from .conftest import BENCHMARKS

CEILINGS = ceilings.Ceilings(bytes=4e12, float32=50e12, tf32=400e12, launch=5e-6)


@pytest.fixture
def emulated():
    if reason := missing():
        pytest.skip(reason)
    precision = mc.config.precision()
    with using(Emulator()), mc.device("gpu"):
        yield
    mc.config.set_precision(precision)


def test_ceilings(emulated, monkeypatch):
    monkeypatch.setattr(ceilings, "_BLOCKS", 2)
    found = ceilings.measured(megabytes=1, times=3)
    assert all(number > 0 for number in found)


@pytest.mark.parametrize(
    ("kernel", "precision", "flops", "nbytes", "needs"),
    [
        ("conv2d", "tf32", 4e9, 4e3, 1e-5),
        ("conv2d", "exact", 1e9, 4e3, 2e-5),
        ("dense", "tf32", 1e9, 4e3, 2e-5),
        ("relu", "tf32", 1e3, 4e8, 1e-4),
    ],
)
def test_the_least_time_of_a_kernel(kernel, precision, flops, nbytes, needs):
    row = Row("layer", kernel, "1×2", "direct", "", "", "", flops, nbytes, seconds=2.05e-4)
    entry = roofline.entry(row, CEILINGS, precision)
    assert entry["seconds"] == pytest.approx(2e-4)
    assert entry["needs"] == pytest.approx(needs)
    assert entry["share"] == pytest.approx(needs / 2e-4)


def test_losses_of_two_devices(emulated):
    on_gpu = curves.losses(2, batch_size=2)
    with mc.device("cpu"):
        np.testing.assert_allclose(on_gpu, curves.losses(2, batch_size=2), rtol=1e-5)


@pytest.mark.parametrize(("name", "precision"), [("W3", "exact"), ("W4", "tf32")])
def test_small_steps(name, precision, emulated):
    small_steps.run(small_steps.small(name), precision)


CONVOLUTION = Row("a", "conv2d", "1", "", "", "", "", 1, 4, 2e-5)
FOUND = {
    "parts": [{"name": "steps", "status": 124, "seconds": 9, "limit": 9}],
    "steps": [
        {"case": "W2", "amounts": {"minicnn, tf32": [1e-3], "PyTorch, eager": [2e-3], "PyTorch graph": [1e-3]}},
        {"case": "W3", "problem": "somebody computes something else"},
    ],
    "roofline": {
        "ceilings": CEILINGS._asdict(),
        "kernels": {"W2, tf32": [roofline.entry(CONVOLUTION, CEILINGS, "tf32")]},
    },
    "curves": {"cpu, exact": [2.0, 1.0], "gpu, tf32": [2.0, 1.25]},
}


def test_the_report_says_what_was_found():
    text = report.page(FOUND, "on a machine")
    assert "| steps | ran out of time | 9 | 9 |" in text
    assert "/ PyTorch, eager: 0.50 (hoped for: 0.6); / PyTorch graph: 1.00 (hoped for: 1.0)" in text
    assert "* W3: somebody computes something else" in text
    assert "| a | conv2d | 1 |  | 15.0 |" in text
    assert "| gpu, tf32 | 2.00000 | 1.25000 | 2.5e-01 |" in text


def test_the_report_of_nothing(tmp_path):
    assert report.page(report.collected(tmp_path), "").count("Not measured.") == 2


def test_the_parts_take_less_than_nine_minutes_together():
    script = (BENCHMARKS / "gpu/first_contact.sh").read_text(encoding="utf-8")
    limits = re.findall(r"^part \w+ (\d+) ", script, re.MULTILINE)
    assert len(limits) == 7
    assert sum(map(int, limits)) < 9 * 60
